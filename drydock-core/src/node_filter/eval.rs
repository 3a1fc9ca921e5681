//! A filter and a site make a list of nodes.

use std::collections::{BTreeMap, HashSet};

use indexmap::IndexMap;

use super::{Combine, NodeFilter, NodeSet};
use crate::NodeName;
use crate::design::{EffectiveNode, Site};

pub(super) fn select(filter: &NodeFilter, site: &Site) -> Vec<NodeName> {
    // Lists of names are long when they are the outcome of an earlier step: look them up, do not walk them.
    let names: Vec<HashSet<&str>> =
        filter.filter_set.iter().map(|set| set.node_names.iter().map(String::as_str).collect()).collect();
    let selected = |node: &EffectiveNode| {
        let entries = filter.filter_set.iter().zip(&names);
        let mut verdicts = entries.filter_map(|(set, names)| set.verdict(names, node, site));
        match filter.filter_set_type {
            Combine::Union => verdicts.any(|verdict| verdict),
            Combine::Intersection => verdicts.all(|verdict| verdict),
        }
    };
    site.nodes().values().filter(|node| selected(node)).map(|node| node.name.clone()).collect()
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
    fn verdict(&self, names: &HashSet<&str>, node: &EffectiveNode, site: &Site) -> Option<bool> {
        let rack = node.rack.as_ref();
        let rack_labels = rack.and_then(|rack| site.design().racks.get(rack)).map(|rack| &rack.labels);
        let criteria = [
            (!names.is_empty()).then(|| names.contains(node.name.as_str())),
            (!self.node_tags.is_empty()).then(|| self.node_tags.iter().any(|tag| node.tags.contains(tag))),
            (!self.node_labels.is_empty())
                .then(|| self.labels_match(&self.node_labels, Some(&node.owner_data))),
            (!self.rack_names.is_empty()).then(|| rack.is_some_and(|rack| self.rack_names.contains(rack))),
            (!self.rack_labels.is_empty()).then(|| self.labels_match(&self.rack_labels, rack_labels)),
        ];
        let mut given = criteria.into_iter().flatten();
        match self.filter_type {
            Combine::Union => Some(given.any(|verdict| verdict)),
            Combine::Intersection if self.has_criteria() => Some(given.all(|verdict| verdict)),
            Combine::Intersection => None,
        }
    }

    /// Of a union any pair must match, of an intersection all.
    fn labels_match(
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
