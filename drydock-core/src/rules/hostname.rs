//! DD3003: a node's full name is one that DNS can hold.

use super::context::{Context, Told};

/// Octets of a whole name, as v1.0 counts them.
const NAME_MAX: usize = 255;
/// Octets between two dots (RFC 1035).
const LABEL_MAX: usize = 63;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        let fqdn = &node.fqdn;
        if fqdn.len() > NAME_MAX {
            told.error(
                [node as _],
                format!("FQDN {fqdn} is invalid, greater than {NAME_MAX} characters."),
                "RFC 1035 requires full DNS names to be < 256 characters.",
            );
        }
        for label in fqdn.split('.').filter(|label| !is_label(label)) {
            told.error(
                [node as _],
                format!("FQDN {fqdn} is invalid - label '{label}' is invalid."),
                "RFC 1035 requires each label in a DNS name to be <= 63 characters and contain only A-Z, a-z, 0-9, \
                 and hyphens.",
            );
        }
    }
}

fn is_label(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LABEL_MAX).contains(&text.len()) && text.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn names_are_those_of_dns() {
        let site = |name: &str, domain: &str| {
            let body = "addressing: [{network: a, address: dhcp}], primary_network: a";
            document("Network", "a", &format!("cidr: 10.0.0.0/24, dns: {{domain: '{domain}'}}"))
                + &document("BaremetalNode", name, body)
        };
        check(rule, &site("n-1", "Yard.example.net"), &[]);
        check(
            rule,
            &site("n__1", "yard.example.net"),
            &["error BaremetalNode/n__1: FQDN n__1.yard.example.net is invalid - label 'n__1' is invalid."],
        );
        check(
            rule,
            &site("n1", "yard..net"),
            &["error BaremetalNode/n1: FQDN n1.yard..net is invalid - label ''"],
        );
        check(rule, &site("n1", &"x".repeat(63)), &[]);
        let long = "x".repeat(64);
        check(
            rule,
            &site("n1", &long),
            &[&format!("error BaremetalNode/n1: FQDN n1.{long} is invalid - label")],
        );
        check(rule, &site("n1", &["y"; 126].join(".")), &[]);
        let long = ["y"; 127].join(".");
        check(
            rule,
            &site("n1", &long),
            &[&format!("error BaremetalNode/n1: FQDN n1.{long} is invalid, greater than 255 characters.")],
        );
        check(rule, &document("BaremetalNode", "n1", "addressing: [{network: a, address: dhcp}]"), &[]);
    }
}
