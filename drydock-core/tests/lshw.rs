//! Inventories of servers: which devices they have, which of them an alias means, and what a site makes of that.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::NodeName;
use drydock_core::design::{DeviceAlias, Site, explain};
use drydock_core::ingest::{Places, SourceFile, ingest};
use drydock_core::lshw::{LSHW_BYTES_MAX, LSHW_DEPTH_MAX, LSHW_DEVICES_MAX, Lshw, LshwError};

const TWO_RACKS: &str = include_str!("../../tests/fixtures/sites/two-racks.yaml");
const R1N01: &str = include_str!("../../tests/fixtures/lshw/r1n01.xml");

fn read(xml: impl AsRef<[u8]>) -> Result<Lshw, LshwError> {
    Lshw::read(&SourceFile { name: "lshw.xml", bytes: xml.as_ref() })
}

fn site(source: &str) -> Site {
    Site::new(ingest(&[SourceFile { name: "site.yaml", bytes: source.as_bytes() }]).unwrap().design).unwrap()
}

fn name(name: &str) -> NodeName {
    NodeName::new(name).unwrap()
}

#[test]
fn devices_have_a_place_and_the_first_of_their_names() {
    let lshw = read(R1N01).unwrap();
    let devices = lshw.devices().iter().map(|it| format!("{} {} {}", it.class, it.businfo, it.name));
    assert_eq!(
        devices.collect::<Vec<_>>(),
        [
            "network pci@0000:18:00.0 enp24s0f0",
            "network pci@0000:18:00.1 enp24s0f1",
            "storage pci@0000:00:1f.2 scsi2",
            "disk scsi@2:0.0.0 sda",
            "volume scsi@2:0.0.0,1 sda1",
        ]
    );
    let line = R1N01.lines().position(|line| line.contains("id=\"network:1\"")).unwrap() + 1;
    assert_eq!(lshw.devices()[1].origin.to_string(), format!("lshw.xml:{line}"));
}

/// What an alias means on a server whose network interfaces are these, and with `|` before it what is not clear.
fn meant(address: Option<&str>, bus_type: Option<&str>) -> String {
    let interfaces = [
        ("network", "pci@0000:00:03.0", "eno3"),
        ("network", "pci@0000:00:04.0", "eno4"),
        ("network", "usb@1:2", "usb0"),
        ("bridge", "pci@0000:00:05.0", "odd"),
        ("network", "pci@0000:81:00.0", "twin0"),
        ("network", "pci@0000:81:00.0", "twin1"),
        ("network", "10:pci@0000:00:03.0", "late"),
    ];
    let nodes = interfaces.map(|(class, businfo, name)| {
        format!("<node class='{class}'><businfo>{businfo}</businfo><logicalname>{name}</logicalname></node>")
    });
    let lshw = read(format!("<list>{}</list>", nodes.concat())).unwrap();
    let (address, bus_type) = (address.map(str::to_owned), bus_type.map(str::to_owned));
    let (device, trouble) = lshw.device(&DeviceAlias { address, bus_type, dev_type: None });
    let device = device.map(|device| device.name.clone()).unwrap_or_default();
    trouble.map_or_else(|| device.clone(), |trouble| format!("{device}|{trouble}"))
}

#[test]
fn an_alias_means_the_device_at_its_place() {
    for (address, bus_type, expected) in [
        (Some("0000:00:03.0"), Some("pci"), "eno3"),
        (Some("0000:00:05.0"), Some("pci"), "odd"),
        (Some("1:2"), Some("usb"), "usb0"),
        (Some("0000:00:03"), Some("pci"), "|the server has no device there"),
        (Some("0000:00:03.0"), Some("scsi"), "|the server has no device there"),
        (
            Some("0000:81:00.0"),
            Some("pci"),
            "twin0|it may be any of twin0 (pci@0000:81:00.0), twin1 (pci@0000:81:00.0); the first is taken",
        ),
        (Some("0000:00:03.0"), None, "|it does not say where the device is"),
        (None, Some("pci"), "|it does not say where the device is"),
    ] {
        let meant = meant(address, bus_type);
        assert!(meant.starts_with(expected), "{address:?}: {meant}");
        assert_eq!(meant.contains('|'), expected.contains('|'), "{address:?}: {meant}");
    }
}

#[test]
fn a_pattern_means_the_interface_whose_place_begins_like_it() {
    for (address, bus_type, expected) in [
        (r"regexp:0000:00:0[34]\.0", Some("pci"), "eno3|it may be any of eno3 (pci@0000:00:03.0), eno4 "),
        (r"regexp:0000:00:04\.\d", Some("pci"), "eno4"),
        ("regexp:0000:00:04", None, "eno4"),
        ("regexp:1:[0-9]", Some("usb"), "usb0"),
        ("regexp:1:[0-9]", Some("pci"), "|the server has no device there"),
        // It counts from the beginning, whatever its alternatives are, and a bridge is no interface.
        ("regexp:00:04", Some("pci"), "|the server has no device there"),
        ("regexp:x|00:04", Some("pci"), "|the server has no device there"),
        ("regexp:0000:00:05", Some("pci"), "|the server has no device there"),
        ("regexp:0000:(00", Some("pci"), "|the pattern cannot be read: unclosed group"),
        ("regexp:(?=x)", Some("pci"), "|the pattern cannot be read: look-around"),
        ("regexp:(((x{999}){999}){999})", Some("pci"), "|the pattern cannot be read: "),
        ("regexp:", Some("usb"), "usb0"),
    ] {
        let meant = meant(Some(address), bus_type);
        assert!(meant.starts_with(expected), "{address}: {meant}");
        assert_eq!(meant.contains('|'), expected.contains('|'), "{address}: {meant}");
    }
}

