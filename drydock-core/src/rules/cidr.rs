//! DD2006: the address of a network is that of the network, and not that of a host in it.

use super::context::{Context, Told, at};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    if context.design.networks.is_empty() {
        told.warning([], "No networks found.", "Site design likely incomplete without defined networks");
    }
    for network in context.design.networks.values() {
        let network_address = network.cidr.trunc();
        if network.cidr != network_address {
            told.error(
                [&at(network, &[&"cidr"]) as _],
                format!("The provided CIDR {} has host bits set", network.cidr),
                format!("Provide a CIDR acceptable by MAAS: {network_address}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_network_has_no_host_bits() {
        for (cidr, expected) in [
            ("10.0.0.0/24", &[][..]),
            ("10.0.0.4/32", &[]),
            ("'fd00:1::/64'", &[]),
            ("10.0.0.4/24", &["error Network/a: The provided CIDR 10.0.0.4/24 has host bits set"]),
            ("'fd00:1::1/64'", &["error Network/a: The provided CIDR fd00:1::1/64 has host bits set"]),
        ] {
            check(rule, &document("Network", "a", &format!("cidr: {cidr}")), expected);
        }
        check(rule, "", &["warning: No networks found."]);
    }
}
