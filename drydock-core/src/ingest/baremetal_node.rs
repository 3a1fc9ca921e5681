//! Reads the bodies of `BaremetalNode` documents.

use super::fields::{Fields, Findings, quoted};
use super::host::settings;
use super::notation::ADDRESS_OR_DHCP;
use super::shape::Shape;
use super::tree::Mark;
use crate::NodeName;
use crate::design::{Addressing, BaremetalNode, Form, NodeAddress, Origin};

/// None for a node whose name is none, which is told; without a name nothing is told again.
pub(super) fn baremetal_node(
    found: &mut Findings,
    name: &str,
    (origin, form): (Origin, Form),
    data: &Fields<'_>,
) -> Option<BaremetalNode> {
    let (settings, boot_mac) = settings(found, data);
    let addressing = addressing(found, data);
    data.no_others(found);
    if name.is_empty() {
        return None;
    }
    match NodeName::new(name) {
        Ok(name) => Some(BaremetalNode { name, origin, form, settings, addressing, boot_mac }),
        Err(problem) => {
            let text =
                format!("{problem}: use letters, digits, `-`, `_` and `.`, beginning with a letter or digit");
            found.problem(Some(Mark { line: origin.line, column: origin.column }), "metadata.name", text);
            None
        }
    }
}

/// The node's addresses.
fn addressing(found: &mut Findings, data: &Fields<'_>) -> Vec<Addressing> {
    if data.is_missing_or_empty("addressing") {
        data.problem(
            found,
            "addressing",
            "a node needs at least one address: write a list of entries with `network` and `address`",
        );
    }
    let entries = data.maps(found, "addressing");
    entries.iter().filter_map(|entry| address(found, entry)).collect()
}

fn address(found: &mut Findings, entry: &Fields<'_>) -> Option<Addressing> {
    entry.known(&["network", "address"]);
    entry.warn_of_others(found);
    let network = entry.text(found, "network");
    let network = entry.required(found, "network", "<name of a network>", network);
    let written = entry.text(found, "address");
    entry.is("address", || Shape::Pattern(ADDRESS_OR_DHCP));
    let written = entry.required(found, "address", "<IP address, or dhcp>", written)?;
    let address = match written.trim() {
        word if word.eq_ignore_ascii_case("dhcp") => NodeAddress::Dhcp,
        text => {
            let Ok(address) = text.parse() else {
                entry.problem(
                    found,
                    "address",
                    format!("{} is not an IP address: write one such as 10.0.0.3, or dhcp", quoted(&written)),
                );
                return None;
            };
            NodeAddress::Static(address)
        }
    };
    Some(Addressing { network: network?, address })
}
