//! DD1006: a bond has the options that its mode knows, and delays that its monitor can keep.

use super::context::{Context, Told, at};
use crate::design::{Bonding, BondingMode, NetworkLink};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for link in context.design.network_links.values() {
        match link.bonding.mode {
            BondingMode::Disabled if has_options(&link.bonding) => told.error(
                [&at(link, &[&"bonding", &"mode"]) as _],
                "If bonding mode is disabled no other bond option can be specified",
                "Enable a bonding mode or remove the bond options.",
            ),
            BondingMode::Disabled => {}
            BondingMode::Lacp => delays(link, told),
            BondingMode::BalanceRr | BondingMode::ActiveBackup => lacp_options(link, told),
        }
    }
}

fn has_options(bond: &Bonding) -> bool {
    let rates = [bond.mon_rate, bond.up_delay, bond.down_delay];
    bond.hash.is_some() || bond.peer_rate.is_some() || rates.iter().any(Option::is_some)
}

fn delays(link: &NetworkLink, told: &mut Told) {
    let bond = &link.bonding;
    for (delay, which, lower) in [(bond.up_delay_ms(), "Up", "up"), (bond.down_delay_ms(), "Down", "down")] {
        if let Some((delay, rate)) = delay.zip(bond.mon_rate_ms()).filter(|(delay, rate)| delay < rate) {
            told.error(
                [&at(link, &[&"bonding", &format!("{lower}_delay")]) as _],
                format!("{which} delay {delay} is less than mon rate {rate}"),
                format!("Link {lower} delay must be equal or greater than the mon_rate"),
            );
        }
    }
}

fn lacp_options(link: &NetworkLink, told: &mut Told) {
    let mode = link.bonding.mode.as_str();
    if link.bonding.hash.is_some() {
        told.error(
            [&at(link, &[&"bonding", &"hash"]) as _],
            format!("Hash cannot be defined if bond mode is {mode}"),
            "Hash mode is only applicable to LACP (802.3ad)",
        );
    }
    if link.bonding.peer_rate.is_some() {
        told.error(
            [&at(link, &[&"bonding", &"peer_rate"]) as _],
            format!("Peer rate cannot be defined if bond mode is {mode}"),
            "Peer rate is only applicable to LACP (802.3ad)",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_bond_has_options_of_its_mode_and_rational_delays() {
        const NONE: &str =
            "error NetworkLink/l: If bonding mode is disabled no other bond option can be specified";
        for (bonding, expected) in [
            ("mode: disabled", &[][..]),
            ("mode: disabled, mon_rate: 100", &[NONE]),
            ("hash: layer2", &[NONE]),
            ("mode: 802.3ad, hash: layer3+4, peer_rate: slow", &[]),
            ("mode: 802.3ad, mon_rate: 100, up_delay: 100, down_delay: 100", &[]),
            (
                "mode: 802.3ad, mon_rate: 300",
                &[
                    "error NetworkLink/l: Up delay 200 is less than mon rate 300",
                    "error NetworkLink/l: Down delay 200 is less than mon rate 300",
                ],
            ),
            (
                "mode: 802.3ad, down_delay: 50",
                &["error NetworkLink/l: Down delay 50 is less than mon rate 100"],
            ),
            ("mode: active-backup, mon_rate: 100", &[]),
            (
                "mode: active-backup, hash: layer2, peer_rate: fast",
                &[
                    "error NetworkLink/l: Hash cannot be defined if bond mode is active-backup",
                    "error NetworkLink/l: Peer rate cannot be defined if bond mode is active-backup",
                ],
            ),
            (
                "mode: balance-rr, hash: layer2",
                &["error NetworkLink/l: Hash cannot be defined if bond mode is balance-rr"],
            ),
        ] {
            check(
                rule,
                &document("NetworkLink", "l", &format!("bonding: {{{bonding}}}, allowed_networks: []")),
                expected,
            );
        }
    }
}
