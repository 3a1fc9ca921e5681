//! Where the values of a node come from, as `drydock design show --explain` tells it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::NodeName;
use drydock_core::design::{Explained, Site, explain};
use drydock_core::ingest::{Places, SourceFile, ingest};

const TWO_RACKS: &str = include_str!("../../tests/fixtures/sites/two-racks.yaml");
const EVERY_FIELD: &str = include_str!("documents/every-field.yaml");

/// What `node` of the site comes to, explained.
fn explained(source: &str, node: &str) -> Vec<Explained> {
    let files = [SourceFile { name: "s", bytes: source.as_bytes() }];
    let site = Site::new(ingest(&files).unwrap().design).unwrap();
    explain(&site, &NodeName::new(node).unwrap(), &mut Places::new(&files)).unwrap()
}

/// The field as `value <- document, document`, each with the text of its line.
fn shown(source: &str, explained: &[Explained], path: &str) -> String {
    let found = explained.iter().find(|it| it.path == path).unwrap();
    let from = found.from.iter().map(|from| {
        let line = usize::try_from(from.origin.line).unwrap();
        let line = source.lines().nth(line - 1).unwrap();
        let line = line.split(" #").next().unwrap_or_default();
        format!("{} `{}`", from.document, line.trim())
    });
    let value = found.value.as_str().map_or_else(|| found.value.to_string(), str::to_owned);
    format!("{value} <- {}", from.collect::<Vec<_>>().join(", "))
}

#[test]
fn each_value_has_the_document_and_the_line_that_says_it() {
    let explained = explained(TWO_RACKS, "r2n06");
    for (path, expected) in [
        ("name", "r2n06 <- BaremetalNode/r2n06 `schema: drydock/BaremetalNode/v1`"),
        (
            "fqdn",
            "r2n06.yard.example.net <- HostProfile/base `primary_network: mgmt`, \
             Network/mgmt `dns: {domain: yard.example.net, servers: \"192.0.2.53,192.0.2.54\"}`",
        ),
        ("oob.account", "admin <- HostProfile/base `account: admin`"),
        ("oob.credential", "(not shown) <- BaremetalNode/r2n06 `credential: foghorn`"),
        (
            "oob.address",
            "127.0.20.6 <- BaremetalNode/r2n06 `- {network: oob, address: 127.0.20.6}`, HostProfile/base `network: oob`",
        ),
        (
            "addressing[2].address",
            "10.30.0.46 <- BaremetalNode/r2n06 `- {network: mgmt, address: 10.30.0.46}`",
        ),
        (
            "interfaces.pxe.slaves[0]",
            "nic1 <- HostProfile/base `pxe: {device_link: pxe, slaves: [nic1], networks: [pxe]}`",
        ),
        (
            "storage.physical_devices.bootdisk.partitions.boot.size",
            "2g <- HostProfile/base `- {name: boot, size: 2g, filesystem: {mountpoint: /boot, fstype: ext4}}`",
        ),
        ("storage.physical_devices.bootdisk.partitions.boot.bootable", "false <- "),
        (
            "platform.kernel_params.isolcpus",
            "2-15 <- HostProfile/compute `isolcpus: hardwareprofile:cpuset.isolated`, \
             HardwareProfile/standard `cpu_sets: {isolated: 2-15}`",
        ),
        (
            "kernel_command_line",
            "console=ttyS1,115200n8 quiet isolcpus=2-15 <- HostProfile/compute `kernel_params:`, HostProfile/base `kernel_params:`",
        ),
        ("metadata.rack", "rack2 <- BaremetalNode/r2n06 `rack: rack2`"),
        ("metadata.tags[0]", "spare <- BaremetalNode/r2n06 `tags: [spare, \"!compute\"]`"),
        ("metadata.tags[1]", "yard <- HostProfile/base `tags: [yard]`"),
        ("metadata.owner_data.role", "compute <- HostProfile/compute `owner_data: {role: compute}`"),
        ("metadata.boot_mac", "52:54:00:02:00:06 <- BaremetalNode/r2n06 `boot_mac: 52:54:00:02:00:06`"),
    ] {
        assert_eq!(shown(TWO_RACKS, &explained, path), expected, "{path}");
    }
    assert_eq!(explained.iter().filter(|it| it.path.starts_with("metadata.tags")).count(), 2);
}

#[test]
fn what_was_taken_away_in_between_is_no_longer_a_source() {
    // `pxe` is taken away by the profile and written anew by the node; so is the file system of `data`.
    let source = TWO_RACKS
        .replace(
            "metadata:\n  name: control\ndata:\n",
            "metadata:\n  name: control\ndata:\n  interfaces: {pxe: null}\n  storage: {physical_devices: {bootdisk: {partitions: \
             [{name: root, filesystem: \"!\"}]}}}\n",
        )
        .replace(
            "metadata:\n  name: r1n01\ndata:\n",
            "metadata:\n  name: r1n01\ndata:\n  interfaces: {pxe: {device_link: pxe}}\n  storage: {physical_devices: \
             {bootdisk: {partitions: [{name: root, filesystem: {mountpoint: /data}}]}}}\n",
        );
    let explained = explained(&source, "r1n01");
    let of = |path: &str| shown(&source, &explained, path);
    assert_eq!(
        of("interfaces.pxe.device_link"),
        "pxe <- BaremetalNode/r1n01 `interfaces: {pxe: {device_link: pxe}}`"
    );
    assert!(!explained.iter().any(|it| it.path.starts_with("interfaces.pxe.slaves")));
    let disk = "storage.physical_devices.bootdisk.partitions.root";
    assert!(of(&format!("{disk}.filesystem.mountpoint")).starts_with("/data <- BaremetalNode/r1n01 "));
    assert_eq!(of(&format!("{disk}.filesystem.fstype")), "ext4 <- ");
    assert!(of(&format!("{disk}.size")).starts_with("40g <- HostProfile/base "));
}

#[test]
fn only_defaults_have_no_source_in_a_site_that_uses_every_field() {
    let files = [SourceFile { name: "s", bytes: EVERY_FIELD.as_bytes() }];
    let site = Site::new(ingest(&files).unwrap().design).unwrap();
    for name in site.nodes().keys() {
        let explained = explain(&site, name, &mut Places::new(&files)).unwrap();
        let without = explained.iter().filter(|it| it.from.is_empty());
        let without: Vec<_> = without.map(|it| it.path.rsplit('.').next().unwrap()).collect();
        let defaults =
            ["bootable", "fstype", "mount_options", "vf_count", "trustedmode", "kernel_command_line"];
        assert!(without.iter().all(|field| defaults.contains(field)), "{name}: {without:?}");
        assert!(explained.iter().flat_map(|it| &it.from).all(|from| from.origin.line > 0), "{explained:#?}");
    }
}

#[test]
fn no_secret_is_shown_and_without_files_a_document_is_the_place() {
    let files = [SourceFile { name: "s", bytes: TWO_RACKS.as_bytes() }];
    let site = Site::new(ingest(&files).unwrap().design).unwrap();
    let name = NodeName::new("r2n06").unwrap();
    let explained = explain(&site, &name, &mut Places::new(&[])).unwrap();
    let told = format!("{explained:?} {}", site.node(&name).unwrap().tree());
    assert!(!told.contains("foghorn") && !told.contains("harbour-light"), "{told}");
    let rack = explained.iter().find(|it| it.path == "metadata.rack").unwrap();
    assert_eq!(rack.from[0].origin, site.design().nodes[&name].origin);
}
