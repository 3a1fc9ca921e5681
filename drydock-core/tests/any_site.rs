//! Any site has a report: whatever documents of it say, as long as they can be read, every rule goes through all of them.
//!
//! Sites are made of few names, so that references lead somewhere and nowhere, and of the ends of what each field can hold.

use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::rules::{Platforms, validate};
use proptest::prelude::*;
use proptest::sample::select;

/// What every kind of thing may be called. Not `null`, which is no name.
const NAMES: [&str; 6] = ["a", "b", "c", "sda", "eth0", "'!'"];
const ADDRESSES: [&str; 9] = [
    "0.0.0.0",
    "10.0.0.1",
    "10.0.0.9",
    "10.0.1.0",
    "255.255.255.255",
    "'::'",
    "'fd00::1'",
    "'fe80::1'",
    "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'",
];
const CIDRS: [&str; 9] = [
    "0.0.0.0/0",
    "10.0.0.0/24",
    "10.0.0.1/24",
    "10.0.0.9/32",
    "255.255.255.255/1",
    "'::/0'",
    "'fd00::/64'",
    "'fd00::1/128'",
    "'ffff::/1'",
];
const NUMBERS: [&str; 8] = ["0", "1", "2", "1279", "1500", "65536", "4294967295", "'9'"];
const SIZES: [&str; 14] = [
    "20g",
    "'>20g'",
    "'50%'",
    "'>99%'",
    "'101%'",
    "18446744073709551615t",
    "99999999999999999999999g",
    "''",
    "'%'",
    "'>'",
    "0b",
    "-1g",
    "é",
    "1.5g",
];
const MACS: [&str; 4] =
    ["'00:00:00:00:00:00'", "'52:54:00:00:00:01'", "'52-54-00-00-00-01'", "'ff:ff:ff:ff:ff:ff'"];

fn one(of: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    select(of).prop_map(str::to_owned)
}

fn name() -> impl Strategy<Value = String> + Clone {
    one(&NAMES)
}

/// `key: value`, or nothing.
fn maybe(key: &'static str, value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::option::of(value)
        .prop_map(move |value| value.map(|value| format!("{key}: {value}, ")).unwrap_or_default())
}

fn list(of: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::vec(of, 0..4).prop_map(|entries| format!("[{}]", entries.join(", ")))
}

fn braces(inside: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    inside.prop_map(|inside| format!("{{{inside}}}"))
}

/// Two or three strategies, one after the other.
macro_rules! all {
    ($($part:expr),+ $(,)?) => { ($($part,)+).prop_map(|parts| all!(@join parts; $($part),+)) };
    (@join $parts:ident; $a:expr, $b:expr) => { $parts.0 + &$parts.1 };
    (@join $parts:ident; $a:expr, $b:expr, $c:expr) => { $parts.0 + &$parts.1 + &$parts.2 };
    (@join $parts:ident; $a:expr, $b:expr, $c:expr, $d:expr) => { $parts.0 + &$parts.1 + &$parts.2 + &$parts.3 };
}

/// Things by name, each with a body.
fn named(body: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::btree_map(select(&NAMES[..5]), body, 0..3).prop_map(|things| {
        let things: Vec<_> = things.into_iter().map(|(name, body)| format!("{name}: {body}")).collect();
        format!("{{{}}}", things.join(", "))
    })
}

fn link() -> impl Strategy<Value = String> {
    let modes = one(&["disabled", "802.3ad", "balance-rr", "active-backup"]);
    let rates =
        all!(maybe("mon_rate", one(&NUMBERS)), maybe("up_delay", one(&NUMBERS)), maybe("hash", name()));
    let bonding = braces(all!(maybe("mode", modes), rates));
    let trunking =
        braces(all!(maybe("mode", one(&["disabled", "802.1q"])), maybe("default_network", name())));
    let mtu = maybe("mtu", one(&["0", "1279", "1500", "9000", "16777216"]));
    let networks = list(name()).prop_map(|networks| format!("allowed_networks: {networks}, "));
    all!(maybe("bonding", bonding), maybe("trunking", trunking), mtu, networks)
}

fn network() -> impl Strategy<Value = String> {
    let kind = one(&["static", "dhcp", "reserved"]);
    let range = (kind, one(&ADDRESSES), one(&ADDRESSES))
        .prop_map(|(kind, start, end)| format!("{{type: {kind}, start: {start}, end: {end}}}"));
    let to = all!(maybe("subnet", one(&CIDRS)), maybe("routedomain", name()));
    let route = braces(all!(to, maybe("gateway", one(&ADDRESSES))));
    let relay = braces(all!(maybe("self_ip", one(&ADDRESSES)), maybe("upstream_target", one(&ADDRESSES))));
    let sizes =
        all!(maybe("vlan", one(&["0", "1", "4094"])), maybe("mtu", one(&["0", "1279", "1500", "16777216"])));
    let cidr = one(&CIDRS).prop_map(|cidr| format!("cidr: {cidr}, "));
    let ranges = all!(maybe("ranges", list(range)), maybe("routes", list(route)));
    let rest = all!(maybe("dhcp_relay", relay), maybe("routedomain", name()), sizes);
    let domains = one(&["{domain: ''}", "{domain: a..b}", "{domain: é}"]);
    all!(cidr, ranges, rest, maybe("dns", domains))
}

