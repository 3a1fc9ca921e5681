//! What the servers themselves say of their devices: the inventory that `lshw -xml` writes, and what the device aliases of a
//! hardware profile come to on the server that it was taken from.
//!
//! When a node is prepared, its inventory is recorded as build data of the generator `lshw`. Here it is an input: [`Lshw::read`] reads it,
//! [`Site::learn_devices`](crate::design::Site::learn_devices) takes it into a site.

mod matching;
mod read;

use thiserror::Error;

use crate::design::Origin;
pub use matching::{AliasTrouble, PATTERN_BEGINS, check_pattern};

/// How many bytes an inventory may have. Those of large servers have some hundred thousand.
pub const LSHW_BYTES_MAX: usize = 16 << 20;
/// How deep its elements may be nested. A server's buses are about ten deep.
pub const LSHW_DEPTH_MAX: usize = 200;
/// How many devices with a place and a name it may have.
pub const LSHW_DEVICES_MAX: usize = 100_000;

/// The devices of one server that have a place on a bus and a name, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lshw {
    devices: Vec<Device>,
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What it is: `network`, `disk` …; empty if the file does not say.
    pub class: String,
    /// Where it is: `pci@0000:18:00.0`.
    pub businfo: String,
    /// What the operating system calls it, without folders: `enp24s0f0`, `sda`.
    pub name: String,
    /// Where the file says so.
    pub origin: Origin,
}

impl Lshw {
    /// The devices, in the order of the file.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }
}

/// Why an inventory cannot be read. Nothing of its content is repeated but a line's number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LshwError {
    /// There is too much of it.
    #[error("it has {0} bytes, and may have {LSHW_BYTES_MAX}: is it the output of `lshw -xml`?")]
    TooLong(usize),
    /// It is no XML.
    #[error("it is no XML, see line {0}: give the output of `lshw -xml`")]
    Xml(u64),
    /// It ends within an element.
    #[error("it ends within an element: a part of it is missing")]
    Cut,
    /// Its elements are nested too deep.
    #[error(
        "its elements are nested deeper than {LSHW_DEPTH_MAX}, see line {0}: is it the output of `lshw -xml`?"
    )]
    TooDeep(u64),
    /// It has too many devices.
    #[error("it has more than {LSHW_DEVICES_MAX} devices: is it the output of `lshw -xml`?")]
    TooMany,
    /// It is some other XML.
    #[error("it has no element `node`: give the output of `lshw -xml`")]
    NoNode,
}
