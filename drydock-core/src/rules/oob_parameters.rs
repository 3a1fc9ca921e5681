//! DD5008: out-of-band access has the parameters that its type knows.

use super::context::{Context, Told};
use crate::design::OobType;
use crate::ingest::did_you_mean;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        let oob = &node.settings.oob;
        let Some(kind) = oob.kind.value() else { continue };
        let name = &node.document.name;
        // That it is there is asked when the design is resolved.
        if *kind == OobType::Redfish && oob.account.as_ref().is_some_and(String::is_empty) {
            told.warning(
                [node as _],
                format!("OOB parameter account for {kind} node {name} is empty."),
                "Define OOB parameter account",
            );
        }
        // The value of a parameter is not shown: it may be a password under a misspelt name.
        for parameter in
            oob.parameters.0.keys().filter(|parameter| !known(*kind).contains(&parameter.as_str()))
        {
            let words: Vec<_> =
                ["account", "credential", "network"].iter().chain(known(*kind)).copied().collect();
            told.warning(
                [node as _],
                format!("OOB parameter {parameter} of node {name} is not known for type {kind}, and has no effect."),
                format!("Drop the parameter, or correct its name{}", did_you_mean(parameter, &words)),
            );
        }
    }
}

/// The parameters beside the network, the account and the credential.
const fn known(kind: OobType) -> &'static [&'static str] {
    match kind {
        OobType::Ipmi | OobType::Redfish => &["port"],
        OobType::Libvirt => &["libvirt_uri"],
        OobType::Manual => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, node};

    #[test]
    fn parameters_are_those_of_the_type() {
        for (oob, expected) in [
            ("type: ipmi, network: o, account: a, credential: c, port: 6230", &[][..]),
            ("type: redfish, network: o, account: a, credential: c, port: 443", &[]),
            ("type: libvirt, libvirt_uri: qemu+ssh://host/system", &[]),
            ("type: manual", &[]),
            ("prot: 1", &[]),
            (
                "type: ipmi, prot: 1",
                &["warning BaremetalNode/n1: OOB parameter prot of node n1 is not known for type ipmi"],
            ),
            (
                "type: ipmi, credentail: hush",
                &["warning BaremetalNode/n1: OOB parameter credentail of node n1 "],
            ),
            (
                "type: ipmi, libvirt_uri: x",
                &["warning BaremetalNode/n1: OOB parameter libvirt_uri of node n1 "],
            ),
            ("type: libvirt, port: 7", &["warning BaremetalNode/n1: OOB parameter port of node n1 "]),
            ("type: manual, port: 7", &["warning BaremetalNode/n1: OOB parameter port of node n1 "]),
            (
                "type: redfish, network: o, account: ''",
                &["warning BaremetalNode/n1: OOB parameter account for redfish node n1 is empty."],
            ),
        ] {
            check(rule, &node(&format!("oob: {{{oob}}}")), expected);
        }
    }
}
