//! A valid site of any number of nodes, as an operator would write it: racks of 32, four networks, three host profiles.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

/// How many nodes stand in a rack.
const RACK: u64 = 32;

/// What all nodes have in common.
const COMMON: &str = "\
---
schema: drydock/Region/v1
metadata: {schema: metadata/Document/v1, name: yard}
data:
  authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExample operator@yard]
---
schema: drydock/NetworkLink/v1
metadata: {schema: metadata/Document/v1, name: oob}
data:
  trunking: {mode: disabled, default_network: oob}
  allowed_networks: [oob]
---
schema: drydock/NetworkLink/v1
metadata: {schema: metadata/Document/v1, name: pxe}
data:
  trunking: {mode: disabled, default_network: pxe}
  allowed_networks: [pxe]
---
schema: drydock/NetworkLink/v1
metadata: {schema: metadata/Document/v1, name: trunk}
data:
  bonding: {mode: 802.3ad, hash: layer3+4}
  mtu: 9000
  trunking: {mode: 802.1q}
  allowed_networks: [mgmt, storage]
---
schema: drydock/Network/v1
metadata: {schema: metadata/Document/v1, name: oob}
data:
  cidr: 10.0.0.0/8
  ranges: [{type: static, start: 10.1.0.0, end: 10.254.255.255}]
---
schema: drydock/Network/v1
metadata: {schema: metadata/Document/v1, name: pxe}
data:
  cidr: 11.0.0.0/8
  ranges: [{type: dhcp, start: 11.1.0.0, end: 11.254.255.255}]
---
schema: drydock/Network/v1
metadata: {schema: metadata/Document/v1, name: mgmt}
data:
  cidr: 12.0.0.0/8
  vlan: '100'
  mtu: 1500
  dns: {domain: yard.example.net, servers: '192.0.2.53,192.0.2.54'}
  ranges:
    - {type: reserved, start: 12.0.0.2, end: 12.0.0.9}
    - {type: static, start: 12.1.0.0, end: 12.254.255.255}
  routes: [{subnet: 0.0.0.0/0, gateway: 12.0.0.1, metric: 100}]
---
schema: drydock/Network/v1
metadata: {schema: metadata/Document/v1, name: storage}
data:
  cidr: 13.0.0.0/8
  vlan: '101'
  mtu: 9000
  ranges: [{type: static, start: 13.1.0.0, end: 13.254.255.255}]
---
schema: drydock/HardwareProfile/v1
metadata: {schema: metadata/Document/v1, name: standard}
data:
  vendor: ACME
  boot_mode: uefi
  device_aliases:
    nic1: {address: '0000:18:00.0', dev_type: NIC, bus_type: pci}
    nic2: {address: '0000:18:00.1', dev_type: NIC, bus_type: pci}
    nic3: {address: '0000:3b:00.0', dev_type: NIC, bus_type: pci}
    bootdisk: {address: '2:0.0.0', dev_type: SSD, bus_type: scsi}
  cpu_sets: {isolated: 2-15}
---
schema: drydock/HostProfile/v1
metadata: {schema: metadata/Document/v1, name: base}
data:
  hardware_profile: standard
  primary_network: mgmt
  oob: {type: ipmi, network: oob, account: admin, credential: example}
  interfaces:
    pxe: {device_link: pxe, slaves: [nic1], networks: [pxe]}
    bond0: {device_link: trunk, slaves: [nic2, nic3], networks: [mgmt, storage]}
  storage:
    physical_devices:
      bootdisk:
        labels: {bootdrive: 'true'}
        partitions:
          - {name: root, size: 40g, bootable: true, filesystem: {mountpoint: /, fstype: ext4}}
          - {name: boot, size: 2g, filesystem: {mountpoint: /boot, fstype: ext4}}
      sdb: {volume_group: data}
    volume_groups:
      data:
        logical_volumes: [{name: var, size: '80%', filesystem: {mountpoint: /var, fstype: xfs}}]
  platform:
    image: jammy
    kernel: ga-22.04
    kernel_params: {console: 'ttyS1,115200n8', quiet: true}
  metadata:
    tags: [yard]
    owner_data: {site: yard, role: none}
---
schema: drydock/HostProfile/v1
metadata: {schema: metadata/Document/v1, name: compute}
data:
  host_profile: base
  platform: {kernel_params: {isolcpus: 'hardwareprofile:cpuset.isolated'}}
  metadata: {tags: [compute], owner_data: {role: compute}}
---
schema: drydock/HostProfile/v1
metadata: {schema: metadata/Document/v1, name: control}
data:
  host_profile: base
  metadata: {tags: [control], owner_data: {role: control}}
---
schema: drydock/BootAction/v1
metadata: {schema: metadata/Document/v1, name: time}
data:
  signaling: false
  assets: [{type: pkg_list, data: {chrony: null}}]
";

/// The text of a site with `nodes` nodes, fewer than four million.
pub(crate) fn site(nodes: u64) -> String {
    // A node is about this long; grown, the text would take twice the memory for a moment.
    let expected = usize::try_from(nodes).unwrap_or_default().saturating_mul(620);
    let mut text = String::with_capacity(COMMON.len().saturating_add(expected));
    text.push_str(COMMON);
    for rack in 0..nodes.div_ceil(RACK) {
        let row = if rack % 2 == 0 { "a" } else { "b" };
        let labels = format!("{{location: {{grid: A{rack}}}, labels: {{row: {row}}}}}");
        write_document(&mut text, "Rack", &format!("rack{rack}"), &labels);
    }
    for node in 0..nodes {
        let (rack, place) = (node / RACK, node % RACK);
        let profile = if place == 0 { "control" } else { "compute" };
        let [_, high, middle, low] = u32::try_from(node).unwrap_or_default().to_be_bytes();
        let address = |network: u8| Ipv4Addr::new(network, high.saturating_add(1), middle, low);
        let body = format!(
            "\n  host_profile: {profile}\n  addressing:\n    - {{network: oob, address: {}}}\n    \
             - {{network: pxe, address: dhcp}}\n    - {{network: mgmt, address: {}}}\n    \
             - {{network: storage, address: {}}}\n  metadata:\n    rack: rack{rack}\n    \
             boot_mac: '52:54:00:{high:02x}:{middle:02x}:{low:02x}'\n    tags: [place{place}]",
            address(10),
            address(12),
            address(13),
        );
        write_document(&mut text, "BaremetalNode", &format!("r{rack}n{place:02}"), &body);
    }
    text
}

fn write_document(text: &mut String, kind: &str, name: &str, body: &str) {
    let metadata = format!("{{schema: metadata/Document/v1, name: {name}, storagePolicy: cleartext}}");
    // Writing to a string does not fail.
    let _always_ok = write!(text, "---\nschema: drydock/{kind}/v1\nmetadata: {metadata}\ndata: {body}\n");
}
