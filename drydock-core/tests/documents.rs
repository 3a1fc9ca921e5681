//! Every field of every kind of document: read, typed, kept; and what is told of a field that there is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use drydock_core::NodeName;
use drydock_core::design::{
    AssetData, AssetKind, BondingMode, BootMode, BootstrapProtocol, Design, RepositoryKind, Segment, Setting,
    SriovSettings, TagDefinitionKind, TrunkingMode,
};
use drydock_core::ingest::{Ingested, SourceFile, ingest};

const EVERY_FIELD: &str = include_str!("documents/every-field.yaml");

fn read(source: &str) -> Ingested {
    ingest(&[SourceFile { name: "s", bytes: source.as_bytes() }]).unwrap()
}

fn every_field() -> Design {
    let read = read(EVERY_FIELD);
    assert_eq!(read.notes, []);
    read.design
}

fn text(setting: &Setting<String>) -> Option<&str> {
    setting.value().map(String::as_str)
}

#[test]
fn a_region_has_tags_keys_and_repositories() {
    let design = every_field();
    let region = &design.regions["yard"];
    let [tag] = region.tag_definitions.as_slice() else { unreachable!("{region:?}") };
    assert_eq!((tag.tag.as_str(), tag.kind), ("fast", TagDefinitionKind::LshwXpath));
    assert_eq!(tag.definition, "//node[@id=\"network\"]");
    assert_eq!(region.authorized_keys, ["ssh-ed25519 AAAA operator@yard"]);
    assert!(region.repositories.remove_unlisted);
    let extra = &region.repositories.listed["extra"];
    assert_eq!((extra.kind, extra.url.as_str()), (RepositoryKind::Apt, "https://packages.example.net/extra"));
    assert_eq!(extra.distributions, ["jammy"]);
    assert_eq!((&*extra.subrepos, &*extra.components), (&["a".to_owned()][..], &["main".to_owned()][..]));
    assert_eq!((extra.gpgkey.as_deref(), &*extra.arches), (Some("key"), &["arm64".to_owned()][..]));
    assert_eq!(extra.options["pin"], "500");
    assert_eq!(region.repositories.listed["plain"].arches, ["amd64"]);
}

#[test]
fn links_and_networks_have_all_their_settings() {
    let design = every_field();
    let link = &design.network_links["data"];
    let bond = &link.bonding;
    assert_eq!(
        (bond.mode, bond.hash.as_deref(), bond.peer_rate.as_deref()),
        (BondingMode::Lacp, Some("layer2"), Some("slow"))
    );
    assert_eq!((bond.mon_rate, bond.up_delay, bond.down_delay), (Some(50), Some(100), Some(150)));
    assert_eq!((link.mtu, link.linkspeed.as_str(), link.trunking), (9000, "100full", TrunkingMode::Dot1q));
    assert_eq!(link.default_network.as_deref(), Some("mgmt"));
    assert_eq!(link.allowed_networks, ["mgmt"]);
    assert_eq!(link.labels["noconfig"], "true");

    let network = &design.networks["mgmt"];
    assert_eq!(
        (network.cidr.to_string().as_str(), network.vlan, network.mtu),
        ("10.0.0.0/24", Some(100), Some(1500))
    );
    assert_eq!(
        (network.routedomain.as_deref(), network.dns_domain.as_str()),
        (Some("d"), "yard.example.net")
    );
    assert_eq!(network.dns_servers.as_deref(), Some("192.0.2.53,192.0.2.54"));
    assert_eq!((network.ranges.len(), network.ranges[0].end), (1, "10.0.0.99".parse().unwrap()));
    let route = &network.routes[0];
    assert_eq!((route.gateway, route.metric), ("10.0.0.1".parse().ok(), Some(10)));
    assert_eq!((route.subnet, route.routedomain.as_deref()), ("0.0.0.0/0".parse().ok(), Some("d")));
    let relay = network.dhcp_relay.as_ref().unwrap();
    assert_eq!((relay.self_ip, relay.upstream_target), ("10.0.0.4".parse().ok(), "10.9.0.4".parse().ok()));
    assert_eq!(network.labels["noconfig"], "true");
}

