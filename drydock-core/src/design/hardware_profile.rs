//! Models of server.

use indexmap::IndexMap;

use super::Origin;

/// A `HardwareProfile` document: a model of server.
#[derive(Debug, Clone)]
pub struct HardwareProfile {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// Who makes it.
    pub vendor: Option<String>,
    /// The maker's generation.
    pub generation: Option<String>,
    /// The maker's version.
    pub hw_version: Option<String>,
    /// The firmware it should have.
    pub bios_version: Option<String>,
    /// How its firmware boots.
    pub boot_mode: Option<BootMode>,
    /// What its firmware boots from at first.
    pub bootstrap_protocol: Option<BootstrapProtocol>,
    /// Which of its interfaces it boots from, counted from 0.
    pub pxe_interface: Option<u32>,
    /// Names for its devices, wherever the operating system finds them.
    pub device_aliases: IndexMap<String, DeviceAlias>,
    /// Sets of processors, such as `2-15`, that kernel parameters refer to.
    pub cpu_sets: IndexMap<String, String>,
    /// Huge pages that kernel parameters refer to.
    pub hugepages: IndexMap<String, Hugepages>,
}

/// How a server's firmware boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootMode {
    /// Legacy BIOS.
    Bios,
    /// UEFI.
    Uefi,
}

/// What a server boots from at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootstrapProtocol {
    /// The network.
    Pxe,
    /// A USB device.
    Usb,
    /// Its own disk.
    Hdd,
}

/// A device by its place on a bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceAlias {
    /// The place, as `lshw` writes it after the `@` of `businfo`, or `regexp:` and a pattern for it.
    pub address: Option<String>,
    /// The bus, such as `pci` or `scsi`.
    pub bus_type: Option<String>,
    /// What it is, for people.
    pub dev_type: Option<String>,
}

/// Memory in huge pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hugepages {
    /// The size of a page, such as `1G`.
    pub size: Option<String>,
    /// How many.
    pub count: Option<u32>,
}
