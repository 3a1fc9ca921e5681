//! All rules, in the order in which they are applied.

use super::{
    Rule, boot_action_defined, boot_action_packages, boot_storage, cidr, hostname, hugepages, ip_duplicates,
    ip_locality, mtu, network_allowed, network_bond, network_trunking, oob_ipmi, oob_libvirt, platform,
    storage_mountpoints, storage_partitioning, storage_sizing,
};

/// All rules, in the order in which they are applied, which is that of v1.0.
pub static RULES: [Rule; 18] = [
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
];
