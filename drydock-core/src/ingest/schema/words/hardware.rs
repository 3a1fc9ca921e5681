//! Sentences about `HardwareProfile` documents.

use super::Table;

pub(super) const PROFILE: Table = &[
    ("bios_version", "The version of the firmware that servers of this model should have."),
    ("boot_mode", "How the firmware boots."),
    (
        "bootstrap_protocol",
        "What the firmware boots from at first: the network, a USB device, or its own disk.",
    ),
    (
        "cpu_sets",
        "Sets of processors by name, such as `2-15`, for `hardwareprofile:cpuset.<name>` in kernel parameters.",
    ),
    ("device_aliases", "Names for devices, wherever the operating system finds them."),
    (
        "device_aliases.*.address",
        "The device's place on the bus, as lshw writes it, such as `0000:00:1f.2`; or `regexp:` and a pattern for it.",
    ),
    ("device_aliases.*.bus_type", "The bus, such as `pci` or `scsi`."),
    ("device_aliases.*.dev_type", "What the device is, for people."),
    ("generation", "The maker's generation."),
    (
        "hugepages",
        "Huge pages by name, for `hardwareprofile:hugepages.<name>.size` and `.count` in kernel parameters.",
    ),
    ("hugepages.*.count", "How many pages."),
    ("hugepages.*.size", "The size of a page, such as `1G`."),
    ("hw_version", "The maker's version."),
    ("pxe_interface", "Which interface the firmware boots from, counted from 0."),
    ("vendor", "Who makes the server."),
];
