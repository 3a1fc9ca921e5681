//! DD5001: a range begins before it ends, and is a part of its network.

use super::context::{Context, Told, at};
use crate::design::{Network, NetworkRange, RangeKind};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for network in context.design.networks.values() {
        for (index, range) in network.ranges.iter().enumerate() {
            if let Some((text, advice)) = wrong(network, range) {
                // What a DHCP server hands out from such a range works nowhere, or belongs to somebody else.
                let range_itself = at(network, &[&"ranges", &index]);
                match range.kind {
                    RangeKind::Dhcp => told.error([&range_itself as _], text, advice),
                    RangeKind::Static | RangeKind::Reserved => {
                        told.warning([&range_itself as _], text, advice);
                    }
                }
            }
        }
    }
}

fn wrong(network: &Network, range: &NetworkRange) -> Option<(String, &'static str)> {
    let cidr = network.cidr;
    if range.start.is_ipv4() != range.end.is_ipv4() {
        let text = format!("The range {range} begins in one version of IP and ends in the other.");
        Some((text, "Write both addresses of the range in the version of the network's cidr."))
    } else if !range.is_ordered() {
        Some((format!("The range {range} ends before it begins."), "Exchange start and end."))
    } else if !cidr.contains(&range.start) || !cidr.contains(&range.end) {
        let text = format!("The range {range} is not within the defined CIDR: {cidr} of {}.", network.name);
        Some((text, "Correct the range, or the network's prefix length."))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_range_is_a_part_of_its_network() {
        for (cidr, range, expected) in [
            ("10.0.0.0/24", "static, start: 10.0.0.0, end: 10.0.0.255", &[][..]),
            ("10.0.0.0/24", "static, start: 10.0.0.9, end: 10.0.0.9", &[]),
            ("'fd00::/64'", "dhcp, start: 'fd00::1:0', end: 'fd00::1:ffff'", &[]),
            (
                "10.0.0.0/24",
                "static, start: 10.0.0.9, end: 10.0.1.0",
                &[
                    "warning Network/a: The range static 10.0.0.9-10.0.1.0 is not within the defined CIDR: 10.0.0.0/24",
                ],
            ),
            (
                "10.0.0.0/24",
                "dhcp, start: 10.0.1.9, end: 10.0.1.10",
                &["error Network/a: The range dhcp 10.0.1.9-10.0.1.10 is not within the defined CIDR"],
            ),
            (
                "'fd00::/64'",
                "dhcp, start: 'fd00::1', end: 'fd00:0:0:1::1'",
                &[
                    "error Network/a: The range dhcp fd00::1-fd00:0:0:1::1 is not within the defined CIDR: fd00::/64",
                ],
            ),
            (
                "10.0.0.0/24",
                "reserved, start: 10.0.0.9, end: 10.0.0.8",
                &["warning Network/a: The range reserved 10.0.0.9-10.0.0.8 ends before it begins."],
            ),
            (
                "10.0.0.0/24",
                "static, start: 10.0.0.9, end: 'fd00::1'",
                &["warning Network/a: The range static 10.0.0.9-fd00::1 begins in one version of IP"],
            ),
        ] {
            let body = format!("cidr: {cidr}, ranges: [{{type: {range}}}]");
            check(rule, &document("Network", "a", &body), expected);
        }
    }
}
