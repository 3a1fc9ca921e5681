//! DD5013: a route leads somewhere, in the version of IP of its gateway.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::context::{Context, Told, at};
use crate::design::Route;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let networks = &context.design.networks;
    let domains: BTreeSet<&str> = networks.values().filter_map(|it| it.routedomain.as_deref()).collect();
    for network in networks.values() {
        for (index, route) in network.routes.iter().enumerate() {
            if let Some((text, advice)) = wrong(&domains, route) {
                let text = format!("Route {} of {} {text}.", index + 1, network.name);
                told.warning([&at(network, &[&"routes", &index]) as _], text, advice);
            }
        }
    }
}

fn wrong(domains: &BTreeSet<&str>, route: &Route) -> Option<(String, &'static str)> {
    let Some(subnet) = route.subnet else {
        let Some(domain) = &route.routedomain else {
            let text = "has neither a subnet nor a routedomain".to_owned();
            return Some((text, "Write the subnet that it leads to, or the route domain."));
        };
        return (!domains.contains(domain.as_str())).then(|| {
            let text = format!("leads to the route domain {domain}, in which there is no network");
            (text, "Correct the name, or put networks into the domain.")
        });
    };
    let other_version = |gateway: &IpAddr| gateway.is_ipv4() != subnet.addr().is_ipv4();
    if let Some(gateway) = route.gateway.filter(other_version) {
        let text = format!("leads to {subnet} over {gateway}, which is of the other version of IP");
        return Some((text, "Write a gateway of the subnet's version of IP."));
    }
    (subnet != subnet.trunc()).then(|| {
        let text = format!("leads to {subnet}, which has host bits set; the subnet is {}", subnet.trunc());
        (text, "Write the address of the subnet, not of a host in it.")
    })
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_route_leads_somewhere() {
        for (route, expected) in [
            ("subnet: 0.0.0.0/0, gateway: 10.0.0.1", &[][..]),
            ("subnet: '::/0', gateway: 'fe80::1'", &[]),
            ("subnet: 10.0.1.0/24", &[]),
            ("routedomain: d, gateway: 10.0.0.1", &[]),
            (
                "gateway: 10.0.0.1",
                &["warning Network/a: Route 1 of a has neither a subnet nor a routedomain."],
            ),
            (
                "routedomain: e",
                &[
                    "warning Network/a: Route 1 of a leads to the route domain e, in which there is no network.",
                ],
            ),
            (
                "subnet: '::/0', gateway: 10.0.0.1",
                &[
                    "warning Network/a: Route 1 of a leads to ::/0 over 10.0.0.1, which is of the other version of IP.",
                ],
            ),
            (
                "subnet: 10.1.2.3/16, gateway: 10.0.0.1",
                &[
                    "warning Network/a: Route 1 of a leads to 10.1.2.3/16, which has host bits set; the subnet is 10.1.0.0/16.",
                ],
            ),
        ] {
            let source = document("Network", "a", &format!("cidr: 10.0.0.0/24, routes: [{{{route}}}]"))
                + &document("Network", "b", "cidr: 10.0.1.0/24, routedomain: d");
            check(rule, &source, expected);
        }
    }
}
