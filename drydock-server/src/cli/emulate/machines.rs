//! The machines that a site describes, as the emulator plays them.

use std::net::SocketAddr;

use drydock_core::design::{EffectiveNode, EffectiveOob, Site};
use drydock_drivers::emulator::MachineSpec;

use crate::cli::failure::Failure;

/// The port of IPMI over LAN (IPMI 2.0, section 13.1.2).
const IPMI_PORT: u16 = 623;

/// A machine for each node. The failure names every node that cannot be played.
pub(super) fn of(site: &Site) -> Result<Vec<MachineSpec>, Failure> {
    let (mut machines, mut refused) = (Vec::new(), Vec::new());
    for node in site.nodes().values() {
        match machine(node) {
            Ok(machine) => machines.push(machine),
            Err(why) => refused.push(format!("{} {why}", node.name)),
        }
    }
    if !refused.is_empty() {
        return Err(Failure::failed(format!("cannot emulate the site: {}", refused.join("; "))));
    }
    if machines.is_empty() {
        return Err(Failure::failed("cannot emulate the site: it has no node"));
    }
    Ok(machines)
}

fn machine(node: &EffectiveNode) -> Result<MachineSpec, String> {
    let bmc = match &node.oob {
        EffectiveOob::Ipmi(bmc) => bmc,
        other @ (EffectiveOob::Redfish(_) | EffectiveOob::Libvirt { .. } | EffectiveOob::Manual) => {
            return Err(format!(
                "has out-of-band access of type {}, only ipmi can be emulated",
                other.kind()
            ));
        }
    };
    // An emulator that answered for a real address would be a trap for whoever works on the real site.
    if !bmc.address.is_loopback() {
        return Err(format!(
            "has its BMC at {}, only loopback addresses (127.0.0.0/8) can be emulated",
            bmc.address
        ));
    }
    let boot_mac = node.boot_mac.ok_or("has no boot_mac, by which a MAAS knows it")?;
    Ok(MachineSpec {
        name: node.name.as_str().to_owned(),
        boot_mac: boot_mac.to_string(),
        bmc: SocketAddr::new(bmc.address, bmc.port.unwrap_or(IPMI_PORT)),
        account: bmc.account.clone(),
        credential: bmc.credential.clone(),
    })
}
