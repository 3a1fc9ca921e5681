//! DD5002: an address of a network is for one purpose.

use super::context::{Context, Told, at};
use crate::design::{Network, NetworkRange, RangeKind};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for network in context.design.networks.values() {
        overlaps(network, told);
    }
}

/// Goes through the ranges by their beginning. Of each kind only the range that reaches farthest can overlap what comes,
/// so each range is told at most once per kind, however many there are.
fn overlaps(network: &Network, told: &mut Told) {
    let mut ranges: Vec<&NetworkRange> = network.ranges.iter().filter(|range| range.is_ordered()).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut farthest: Vec<&NetworkRange> = Vec::new();
    for range in ranges {
        for before in farthest.iter().filter(|before| before.overlaps(range)) {
            tell(network, before, range, told);
        }
        match farthest.iter_mut().find(|before| before.kind == range.kind) {
            Some(before) if before.end < range.end => *before = range,
            Some(_) => {}
            None => farthest.push(range),
        }
    }
}

fn tell(network: &Network, one: &NetworkRange, other: &NetworkRange, told: &mut Told) {
    let text = format!("The ranges {one} and {other} of {} overlap.", network.name);
    let advice = "Give each address to one range only.";
    let index = network.ranges.iter().position(|range| std::ptr::eq(range, other)).unwrap_or_default();
    // Addresses that a DHCP server hands out, and that somebody else has: two servers with one address.
    if (one.kind == RangeKind::Dhcp) == (other.kind == RangeKind::Dhcp) {
        told.warning([&at(network, &[&"ranges", &index]) as _], text, advice);
    } else {
        told.error([&at(network, &[&"ranges", &index]) as _], text, advice);
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn ranges_of_a_network_are_apart() {
        for (ranges, expected) in [
            (&["static 10.0.0.1 10.0.0.9", "dhcp 10.0.0.10 10.0.0.20"][..], &[][..]),
            (&["static fd00::1 fd00::9", "dhcp fd00::a fd00::ffff"], &[]),
            (
                &["dhcp 10.0.0.9 10.0.0.20", "static 10.0.0.1 10.0.0.9"],
                &[
                    "error Network/a: The ranges static 10.0.0.1-10.0.0.9 and dhcp 10.0.0.9-10.0.0.20 of a overlap.",
                ],
            ),
            (
                &["static fd00::1 fd00::9", "reserved fd00::5 fd00::5"],
                &[
                    "warning Network/a: The ranges static fd00::1-fd00::9 and reserved fd00::5-fd00::5 of a overlap.",
                ],
            ),
            (
                &["dhcp 10.0.0.1 10.0.0.9", "dhcp 10.0.0.1 10.0.0.9"],
                &["warning Network/a: The ranges dhcp 10.0.0.1-10.0.0.9 and dhcp 10.0.0.1-10.0.0.9"],
            ),
            // The one that reaches farthest is found behind a short one, and each kind by itself.
            (
                &["static 10.0.0.1 10.0.0.99", "reserved 10.0.0.2 10.0.0.3", "dhcp 10.0.0.50 10.0.0.60"],
                &[
                    "warning Network/a: The ranges static 10.0.0.1-10.0.0.99 and reserved 10.0.0.2-10.0.0.3",
                    "error Network/a: The ranges static 10.0.0.1-10.0.0.99 and dhcp 10.0.0.50-10.0.0.60",
                ],
            ),
            // The wrong way round: another rule's matter.
            (&["static 10.0.0.9 10.0.0.1", "dhcp 10.0.0.5 10.0.0.6"], &[]),
        ] {
            let ranges: Vec<_> = ranges.iter().map(|range| range.split(' ').collect::<Vec<_>>()).collect();
            let ranges: Vec<_> = ranges
                .iter()
                .map(|words| format!("{{type: {}, start: '{}', end: '{}'}}", words[0], words[1], words[2]))
                .collect();
            let body = format!("cidr: 10.0.0.0/24, ranges: [{}]", ranges.join(", "));
            check(rule, &document("Network", "a", &body), expected);
        }
    }
}
