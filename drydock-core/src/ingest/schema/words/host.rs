//! Sentences about `HostProfile` and `BaremetalNode` documents, which have their settings in common.

use super::Table;

pub(super) const SETTINGS: Table = &[
    ("hardware_profile", "The HardwareProfile of the server's model. `!` takes away what a parent says."),
    ("host_profile", "The HostProfile whose settings these are laid over."),
    ("interfaces", "Network interfaces by name. `!name`, or a name without a value, takes a parent's away."),
    (
        "interfaces.*.device_link",
        "The NetworkLink that the interface is on. `!` takes away what a parent says.",
    ),
    (
        "interfaces.*.labels",
        "Free labels; `noconfig` leaves the interface to other hands. `!key` takes a parent's away.",
    ),
    (
        "interfaces.*.networks",
        "The networks that the interface is attached to, beside those of a parent. `!name` takes one away.",
    ),
    (
        "interfaces.*.slaves",
        "The devices that it is made of: names, or aliases of the hardware profile. `!name` takes a parent's away.",
    ),
    ("interfaces.*.sriov", "Virtual functions of the interface. `!` takes away what a parent says."),
    ("interfaces.*.sriov.trustedmode", "Whether virtual functions are trusted; no unless it says so."),
    (
        "interfaces.*.sriov.trustmode",
        "Another spelling of `trustedmode`; where both are written, that one counts.",
    ),
    ("interfaces.*.sriov.vf_count", "How many virtual functions there are."),
    ("metadata", "What the site knows about the server."),
    (
        "metadata.boot_mac",
        "The MAC address that the server boots from. It belongs to one server, and has no effect in a host profile.",
    ),
    (
        "metadata.owner_data",
        "Free labels; the `node_labels` of a node filter look at them. `!key` takes a parent's away.",
    ),
    ("metadata.rack", "The Rack that the server stands in. `!` takes away what a parent says."),
    ("metadata.tags", "Free tags, beside those of a parent. `!tag` takes one away."),
    (
        "oob",
        "Out-of-band access: how the server is reached when it is off. Other keys are parameters of the driver; `!key` takes a parent's away.",
    ),
    ("oob.account", "The user of the BMC."),
    ("oob.credential", "The password of the BMC."),
    ("oob.network", "The network on which the BMC has its address."),
    ("oob.type", "The driver that speaks to the server. `!` takes away what a parent says."),
    ("platform", "The operating system."),
    ("platform.image", "The image, such as `jammy`. `!` takes away what a parent says."),
    ("platform.kernel", "The kernel, such as `ga-22.04`. `!` takes away what a parent says."),
    (
        "platform.kernel_params",
        "Kernel parameters. `true` is for one without a value; `hardwareprofile:cpuset.<name>` and \
         `hardwareprofile:hugepages.<name>.size` take values of the hardware profile. `!key` takes a parent's away.",
    ),
    (
        "primary_network",
        "The network whose domain and gateway the server has. `!` takes away what a parent says.",
    ),
    ("storage", "Disks, and what is on them."),
];

pub(super) const STORAGE: Table = &[
    (
        "storage.physical_devices",
        "Disks by name, or by alias of the hardware profile. `!name`, or a name without a value, takes a parent's away.",
    ),
    ("storage.physical_devices.*.labels", "Free labels. `!key` takes a parent's away."),
    ("storage.physical_devices.*.partitions", "What the disk is cut into."),
    ("storage.physical_devices.*.partitions[].bootable", "Whether the firmware may boot from the partition."),
    (
        "storage.physical_devices.*.partitions[].filesystem",
        "The file system on the partition. `!` takes away what a parent says.",
    ),
    ("storage.physical_devices.*.partitions[].filesystem.fs_label", "The file system's label."),
    ("storage.physical_devices.*.partitions[].filesystem.fs_uuid", "The file system's UUID."),
    ("storage.physical_devices.*.partitions[].filesystem.fstype", "The file system's type, such as `ext4`."),
    (
        "storage.physical_devices.*.partitions[].filesystem.mount_options",
        "Options for mounting it, separated by commas.",
    ),
    ("storage.physical_devices.*.partitions[].filesystem.mountpoint", "Where it is mounted."),
    ("storage.physical_devices.*.partitions[].labels", "Free labels. `!key` takes a parent's away."),
    ("storage.physical_devices.*.partitions[].name", "The partition's name. `!name` takes a parent's away."),
    ("storage.physical_devices.*.partitions[].part_uuid", "The partition's UUID."),
    (
        "storage.physical_devices.*.partitions[].size",
        "The partition's size: `20g`, `>20g` for all that is left, `50%` of the disk.",
    ),
    (
        "storage.physical_devices.*.partitions[].volume_group",
        "The volume group that the partition is for, instead of a file system.",
    ),
    (
        "storage.physical_devices.*.volume_group",
        "The volume group that the whole disk is for, instead of partitions.",
    ),
    (
        "storage.volume_groups",
        "Volume groups by name. `!name`, or a name without a value, takes a parent's away.",
    ),
    ("storage.volume_groups.*.logical_volumes", "What the volume group is cut into."),
    (
        "storage.volume_groups.*.logical_volumes[].filesystem",
        "The file system on the logical volume. `!` takes away what a parent says.",
    ),
    ("storage.volume_groups.*.logical_volumes[].filesystem.fs_label", "The file system's label."),
    ("storage.volume_groups.*.logical_volumes[].filesystem.fs_uuid", "The file system's UUID."),
    (
        "storage.volume_groups.*.logical_volumes[].filesystem.fstype",
        "The file system's type, such as `ext4`.",
    ),
    (
        "storage.volume_groups.*.logical_volumes[].filesystem.mount_options",
        "Options for mounting it, separated by commas.",
    ),
    ("storage.volume_groups.*.logical_volumes[].filesystem.mountpoint", "Where it is mounted."),
    ("storage.volume_groups.*.logical_volumes[].lv_uuid", "The logical volume's UUID."),
    (
        "storage.volume_groups.*.logical_volumes[].name",
        "The logical volume's name. `!name` takes a parent's away.",
    ),
    (
        "storage.volume_groups.*.logical_volumes[].size",
        "The logical volume's size: `20g`, `>20g` for all that is left, `50%` of the volume group.",
    ),
    ("storage.volume_groups.*.vg_uuid", "The volume group's UUID."),
];

pub(super) const NODE: Table = &[
    ("addressing", "The server's addresses; it has at least one."),
    ("addressing[].address", "An IP address on that network, or `dhcp`."),
    ("addressing[].network", "The network that the address is on."),
];
