//! What a node has of its host profiles: interfaces, disks and kernel parameters, as rows of parent, child and outcome.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::NodeName;
use drydock_core::design::{EffectiveNode, Filesystem, Site};
use drydock_core::ingest::{SourceFile, ingest};

const HARDWARE: &str = "
schema: drydock/HardwareProfile/v1
metadata: {name: h}
data: {cpu_sets: {sriov: '2,4'}, hugepages: {sriov: {size: 1G, count: 300}}}
";

/// A node whose profile has the body `parent`, and whose own is `child`.
fn resolve(parent: &str, child: &str) -> EffectiveNode {
    let profile = format!(
        "schema: drydock/HostProfile/v1\nmetadata: {{name: p}}\ndata:\n  host_profile: base\n{parent}"
    );
    let base = "schema: drydock/HostProfile/v1\nmetadata: {name: base}\ndata: {hardware_profile: h, oob: {type: manual}}";
    let node = format!(
        "schema: drydock/BaremetalNode/v1\nmetadata: {{name: n}}\n\
         data:\n  host_profile: p\n  addressing: [{{network: a, address: dhcp}}]\n{child}"
    );
    let source = [HARDWARE, base, &profile, &node].join("\n---\n");
    let design = ingest(&[SourceFile { name: "s", bytes: source.as_bytes() }]).unwrap().design;
    Site::new(design).unwrap().node(&NodeName::new("n").unwrap()).unwrap().clone()
}

/// `bond0 on data of nic1,nic2 to mgmt,private`, with labels and virtual functions where it has some.
fn interfaces(node: &EffectiveNode) -> Vec<String> {
    let interfaces = node.interfaces.iter().map(|(name, interface)| {
        let labels: Vec<_> = interface.labels.iter().map(|(key, value)| format!(" {key}={value}")).collect();
        let labels = labels.concat();
        let sriov = interface.sriov.map(|sriov| format!(" vf {} {}", sriov.vf_count, sriov.trustedmode));
        format!(
            "{name} on {} of {} to {}{labels}{}",
            interface.device_link.as_deref().unwrap_or("-"),
            interface.slaves.join(","),
            interface.networks.join(","),
            sriov.unwrap_or_default()
        )
    });
    interfaces.collect()
}

#[test]
fn interfaces_are_merged_field_by_field() {
    const PARENT: &str = "  interfaces:
    pxe: {device_link: pxe, slaves: [nic1], networks: [pxe]}
    bond0:
      device_link: data
      slaves: [nic1, nic2]
      networks: [mgmt, private]
      labels: {noconfig: true}
      sriov: {vf_count: 2, trustedmode: true}
";
    const PXE: &str = "pxe on pxe of nic1 to pxe";
    const BOND: &str = "bond0 on data of nic1,nic2 to mgmt,private noconfig=true vf 2 true";
    for (child, expected) in [
        ("", &[PXE, BOND][..]),
        ("  interfaces: {}\n", &[PXE, BOND]),
        (
            "  interfaces: {bond0: {networks: ['!private']}}\n",
            &[PXE, "bond0 on data of nic1,nic2 to mgmt noconfig=true vf 2 true"],
        ),
        (
            "  interfaces: {bond0: {networks: [public], slaves: ['!nic2', nic3]}}\n",
            &[PXE, "bond0 on data of nic3,nic1 to public,mgmt,private noconfig=true vf 2 true"],
        ),
        ("  interfaces: {pxe: {device_link: other}}\n", &["pxe on other of nic1 to pxe", BOND]),
        ("  interfaces: {pxe: {device_link: '!'}}\n", &["pxe on - of nic1 to pxe", BOND]),
        ("  interfaces: {'!pxe': {}}\n", &[BOND]),
        ("  interfaces: {pxe: null}\n", &[BOND]),
        ("  interfaces: {eth7: {device_link: x}}\n", &[PXE, BOND, "eth7 on x of  to "]),
        (
            "  interfaces: {bond0: {sriov: {vf_count: 8}, labels: {'!noconfig': ''}}}\n",
            &[PXE, "bond0 on data of nic1,nic2 to mgmt,private vf 8 true"],
        ),
        (
            "  interfaces: {bond0: {sriov: '!'}, pxe: {sriov: {}}}\n",
            &[
                "pxe on pxe of nic1 to pxe vf 0 false",
                "bond0 on data of nic1,nic2 to mgmt,private noconfig=true",
            ],
        ),
    ] {
        assert_eq!(interfaces(&resolve(PARENT, child)), expected, "{child}");
    }
}