#[test]
fn racks_and_hardware_have_all_their_settings() {
    let design = every_field();
    let rack = &design.racks["rack1"];
    let switch = &rack.tor_switches["sw1"];
    assert_eq!(
        (switch.mgmt_ip, switch.sdn_api_uri.as_deref()),
        ("10.0.0.250".parse().ok(), Some("https://sw1"))
    );
    assert_eq!((rack.location["clli"].as_str(), rack.location["grid"].as_str()), ("YARD01", "A1"));
    assert_eq!((rack.local_networks[0].as_str(), rack.labels["row"].as_str()), ("mgmt", "a"));

    let model = &design.hardware_profiles["standard"];
    let words = [&model.vendor, &model.generation, &model.hw_version, &model.bios_version];
    assert_eq!(words.map(|word| word.as_deref().unwrap()), ["ACME", "10", "2", "2.60"]);
    assert_eq!(
        (model.boot_mode, model.bootstrap_protocol),
        (Some(BootMode::Uefi), Some(BootstrapProtocol::Hdd))
    );
    assert_eq!(model.pxe_interface, Some(1));
    let alias = &model.device_aliases["nic1"];
    let words = [&alias.address, &alias.bus_type, &alias.dev_type];
    assert_eq!(words.map(|word| word.as_deref().unwrap()), ["regexp:0000:1[89].*", "pci", "25G NIC"]);
    assert_eq!(model.cpu_sets["isolated"], "2-15");
    let pages = &model.hugepages["dpdk"];
    assert_eq!((pages.size.as_deref(), pages.count), (Some("1G"), Some(64)));
}

#[test]
fn a_host_profile_has_interfaces_and_disks() {
    let design = every_field();
    let settings = &design.host_profiles["base"].settings;
    let interface = &settings.interfaces.set["bond0"];
    assert_eq!(text(&interface.device_link), Some("data"));
    assert_eq!(
        (&*interface.slaves.add, &*interface.networks.add),
        (&["nic1".to_owned()][..], &["mgmt".to_owned()][..])
    );
    assert_eq!(interface.labels.set["noconfig"], "false");
    assert_eq!(interface.sriov, Setting::Set(SriovSettings { vf_count: Some(2), trustedmode: Some(true) }));
    assert_eq!(settings.interfaces.remove, BTreeSet::from(["eth8".to_owned(), "eth9".to_owned()]));

    let disk = &settings.storage.devices.set["sda"];
    assert_eq!(disk.labels.set["role"], "boot");
    let root = &disk.partitions.set["root"];
    assert_eq!(
        (text(&root.size), text(&root.part_uuid), root.bootable),
        (Some("40g"), Some("p-1"), Some(true))
    );
    assert_eq!(root.labels.set["use"], "os");
    let filesystem = root.filesystem.value().unwrap();
    let words = [
        &filesystem.mountpoint,
        &filesystem.fstype,
        &filesystem.mount_options,
        &filesystem.fs_uuid,
        &filesystem.fs_label,
    ];
    assert_eq!(words.map(|word| text(word).unwrap()), ["/", "xfs", "noatime", "f-1", "root"]);
    assert_eq!(text(&disk.partitions.set["data"].volume_group), Some("vg"));
    assert!(disk.partitions.remove.contains("swap"));
    assert_eq!(text(&settings.storage.devices.set["sdb"].volume_group), Some("vg"));
    let group = &settings.storage.volume_groups.set["vg"];
    let volume = &group.logical_volumes.set["log"];
    assert_eq!(
        (text(&group.vg_uuid), text(&volume.lv_uuid), text(&volume.size)),
        (Some("v-1"), Some("l-1"), Some("60%"))
    );
    assert_eq!(text(&volume.filesystem.value().unwrap().mountpoint), Some("/var/log"));
}

