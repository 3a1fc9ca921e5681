//! Whether a filter selects a node, one by one: for designs that are not resolved yet. [`index`](super::index) is for many.

use std::collections::{BTreeMap, HashSet};

use indexmap::IndexMap;

use super::{Combine, NodeFilter, NodeSet};
use crate::design::{Design, EffectiveNode, ResolvedNode};

/// What a filter looks at in a node.
pub(crate) struct Subject<'n> {
    name: &'n str,
    tags: &'n [String],
    owner_data: &'n IndexMap<String, String>,
    rack: Option<&'n String>,
    /// The labels of its rack, if that has a document.
    rack_labels: Option<&'n IndexMap<String, String>>,
}

impl<'n> Subject<'n> {
    pub(crate) fn of(node: &'n EffectiveNode, design: &'n Design) -> Self {
        Self {
            name: node.name.as_str(),
            tags: &node.tags,
            owner_data: &node.owner_data,
            rack: node.rack.as_ref(),
            rack_labels: rack_labels(node.rack.as_ref(), design),
        }
    }

    /// A node of a design that may be broken elsewhere.
    pub(crate) fn resolved(node: &'n ResolvedNode<'_>, design: &'n Design) -> Self {
        let metadata = &node.settings.metadata;
        Self {
            name: node.document.name.as_str(),
            tags: &metadata.tags.add,
            owner_data: &metadata.owner_data.set,
            rack: metadata.rack.value(),
            rack_labels: rack_labels(metadata.rack.value(), design),
        }
    }
}

fn rack_labels<'d>(rack: Option<&String>, design: &'d Design) -> Option<&'d IndexMap<String, String>> {
    rack.and_then(|rack| design.racks.get(rack)).map(|rack| &rack.labels)
}

/// A filter, ready to look at many nodes.
pub(crate) struct Selector<'f> {
    filter: &'f NodeFilter,
    /// Lists of names are long when they are the outcome of an earlier step: they are looked up, not walked.
    names: Vec<HashSet<&'f str>>,
}

impl<'f> Selector<'f> {
    pub(crate) fn new(filter: &'f NodeFilter) -> Self {
        let names = filter.filter_set.iter();
        let names = names.map(|set| set.node_names.iter().map(String::as_str).collect()).collect();
        Self { filter, names }
    }

    pub(crate) fn selects(&self, node: &Subject<'_>) -> bool {
        let entries = self.filter.filter_set.iter().zip(&self.names);
        let mut verdicts = entries.filter_map(|(set, names)| set.verdict(names, node));
        match self.filter.filter_set_type {
            Combine::Union => verdicts.any(|verdict| verdict),
            Combine::Intersection => verdicts.all(|verdict| verdict),
        }
    }
}

impl NodeSet {
    fn has_criteria(&self) -> bool {
        !(self.node_names.is_empty()
            && self.node_tags.is_empty()
            && self.node_labels.is_empty()
            && self.rack_names.is_empty()
            && self.rack_labels.is_empty())
    }

    /// Whether it says nothing about any node.
    pub(super) fn is_neutral(&self) -> bool {
        self.filter_type == Combine::Intersection && !self.has_criteria()
    }

    /// Whether the entry selects the node; `None` if it is neutral.
    fn verdict(&self, names: &HashSet<&str>, node: &Subject<'_>) -> Option<bool> {
        let criteria = [
            (!names.is_empty()).then(|| names.contains(node.name)),
            (!self.node_tags.is_empty()).then(|| self.node_tags.iter().any(|tag| node.tags.contains(tag))),
            (!self.node_labels.is_empty())
                .then(|| self.labels_match(&self.node_labels, Some(node.owner_data))),
            (!self.rack_names.is_empty())
                .then(|| node.rack.is_some_and(|rack| self.rack_names.contains(rack))),
            (!self.rack_labels.is_empty()).then(|| self.labels_match(&self.rack_labels, node.rack_labels)),
        ];
        let mut given = criteria.into_iter().flatten();
        match self.filter_type {
            Combine::Union => Some(given.any(|verdict| verdict)),
            Combine::Intersection if self.has_criteria() => Some(given.all(|verdict| verdict)),
            Combine::Intersection => None,
        }
    }

