//! All rules, in the order in which they are applied.

use super::{
    Rule, bond_members, boot_action_defined, boot_action_packages, boot_mac, boot_storage, cidr,
    device_aliases, dhcp_relay, fixed_addresses, hostname, hugepages, ip_duplicates, ip_locality, mtu,
    mtu_tagged, network_allowed, network_bond, network_overlap, network_trunking, oob_ipmi, oob_libvirt,
    oob_parameters, platform, primary_network, rack, range_locality, range_overlap, route_destination,
    storage_mountpoints, storage_partitioning, storage_sizing,
};

/// All rules, in the order in which they are applied, which for those of v1.0 is that of v1.0.
pub static RULES: [Rule; 31] = [
    Rule { id: "DD1001", title: "Rational Boot Storage", slug: "boot-storage", check: boot_storage::check },
    Rule { id: "DD2006", title: "CIDR Validity", slug: "cidr", check: cidr::check },
    Rule { id: "DD1008", title: "Hugepages", slug: "hugepages", check: hugepages::check },
    Rule { id: "DD2002", title: "IP Locality Check", slug: "ip-locality", check: ip_locality::check },
    Rule { id: "DD2003", title: "MTU Rationality", slug: "mtu", check: mtu::check },
    Rule {
        id: "DD2004",
        title: "Network Trunking Rationalty",
        slug: "network-trunking",
        check: network_trunking::check,
    },
    Rule { id: "DD2005", title: "Duplicated IP Check", slug: "ip-duplicates", check: ip_duplicates::check },
    Rule { id: "DD3001", title: "Platform Selection", slug: "platform", check: platform::check },
    Rule {
        id: "DD1006",
        title: "Network Bond Rationality",
        slug: "network-bond",
        check: network_bond::check,
    },
    Rule {
        id: "DD2002",
        title: "Storage Partitioning",
        slug: "storage-partitioning",
        check: storage_partitioning::check,
    },
    Rule { id: "DD2003", title: "Storage Sizing", slug: "storage-sizing", check: storage_sizing::check },
    Rule {
        id: "DD2004",
        title: "Storage Mountpoint",
        slug: "storage-mountpoints",
        check: storage_mountpoints::check,
    },
    Rule {
        id: "DD1007",
        title: "Allowed Network Check",
        slug: "network-allowed",
        check: network_allowed::check,
    },
    Rule { id: "DD3003", title: "Hostname Validity", slug: "hostname", check: hostname::check },
    Rule { id: "DD4001", title: "Valid IPMI Configuration", slug: "oob-ipmi", check: oob_ipmi::check },
    Rule {
        id: "DD4002",
        title: "Valid Libvirt Configuration",
        slug: "oob-libvirt",
        check: oob_libvirt::check,
    },
    Rule {
        id: "DD4001",
        title: "Bootaction Definition",
        slug: "boot-action-defined",
        check: boot_action_defined::check,
    },
    Rule {
        id: "DD4002",
        title: "Bootaction pkg_list Validation",
        slug: "boot-action-packages",
        check: boot_action_packages::check,
    },
    Rule { id: "DD5001", title: "Range Locality", slug: "range-locality", check: range_locality::check },
    Rule { id: "DD5002", title: "Range Overlap", slug: "range-overlap", check: range_overlap::check },
    Rule { id: "DD5003", title: "Network Overlap", slug: "network-overlap", check: network_overlap::check },
    Rule {
        id: "DD5004",
        title: "Primary Network Attachment",
        slug: "primary-network",
        check: primary_network::check,
    },
    Rule { id: "DD5005", title: "Device Aliases", slug: "device-aliases", check: device_aliases::check },
    Rule { id: "DD5006", title: "Rack Existence", slug: "rack", check: rack::check },
    Rule { id: "DD5007", title: "Boot MAC Addresses", slug: "boot-mac", check: boot_mac::check },
    Rule { id: "DD5008", title: "OOB Parameters", slug: "oob-parameters", check: oob_parameters::check },
    Rule {
        id: "DD5009",
        title: "Fixed Addresses in DHCP Ranges",
        slug: "fixed-addresses",
        check: fixed_addresses::check,
    },
    Rule { id: "DD5010", title: "DHCP Relay Reach", slug: "dhcp-relay", check: dhcp_relay::check },
    Rule { id: "DD5011", title: "Bond Members", slug: "bond-members", check: bond_members::check },
    Rule { id: "DD5012", title: "MTU of Tagged Networks", slug: "mtu-tagged", check: mtu_tagged::check },
    Rule {
        id: "DD5013",
        title: "Route Destinations",
        slug: "route-destination",
        check: route_destination::check,
    },
];