fn storage() -> impl Strategy<Value = String> {
    let filesystem = braces(maybe("mountpoint", one(&["/", "/boot", "/é", "none"])));
    let partition = all!(maybe("size", one(&SIZES)), maybe("filesystem", filesystem))
        .prop_map(|body| format!("[{{name: root, {body}}}]"));
    let disk = braces(all!(maybe("volume_group", name()), maybe("partitions", partition)));
    let volume = maybe("size", one(&SIZES)).prop_map(|body| format!("[{{name: lv, {body}}}]"));
    let group = braces(maybe("logical_volumes", volume));
    braces(all!(maybe("physical_devices", named(disk)), maybe("volume_groups", named(group))))
}

fn host() -> impl Strategy<Value = String> {
    let names = all!(
        maybe("host_profile", name()),
        maybe("hardware_profile", name()),
        maybe("primary_network", name())
    );
    let login = all!(maybe("network", name()), maybe("account", name()), maybe("port", one(&NUMBERS)));
    let oob = all!(
        maybe("type", one(&["ipmi", "redfish", "libvirt", "manual", "'!'"])),
        login,
        maybe("libvirt_uri", one(&["qemu+ssh://x/y", "''", "é"])),
    );
    let interface = braces(all!(
        maybe("device_link", name()),
        maybe("slaves", list(name())),
        maybe("networks", list(name()))
    ));
    let params = braces(all!(maybe("hugepages", one(&NUMBERS)), maybe("hugepagesz", one(&SIZES))));
    let platform =
        braces(all!(maybe("image", name()), maybe("kernel", name()), maybe("kernel_params", params)));
    let metadata =
        braces(all!(maybe("rack", name()), maybe("boot_mac", one(&MACS)), maybe("tags", list(name()))));
    let parts = all!(maybe("interfaces", named(interface)), maybe("storage", storage()));
    all!(
        names,
        maybe("oob", braces(oob)),
        parts,
        all!(maybe("platform", platform), maybe("metadata", metadata))
    )
}

fn node() -> impl Strategy<Value = String> {
    let address = (name(), prop_oneof![4 => one(&ADDRESSES), 1 => one(&["dhcp"])])
        .prop_map(|(network, address)| format!("{{network: {network}, address: {address}}}"));
    let addressing =
        prop::collection::vec(address, 1..4).prop_map(|all| format!("addressing: [{}], ", all.join(", ")));
    all!(addressing, host())
}

fn hardware() -> impl Strategy<Value = String> {
    let alias = braces(all!(maybe("address", name()), maybe("bus_type", name())));
    maybe("device_aliases", named(alias))
}

fn action() -> impl Strategy<Value = String> {
    let filter = list(name()).prop_map(|names| {
        format!("{{filter_set_type: union, filter_set: [{{filter_type: union, node_names: {names}}}]}}")
    });
    let packages = named(one(&["null", "'1.0'", "'>=1'", "'!='", "''", "é"]));
    let assets = packages.prop_map(|packages| format!("[{{type: pkg_list, data: {packages}}}]"));
    all!(maybe("node_filter", filter), maybe("assets", assets))
}

/// The documents of a kind, each name once.
fn documents(kind: &'static str, body: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    prop::collection::btree_map(select(&NAMES[..5]), body, 0..4).prop_map(move |documents| {
        let text = |(name, body): (&str, String)| {
            format!("---\nschema: drydock/{kind}/v1\nmetadata: {{name: {name}}}\ndata: {{{body}}}\n")
        };
        documents.into_iter().map(text).collect()
    })
}

fn site() -> impl Strategy<Value = String> {
    let wires = all!(documents("NetworkLink", link()), documents("Network", network()));
    let hosts = all!(documents("HardwareProfile", hardware()), documents("HostProfile", host()));
    let rest = all!(documents("Rack", Just(String::new())), documents("BootAction", action()));
    all!(wires, hosts, rest, documents("BaremetalNode", node()))
}

/// The text of such a site, if it can be read, goes through all rules; `Err` says what a rule could not do.
fn looked_at(source: &str) -> Result<bool, String> {
    // Some names and filters are refused when they are read: those sites have no report.
    let Ok(read) = ingest(&[SourceFile { name: "site", bytes: source.as_bytes() }]) else { return Ok(false) };
    let kernels = ["b".to_owned()];
    let platforms = Platforms::from([("a".to_owned(), kernels.into())]);
    let report = validate(&read.design, Some(&platforms));
    let fallen =
        report.findings.iter().find(|finding| finding.text.starts_with("The rule could not be applied"));
    match fallen {
        Some(finding) => Err(format!("{finding}\n{source}")),
        None => Ok(true),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_falls_over_any_site(source in site()) {
        if let Err(text) = looked_at(&source) {
            prop_assert!(false, "{}", text);
        }
    }
}

/// The test above would prove nothing if such sites could not be read.
#[test]
fn most_of_these_sites_can_be_read() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let read = (0..200).filter(|_| {
        let source = site().new_tree(&mut runner).map(|tree| tree.current()).unwrap_or_default();
        looked_at(&source) == Ok(true)
    });
    let read = read.count();
    assert!(read > 150, "{read} of 200");
}
