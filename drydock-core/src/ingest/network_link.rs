//! Reads the bodies of `NetworkLink` documents.

use super::fields::{Fields, Findings};
use super::network::MTU_MAX;
use crate::design::{Bonding, BondingMode, NetworkLink, Origin, TrunkingMode};

/// The MTU of links that name none, in bytes, as v1.0 has it.
const DEFAULT_MTU: u32 = 1500;

pub(super) fn link(found: &mut Findings, name: &str, origin: Origin, data: &Fields<'_>) -> NetworkLink {
    if data.is_missing("allowed_networks") {
        data.problem(
            found,
            "allowed_networks",
            "is missing: write the list of the networks that the link may carry",
        );
    }
    let (trunking, default_network) =
        data.map(found, "trunking").map(|map| trunking(found, &map)).unwrap_or_default();
    let link = NetworkLink {
        name: name.to_owned(),
        origin,
        bonding: data.map(found, "bonding").map(|map| bonding(found, &map)).unwrap_or_default(),
        mtu: data.number(found, "mtu", MTU_MAX).unwrap_or(DEFAULT_MTU),
        linkspeed: data.text(found, "linkspeed").unwrap_or_else(|| "auto".to_owned()),
        trunking,
        default_network,
        allowed_networks: data.texts(found, "allowed_networks"),
        labels: data.text_map(found, "labels"),
    };
    data.no_others(found);
    link
}

fn bonding(found: &mut Findings, map: &Fields<'_>) -> Bonding {
    let modes = [
        ("disabled", BondingMode::Disabled),
        ("802.3ad", BondingMode::Lacp),
        ("balance-rr", BondingMode::BalanceRr),
        // As the code of v1.0 spells it.
        ("balanced-rr", BondingMode::BalanceRr),
        ("active-backup", BondingMode::ActiveBackup),
    ];
    let bonding = Bonding {
        mode: map.choice(found, "mode", &modes).unwrap_or_default(),
        hash: map.text(found, "hash"),
        peer_rate: map.text(found, "peer_rate"),
        mon_rate: map.number(found, "mon_rate", u32::MAX),
        up_delay: map.number(found, "up_delay", u32::MAX),
        down_delay: map.number(found, "down_delay", u32::MAX),
    };
    map.no_others(found);
    bonding
}

fn trunking(found: &mut Findings, map: &Fields<'_>) -> (TrunkingMode, Option<String>) {
    let modes = [("disabled", TrunkingMode::Disabled), ("802.1q", TrunkingMode::Dot1q)];
    let mode = map.choice(found, "mode", &modes).unwrap_or_default();
    let default_network = map.text(found, "default_network");
    map.no_others(found);
    (mode, default_network)
}