    /// Of a union any pair must match, of an intersection all.
    pub(super) fn labels_match(
        &self,
        wanted: &BTreeMap<String, String>,
        labels: Option<&IndexMap<String, String>>,
    ) -> bool {
        let matches =
            |(key, value): (&String, &String)| labels.and_then(|labels| labels.get(key)) == Some(value);
        match self.filter_type {
            Combine::Union => wanted.iter().any(matches),
            Combine::Intersection => wanted.iter().all(matches),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use serde_json::json;

    use super::*;
    use crate::design::Site;
    use crate::ingest::{SourceFile, ingest};

    const WORDS: [&str; 4] = ["a", "b", "c", "d"];

    /// Nodes with some of few tags, labels and racks; racks `a` and `b` have documents.
    fn site(nodes: &[(Vec<&str>, &str, &str)]) -> Site {
        let mut source = "schema: drydock/HardwareProfile/v1\nmetadata: {name: h}\ndata: {}\n".to_owned();
        for (rack, label) in [("a", "c"), ("b", "d")] {
            let document = format!(
                "---\nschema: drydock/Rack/v1\nmetadata: {{name: {rack}}}\ndata: {{labels: {{a: {label}, b: x}}}}\n"
            );
            source.push_str(&document);
        }
        for (place, (tags, label, rack)) in nodes.iter().enumerate() {
            let document = format!(
                "---\nschema: drydock/BaremetalNode/v1\nmetadata: {{name: n{place}}}\ndata:\n  hardware_profile: h\n  \
                 oob: {{type: manual}}\n  addressing: [{{network: x, address: dhcp}}]\n  metadata: {{tags: [{}], \
                 owner_data: {{a: {label}, {label}: b}}, rack: {rack}}}\n",
                tags.join(", ")
            );
            source.push_str(&document);
        }
        Site::new(ingest(&[SourceFile { name: "s", bytes: source.as_bytes() }]).unwrap().design).unwrap()
    }

    fn entry() -> impl Strategy<Value = serde_json::Value> {
        let words = || subsequence(WORDS.to_vec(), 0..=2);
        let labels =
            || prop::collection::btree_map(select(&WORDS[..]), select(&["b", "c", "d", "x"][..]), 0..=2);
        let kind = select(&["union", "intersection"][..]);
        let names = subsequence(vec!["n0", "n1", "n2", "n70", "none"], 0..=3);
        (kind, names, words(), labels(), words(), labels()).prop_map(
            |(kind, names, tags, own, racks, of_rack)| {
                json!({"filter_type": kind, "node_names": names, "node_tags": tags, "node_labels": own,
                   "rack_names": racks, "rack_labels": of_rack})
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Both ways to select say the same of every site and every filter.
        #[test]
        fn the_index_selects_what_each_node_says(
            nodes in prop::collection::vec(
                (subsequence(WORDS.to_vec(), 0..=3), select(&WORDS[..]), select(&WORDS[..])), 0..80),
            filters in prop::collection::vec((select(&["union", "intersection"][..]), prop::collection::vec(entry(), 1..4)), 8),
        ) {
            let site = site(&nodes);
            for (kind, entries) in filters {
                let Ok(filter) = NodeFilter::from_json(&json!({"filter_set_type": kind, "filter_set": entries})) else {
                    continue;
                };
                let selector = Selector::new(&filter);
                let one_by_one = site.nodes().values().filter(|node| selector.selects(&Subject::of(node, site.design())));
                let expected: Vec<_> = one_by_one.map(|node| &node.name).collect();
                prop_assert_eq!(filter.select(&site), expected, "{:?}", filter);
            }
        }
    }
}
