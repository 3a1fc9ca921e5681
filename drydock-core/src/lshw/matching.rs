//! Which device of an inventory an alias means: the one at its place, or the network interface whose place has its pattern.

use regex::{Regex, RegexBuilder};
use thiserror::Error;

use super::{Device, Lshw};
use crate::design::DeviceAlias;

/// Stands in an address before a pattern.
pub const PATTERN_BEGINS: &str = "regexp:";
/// What a pattern may take when it is compiled, in bytes.
const PATTERN_SIZE_MAX: usize = 1 << 20;
/// The bus on which patterns look unless the alias names another.
const PATTERN_BUS: &str = "pci";
/// How many devices are named where an alias means several.
const NAMED_MAX: usize = 5;

/// Why it is not clear which device an alias means.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AliasTrouble {
    /// The alias lacks an address, or the bus.
    #[error("it does not say where the device is: write its address and its bus_type")]
    NoPlace,
    /// Its pattern is none.
    #[error("the pattern cannot be read: {0}")]
    Pattern(String),
    /// There is no such device.
    #[error("the server has no device there: compare the address with the businfo that lshw shows")]
    Nothing,
    /// There are several.
    #[error("it may be any of {0}; the first is taken: write an address that only one of them has")]
    Several(String),
}

/// Where an alias says that its device is.
enum Place {
    Exactly(String),
    Pattern(String, Regex),
}

impl Place {
    fn of(alias: &DeviceAlias) -> Result<Self, AliasTrouble> {
        let address = alias.address.as_deref().ok_or(AliasTrouble::NoPlace)?;
        let bus = alias.bus_type.as_deref();
        if address.contains(PATTERN_BEGINS) {
            let bus = bus.unwrap_or(PATTERN_BUS).to_owned();
            return pattern(address).map(|pattern| Self::Pattern(bus, pattern));
        }
        let bus = bus.ok_or(AliasTrouble::NoPlace)?;
        Ok(Self::Exactly(format!("{bus}@{address}")))
    }

    fn has(&self, device: &Device) -> bool {
        match self {
            Self::Exactly(businfo) => device.businfo == *businfo,
            Self::Pattern(bus, pattern) => {
                let place = device.businfo.split_once('@');
                device.class == "network" && place.is_some_and(|(on, at)| on == bus && pattern.is_match(at))
            }
        }
    }
}

/// Says why an address that begins with `regexp:` cannot be used; others are good.
pub fn check_pattern(address: &str) -> Result<(), AliasTrouble> {
    if address.contains(PATTERN_BEGINS) { pattern(address).map(|_| ()) } else { Ok(()) }
}

/// The pattern counts from the beginning of a place, and need not reach its end.
fn pattern(address: &str) -> Result<Regex, AliasTrouble> {
    let pattern = address.replace(PATTERN_BEGINS, "");
    let pattern = RegexBuilder::new(&format!("^(?:{pattern})")).size_limit(PATTERN_SIZE_MAX).build();
    pattern.map_err(|error| {
        // The library draws a picture of several lines; the last of them says what is wrong.
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        AliasTrouble::Pattern(last.trim_start_matches("error: ").to_owned())
    })
}

impl Lshw {
    /// The device that an alias means, and what is not clear about it. Where there are several it is the first, as in v1.0.
    pub fn device(&self, alias: &DeviceAlias) -> (Option<&Device>, Option<AliasTrouble>) {
        let place = match Place::of(alias) {
            Ok(place) => place,
            Err(trouble) => return (None, Some(trouble)),
        };
        let found: Vec<&Device> = self.devices.iter().filter(|device| place.has(device)).collect();
        match found[..] {
            [] => (None, Some(AliasTrouble::Nothing)),
            [device] => (Some(device), None),
            [first, ..] => (Some(first), Some(AliasTrouble::Several(several(&found)))),
        }
    }
}

fn several(found: &[&Device]) -> String {
    let named = found.iter().take(NAMED_MAX).map(|device| format!("{} ({})", device.name, device.businfo));
    let named = named.collect::<Vec<_>>().join(", ");
    match found.len().saturating_sub(NAMED_MAX) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