#[test]
fn a_boot_action_has_a_filter_and_assets() {
    let design = every_field();
    let action = &design.boot_actions["hello"];
    assert!(!action.signaling && action.node_filter.is_some());
    let [file, unit, packages] = action.assets.as_slice() else { unreachable!("{action:?}") };
    assert_eq!(
        (file.kind, file.path.as_deref(), file.permissions),
        (AssetKind::File, Some("/etc/motd"), Some(0o644))
    );
    assert_eq!(file.data, Some(AssetData::Text("aGk=".to_owned())));
    assert_eq!(file.data_pipeline, [Segment::Base64Decode, Segment::Utf8Decode, Segment::Template]);
    assert_eq!(
        (unit.kind, unit.location.as_deref()),
        (AssetKind::Unit, Some("https://host/{{ node.hostname }}"))
    );
    assert_eq!(unit.location_pipeline, [Segment::Template]);
    let Some(AssetData::Packages(versions)) = &packages.data else { unreachable!("{packages:?}") };
    assert_eq!((versions["chrony"].as_deref(), &versions["lldpd"]), (Some("4.2-2"), &None));
    assert!(design.boot_actions["plain"].signaling);
}

#[test]
fn the_native_form_is_read_too() {
    let design = every_field();
    let node = &design.nodes[&NodeName::new("n1").unwrap()];
    assert_eq!((node.settings.host_profile.as_deref(), node.addressing.len()), (Some("base"), 2));
    assert_eq!(node.boot_mac.unwrap().to_string(), "52:54:00:aa:bb:cc");
}

/// A document of this kind, and what is told of it: problems, or warnings if there are none.
fn told(kind: &str, body: &str) -> Vec<String> {
    let source = format!("schema: drydock/{kind}/v1\nmetadata: {{name: n}}\ndata: {{{body}}}\n");
    match ingest(&[SourceFile { name: "s", bytes: source.as_bytes() }]) {
        Ok(read) => {
            read.notes.iter().map(|note| format!("{:?} {}: {}", note.level, note.path, note.text)).collect()
        }
        Err(problems) => {
            problems.iter().map(|problem| format!("{}: {}", problem.path, problem.text)).collect()
        }
    }
}

/// Kind, body, and what is told, where NO stands for the words that are always the same.
const UNKNOWN_FIELDS: &[(&str, &str, &str)] = &[
    ("Region", "authorised_keys: []", "data.authorised_keys: NO: did you mean `authorized_keys`?"),
    ("Region", "tag_definitions: [{tag: a, definition: b, x: c}]", "data.tag_definitions[0].x: NO"),
    (
        "Region",
        "repositories: {a: {repo_type: apt, url: b, arch: [c]}}",
        "Warning data.repositories.a.arch: NO: did you mean `arches`?",
    ),
    ("Rack", "lables: {}", "data.lables: NO: did you mean `labels`?"),
    (
        "Rack",
        "tor_switches: {a: {sdn_api_url: b}}",
        "Warning data.tor_switches.a.sdn_api_url: NO: did you mean `sdn_api_uri`?",
    ),
    (
        "NetworkLink",
        "allowed_networks: [], link_speed: auto",
        "data.link_speed: NO: did you mean `linkspeed`?",
    ),
    ("NetworkLink", "allowed_networks: [], bonding: {rate: 1}", "data.bonding.rate: NO"),
    ("NetworkLink", "allowed_networks: [], trunking: {default: a}", "data.trunking.default: NO"),
    ("Network", "cidr: 10.0.0.0/24, vlan_id: 7", "data.vlan_id: NO: did you mean"),
    (
        "Network",
        "cidr: 10.0.0.0/24, routes: [{gatway: 10.0.0.1}]",
        "data.routes[0].gatway: NO: did you mean `gateway`?",
    ),
    ("Network", "cidr: 10.0.0.0/24, dns: {server: a}", "data.dns.server: NO: did you mean `servers`?"),
    ("Network", "cidr: 10.0.0.0/24, dhcp_relay: {target: a}", "data.dhcp_relay.target: NO"),
    ("HardwareProfile", "boot: uefi", "data.boot: NO"),
    ("HardwareProfile", "hugepages: {a: {number: 7}}", "Warning data.hugepages.a.number: NO"),
    ("HostProfile", "adressing: []", "data.adressing: NO"),
    ("HostProfile", "metadata: {tag: []}", "data.metadata.tag: NO: did you mean `tags`?"),
    ("HostProfile", "platform: {kernal: a}", "data.platform.kernal: NO: did you mean `kernel`?"),
    (
        "HostProfile",
        "metadata: {boot_mac: '52:54:00:aa:bb:cc'}",
        "Warning data.metadata.boot_mac: has no effect in a",
    ),
    (
        "HostProfile",
        "interfaces: {a: {slave: []}}",
        "Warning data.interfaces.a.slave: NO: did you mean `slaves`?",
    ),
    ("HostProfile", "storage: {disks: {}}", "Warning data.storage.disks: NO"),
    (
        "HostProfile",
        "storage: {physical_devices: {a: {partitions: [{name: b, boot: true}]}}}",
        "data.storage.physical_devices.a.partitions[0].boot: NO",
    ),
    (
        "BaremetalNode",
        "addressing: [{network: a, address: dhcp, mac: b}]",
        "Warning data.addressing[0].mac: NO",
    ),
    ("BootAction", "signalling: true", "data.signalling: NO: did you mean `signaling`?"),
    ("BootAction", "assets: [{type: file, mode: 7}]", "data.assets[0].mode: NO"),
    (
        "BootAction",
        "node_filter: {filter_set_type: union, filter_set: [{filter_type: union, node_name: [a]}]}",
        "data.node_filter.filter_set[0].node_name: NO: did you mean `node_names`?",
    ),
];