#[test]
fn a_node_learns_what_its_aliases_are_called() {
    let mut site = site(TWO_RACKS);
    let one = name("r1n01");
    let device = |site: &Site, alias: &str| site.node(&one).unwrap().device_name(alias).to_owned();
    assert_eq!(
        (device(&site, "nic1"), site.tree(site.node(&one).unwrap())["devices"]["nic1"].as_str()),
        ("nic1".to_owned(), None)
    );
    assert_eq!(site.learn_devices(&one, &read(R1N01).unwrap()), []);
    assert_eq!(
        ["nic1", "nic2", "bootdisk", "sdz"].map(|it| device(&site, it)),
        ["enp24s0f0", "enp24s0f1", "sda", "sdz"]
    );
    // Others have an inventory of their own.
    assert_eq!(site.node(&name("r1n02")).unwrap().device_name("nic1"), "nic1");
    assert_eq!(site.learn_devices(&name("r9n99"), &read(R1N01).unwrap()), []);

    let files = [SourceFile { name: "site.yaml", bytes: TWO_RACKS.as_bytes() }];
    let explained = explain(&site, &one, &mut Places::new(&files)).unwrap();
    let disk = explained.iter().find(|it| it.path == "devices.bootdisk").unwrap();
    let from: Vec<_> = disk.from.iter().map(|from| format!("{} {}", from.document, from.origin)).collect();
    let line = |text: &str, what: &str| text.lines().position(|line| line.contains(what)).unwrap() + 1;
    assert_eq!(disk.value, "sda");
    assert_eq!(
        from,
        [
            format!("HardwareProfile/standard site.yaml:{}:5", line(TWO_RACKS, "bootdisk: {address")),
            format!("lshw lshw.xml:{}", line(R1N01, "id=\"disk\"")),
        ]
    );
}

#[test]
fn what_is_not_clear_is_told_of_the_aliases_that_the_node_uses() {
    let source = TWO_RACKS
        .replace("0000:18:00.0", "0000:19:00.0")
        .replace("bus_type: scsi}", "bus_type: scsi}\n    spare: {address: '9', bus_type: scsi}");
    let mut site = site(&source);
    let problems = site.learn_devices(&name("r1n01"), &read(R1N01).unwrap());
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .contains(": HardwareProfile/standard: device_aliases.nic1: the server has no device there"),
        "{problems:?}"
    );
    let node = site.node(&name("r1n01")).unwrap();
    assert_eq!(["nic1", "nic2"].map(|alias| node.device_name(alias)), ["nic1", "enp24s0f1"]);
}

#[test]
fn hostile_inventories_cost_little() {
    let nested = |depth: usize| format!("{}{}", "<node>".repeat(depth), "</node>".repeat(depth));
    let device = "<node><businfo>a@b</businfo><logicalname>c</logicalname></node>";
    let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>\
                <node><businfo>pci@&b;1</businfo><logicalname>&b;&lt;&#x41;</logicalname></node>";
    let lshw = read(bomb).unwrap();
    assert_eq!((&*lshw.devices()[0].businfo, &*lshw.devices()[0].name), ("pci@1", "<A"));
    let attributes = (0..200_000).map(|number| format!(" a{number}=''")).collect::<Vec<_>>().concat();
    assert_eq!(read(format!("<node{attributes}/><node{attributes}></node>")).unwrap().devices(), []);
    assert_eq!(read(nested(LSHW_DEPTH_MAX)).unwrap().devices(), []);
    for (xml, expected) in [
        (nested(1_000_000), LshwError::TooDeep(1)),
        (format!("\n{}", nested(LSHW_DEPTH_MAX + 1)), LshwError::TooDeep(2)),
        (format!("<list>{}</list>", device.repeat(LSHW_DEVICES_MAX + 1)), LshwError::TooMany),
        (" ".repeat(LSHW_BYTES_MAX + 1), LshwError::TooLong(LSHW_BYTES_MAX + 1)),
        (String::new(), LshwError::NoNode),
        ("<html><body>no</body></html>".to_owned(), LshwError::NoNode),
        ("{\"id\": 1}".to_owned(), LshwError::NoNode),
        ("name: <rack>".to_owned(), LshwError::NoNode),
        ("<node><businfo>".to_owned(), LshwError::Cut),
        ("<node>\n<a></b></node>".to_owned(), LshwError::Xml(2)),
        ("<node>\n\n<a".to_owned(), LshwError::Xml(3)),
    ] {
        assert_eq!(read(&xml).unwrap_err(), expected, "{}", &xml[..xml.len().min(40)]);
    }
    let lshw = read(b"<node class=\"disk\"><serial>\xff\xfe</serial><businfo> a@b </businfo><logicalname>/dev/x</logicalname></node>");
    assert_eq!(lshw.unwrap().devices()[0].businfo, "a@b");
}