/// `sda: root 40g xfs at /`, `sdb for vg`, `vg: log 60% ext4 at /var/log`: disks, then volume groups.
fn storage(node: &EffectiveNode) -> Vec<String> {
    let file_system = |filesystem: &Option<Filesystem>| {
        let shown = |it: &Filesystem| {
            let options = if it.mount_options == "defaults" { "" } else { it.mount_options.as_str() };
            format!(" {} at {}{options}", it.fstype, it.mountpoint.as_deref().unwrap_or("-"))
        };
        filesystem.as_ref().map(shown).unwrap_or_default()
    };
    let mut lines = Vec::new();
    for (name, device) in &node.storage.devices {
        let group = device.volume_group.as_ref().map(|group| format!(" for {group}")).unwrap_or_default();
        let parts = device.partitions.iter().map(|(name, part)| {
            let group = part.volume_group.as_ref().map(|group| format!(" for {group}")).unwrap_or_default();
            let size = part.size.as_deref().unwrap_or("-");
            format!(
                " {name} {size}{}{group}{}",
                if part.bootable { "!" } else { "" },
                file_system(&part.filesystem)
            )
        });
        lines.push(format!("{name}{group}:{}", parts.collect::<Vec<_>>().join(",")));
    }
    for (name, group) in &node.storage.volume_groups {
        let volumes = group.logical_volumes.iter();
        let volumes = volumes.map(|(name, it)| {
            format!(" {name} {}{}", it.size.as_deref().unwrap_or("-"), file_system(&it.filesystem))
        });
        lines.push(format!("{name}:{}", volumes.collect::<Vec<_>>().join(",")));
    }
    lines
}

#[test]
fn disks_that_a_child_does_not_mention_survive() {
    const PARENT: &str = "  storage:
    physical_devices:
      sda:
        partitions:
          - {name: root, size: 40g, bootable: true, filesystem: {mountpoint: /, fstype: xfs}}
          - {name: boot, size: 2g, filesystem: {mountpoint: /boot, mount_options: ro}}
      sdb: {volume_group: vg}
    volume_groups:
      vg:
        logical_volumes:
          - {name: log, size: 60%, filesystem: {mountpoint: /var/log}}
          - {name: lib, size: 20%}
";
    const SDA: &str = "sda: root 40g! xfs at /, boot 2g ext4 at /bootro";
    const SDB: &str = "sdb for vg:";
    const VG: &str = "vg: log 60% ext4 at /var/log, lib 20%";
    let disks = |disks: &str| format!("  storage: {{physical_devices: {{{disks}}}}}\n");
    let parts = |parts: &str| disks(&format!("sda: {{partitions: [{parts}]}}"));
    let volumes = |volumes: &str| format!("  storage: {{volume_groups: {{{volumes}}}}}\n");
    for (child, expected) in [
        (String::new(), &[SDA, SDB, VG][..]),
        (disks("sdb: {volume_group: other}"), &[SDA, "sdb for other:", VG]),
        (disks("sda: {labels: {a: b}}"), &[SDA, SDB, VG]),
        (disks("sdc: {volume_group: vg}"), &[SDA, SDB, "sdc for vg:", VG]),
        (disks("'!sda': {}"), &[SDB, VG]),
        (disks("sdb: null"), &[SDA, VG]),
        (parts("{name: boot, size: 4g}"), &["sda: root 40g! xfs at /, boot 4g ext4 at /bootro", SDB, VG]),
        (
            parts("{name: root, bootable: false}"),
            &["sda: root 40g xfs at /, boot 2g ext4 at /bootro", SDB, VG],
        ),
        (parts("{name: '!boot'}"), &["sda: root 40g! xfs at /", SDB, VG]),
        (
            parts(
                "{name: root, filesystem: {fstype: '!', mountpoint: /r}}, {name: x, size: 1g, volume_group: vg}",
            ),
            &["sda: root 40g! ext4 at /r, boot 2g ext4 at /bootro, x 1g for vg", SDB, VG],
        ),
        (parts("{name: boot, filesystem: '!'}"), &["sda: root 40g! xfs at /, boot 2g", SDB, VG]),
        (
            volumes("vg: {logical_volumes: [{name: log, size: 10g}]}"),
            &[SDA, SDB, "vg: log 10g ext4 at /var/log, lib 20%"],
        ),
        (
            volumes("vg: {logical_volumes: [{name: '!log'}, {name: opt, size: 5g}]}, vg2: {}"),
            &[SDA, SDB, "vg: lib 20%, opt 5g", "vg2:"],
        ),
        (volumes("'!vg': {}"), &[SDA, SDB]),
    ] {
        assert_eq!(storage(&resolve(PARENT, &child)), expected, "{child}");
    }
}

#[test]
fn kernel_parameters_take_values_of_the_hardware_profile() {
    const PARENT: &str = "  platform: {kernel_params: {quiet: true, console: ttyS2}}\n";
    for (child, expected) in [
        ("", "quiet console=ttyS2"),
        (
            "isolcpus: hardwareprofile:cpuset.sriov, hugepages: hardwareprofile:hugepages.sriov.count, \
             hugepagesz: hardwareprofile:hugepages.sriov.size",
            "hugepagesz=1G hugepages=300 quiet console=ttyS2 isolcpus=2,4",
        ),
        ("a: hardwareprofile:cpuset.none, '!quiet': ''", "console=ttyS2 a=hardwareprofile:cpuset.none"),
        (
            "a: hardwareprofile:hugepages.sriov.colour",
            "quiet console=ttyS2 a=hardwareprofile:hugepages.sriov.colour",
        ),
        ("a: hardwareprofile:hugepages, console: '!'", "quiet console=! a=hardwareprofile:hugepages"),
    ] {
        let node = resolve(PARENT, &format!("  platform: {{kernel_params: {{{child}}}}}\n"));
        assert_eq!(node.platform.kernel_command_line(), expected, "{child}");
    }
}