#[test]
fn no_field_is_dropped_in_silence() {
    for (kind, body, expected) in UNKNOWN_FIELDS {
        let expected = expected.replace("NO", "is not known here, and has no effect");
        let found = told(kind, body);
        assert!(
            found.len() == 1 && found[0].starts_with(&expected),
            "{body}: {found:#?}\nexpected {expected}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (kind, body, expected) in [
        (
            "Region",
            "repositories: {a: {repo_type: deb, url: b}}",
            "data.repositories.a.repo_type: \"deb\" is not known here: write apt or rpm",
        ),
        ("Region", "repositories: {a: {repo_type: apt}}", "data.repositories.a.url: is missing"),
        (
            "Region",
            "repositories: {remove_unlisted: 1}",
            "data.repositories.remove_unlisted: must be true or false, and is a number",
        ),
        (
            "HostProfile",
            "interfaces: {a: {sriov: 3}}",
            "data.interfaces.a.sriov: must be a mapping of keys to values, and is a number",
        ),
        (
            "HostProfile",
            "storage: {physical_devices: {a: {partitions: [{name: b}, {name: b}]}}}",
            "data.storage.physical_devices.a.partitions[1].name: there is another of this name in the list",
        ),
        (
            "HostProfile",
            "storage: {physical_devices: {a: {partitions: [{size: 1g}]}}}",
            "data.storage.physical_devices.a.partitions[0].name: is missing",
        ),
        ("BootAction", "assets: [{path: /a}]", "data.assets[0].type: is missing"),
        ("BootAction", "assets: [{type: file, path: a}]", "data.assets[0].path: must be absolute"),
        (
            "BootAction",
            "assets: [{type: file, permissions: '999'}]",
            "data.assets[0].permissions: \"999\" is not a file mode",
        ),
        (
            "BootAction",
            "assets: [{type: file, permissions: 644}]",
            "data.assets[0].permissions: must be a text, and is a number; put it in quotes",
        ),
        (
            "BootAction",
            "assets: [{type: file, data_pipeline: [gzip]}]",
            "data.assets[0].data_pipeline[0]: \"gzip\" is not known here: write base64_encode",
        ),
        (
            "BootAction",
            "assets: [{type: file, location_pipeline: [utf8_decode]}]",
            "data.assets[0].location_pipeline[0]: \"utf8_decode\" is not known here",
        ),
        (
            "BootAction",
            "assets: [{type: pkg_list, data: {a: 1.0}}]",
            "data.assets[0].data.a: must be a text, and is a number",
        ),
        (
            "BootAction",
            "node_filter: {filter_set: []}",
            "data.node_filter.filter_set_type: must be \"union\" or \"intersection\"",
        ),
        ("BootAction", "node_filter: 7", "data.node_filter: must be "),
    ] {
        let found = told(kind, body);
        assert!(found.first().is_some_and(|line| line.starts_with(expected)), "{body}: {found:#?}");
    }
}
