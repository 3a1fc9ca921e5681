//! DD5006: the rack that a node stands in has a document.

use super::context::{Context, Told, at};
use crate::ingest::did_you_mean;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let racks = &context.design.racks;
    for node in &context.nodes {
        let Some(rack) = node.settings.metadata.rack.value().filter(|rack| !racks.contains_key(*rack)) else {
            continue;
        };
        let known: Vec<_> = racks.keys().map(String::as_str).collect();
        told.warning(
            [&at(node, &[&"metadata", &"rack"]) as _],
            format!("Node {} stands in rack {rack}, of which there is no document.", node.document.name),
            format!("Add the Rack document, or correct the name{}", did_you_mean(rack, &known)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document, node};

    #[test]
    fn the_rack_of_a_node_exists() {
        for (metadata, expected) in [
            ("rack: rack1", &[][..]),
            ("rack: '!'", &[]),
            ("", &[]),
            (
                "rack: rack2",
                &["warning BaremetalNode/n1: Node n1 stands in rack rack2, of which there is no document."],
            ),
        ] {
            let source = document("Rack", "rack1", "") + &node(&format!("metadata: {{{metadata}}}"));
            check(rule, &source, expected);
        }
    }
}
