//! The data of the chassis commands: power and boot device (sections 28.2, 28.3, 28.12 and 28.13).

use super::Malformed;
use crate::oob::{BootDevice, PowerAction, PowerState};

/// Boot option 3, "BMC boot flag valid bit clearing", and the value that keeps the flags valid longer than 60 s.
pub(crate) const KEEP_FLAGS: [u8; 2] = [0x03, 0x08];
/// Boot option 5, "boot flags".
pub(crate) const BOOT_FLAGS: u8 = 0x05;
/// The bit of the first flag byte that makes the flags count, for the next boot only.
pub(crate) const VALID: u8 = 0x80;

/// The power state in the answer to Get Chassis Status.
pub(crate) fn power_state(data: &[u8]) -> Result<PowerState, Malformed> {
    let first = data.first().ok_or(Malformed("chassis status without data"))?;
    Ok(if first & 1 == 1 { PowerState::On } else { PowerState::Off })
}

/// The data byte of Chassis Control.
pub(crate) const fn control(action: PowerAction) -> u8 {
    match action {
        PowerAction::Off => 0x00,
        PowerAction::On => 0x01,
        PowerAction::Cycle => 0x02,
        PowerAction::Reset => 0x03,
        PowerAction::SoftOff => 0x05,
    }
}

/// The device selector, as bits 5 to 2 of the second flag byte.
pub(crate) const fn selector(device: BootDevice) -> u8 {
    match device {
        BootDevice::Default => 0x00,
        BootDevice::Pxe => 0x04,
        BootDevice::Disk => 0x08,
        BootDevice::Cdrom => 0x14,
        BootDevice::Setup => 0x18,
    }
}

/// The device behind a selector; remote media count as what they imitate.
pub(crate) const fn device(selector: u8) -> Option<BootDevice> {
    match selector & 0x3C {
        0x00 => Some(BootDevice::Default),
        0x04 => Some(BootDevice::Pxe),
        0x08 | 0x0C | 0x24 | 0x2C => Some(BootDevice::Disk),
        0x14 | 0x20 => Some(BootDevice::Cdrom),
        0x18 => Some(BootDevice::Setup),
        _ => None,
    }
}

/// The boot flags that a BMC shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BootFlags {
    /// Whether they count at the next boot.
    pub(crate) valid: bool,
    /// Bits 5 to 2 of the second byte.
    pub(crate) selector: u8,
}

/// The flags in the answer to Get System Boot Options for option 5.
pub(crate) fn boot_flags(data: &[u8]) -> Result<BootFlags, Malformed> {
    match data {
        [_, option, first, second, ..] if option & 0x7F == BOOT_FLAGS => {
            Ok(BootFlags { valid: first & VALID != 0 && option & 0x80 == 0, selector: second & 0x3C })
        }
        [_, option, ..] if option & 0x7F != BOOT_FLAGS => Err(Malformed("another boot option was answered")),
        _ => Err(Malformed("boot flags end too early")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_has_its_selector() {
        use BootDevice::{Cdrom, Default, Disk, Pxe, Setup};
        for one in [Default, Pxe, Disk, Cdrom, Setup] {
            assert_eq!(device(selector(one)), Some(one));
        }
        assert_eq!(device(0x10), None);
    }

    #[test]
    fn flags_of_another_option_or_cut_ones_are_refused() {
        assert_eq!(boot_flags(&[1, 5, 0x80, 0x04, 0, 0, 0]), Ok(BootFlags { valid: true, selector: 4 }));
        assert_eq!(boot_flags(&[1, 0x85, 0x80, 4]), Ok(BootFlags { valid: false, selector: 4 }));
        for bad in [&[1, 4, 0x80, 4][..], &[1, 5, 0x80], &[1], &[]] {
            assert!(boot_flags(bad).is_err(), "{bad:?}");
        }
        assert!(power_state(&[]).is_err());
    }
}
