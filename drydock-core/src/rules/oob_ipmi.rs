//! DD4001: a node that is reached by IPMI has an address to be reached at, and an account.

use super::context::{Context, Told};
use crate::design::{NodeAddress, OobType};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        let oob = &node.settings.oob;
        if oob.kind.value() != Some(&OobType::Ipmi) {
            continue;
        }
        let name = &node.document.name;
        for (parameter, is_there) in [
            ("account", oob.account.as_ref().is_some_and(|account| !account.is_empty())),
            ("credential", oob.credential.is_some()),
            ("network", oob.network.is_some()),
        ] {
            if !is_there {
                told.error(
                    [node as _],
                    format!("OOB parameter {parameter} for IPMI node {name} missing."),
                    format!("Define OOB parameter {parameter}"),
                );
            }
        }
        let has_address = node.document.addressing.iter().any(|entry| {
            Some(&entry.network) == oob.network.as_ref() && matches!(entry.address, NodeAddress::Static(_))
        });
        if !has_address {
            told.error(
                [node as _],
                format!("OOB address missing for IPMI node {name}."),
                "Provide address to node OOB interface.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_bmc_has_an_account_and_an_address() {
        const ADDRESS: &str = "error BaremetalNode/n1: OOB address missing for IPMI node n1.";
        const ACCOUNT: &str = "error BaremetalNode/n1: OOB parameter account for IPMI node n1 missing.";
        const CREDENTIAL: &str = "error BaremetalNode/n1: OOB parameter credential for IPMI node n1 missing.";
        const NETWORK: &str = "error BaremetalNode/n1: OOB parameter network for IPMI node n1 missing.";
        for (oob, address, expected) in [
            ("type: ipmi, network: oob, account: a, credential: b", "10.0.0.1", &[][..]),
            ("type: manual", "10.0.0.1", &[]),
            ("type: ipmi", "10.0.0.1", &[ACCOUNT, CREDENTIAL, NETWORK, ADDRESS]),
            ("type: ipmi, network: oob, account: '', credential: b", "10.0.0.1", &[ACCOUNT]),
            ("type: ipmi, network: oob, account: a, credential: b", "dhcp", &[ADDRESS]),
            ("type: ipmi, network: mgmt, account: a, credential: b", "10.0.0.1", &[ADDRESS]),
        ] {
            let body = format!("addressing: [{{network: oob, address: {address}}}], oob: {{{oob}}}");
            check(rule, &document("BaremetalNode", "n1", &body), expected);
        }
    }
}
