//! Which nodes a task is for: the node filter of the v1.0 API.
//!
//! A filter combines entries, and an entry combines criteria, each by union or by intersection. Where v1.0 crashed on
//! a filter, or took it for "no nodes" without a word, the filter is refused when it is read: a [`NodeFilter`] always
//! has a meaning.
//!
//! Unlike v1.0, the labels of an intersection must all match, and `rack_labels` are looked at.

mod eval;
mod index;
mod parse;
mod pattern;
mod problem;
mod short;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use eval::{Selector, Subject};
pub(crate) use index::Index;
pub use problem::FieldProblem;
pub(crate) use problem::{joined, kind};
pub use short::{ShortFilter, Verdict};

use crate::NodeName;
use crate::design::Site;

/// A node filter. [`NodeFilter::from_json`] reads it; its serialised form is that of the v1.0 API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct NodeFilter {
    filter_set_type: Combine,
    filter_set: Vec<NodeSet>,
}

/// How parts make a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
enum Combine {
    /// What any of the parts has.
    Union,
    /// What all of the parts have.
    #[default]
    Intersection,
}

impl Combine {
    const ALL: [Self; 2] = [Self::Union, Self::Intersection];

    /// The word in documents.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Union => "union",
            Self::Intersection => "intersection",
        }
    }
}

/// One entry of a filter: criteria and how they combine. An empty criterion is as good as an absent one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
struct NodeSet {
    filter_type: Combine,
    /// Nodes with one of these names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    node_names: Vec<String>,
    /// Nodes with one of these tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    node_tags: Vec<String>,
    /// Nodes with these owner data.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    node_labels: BTreeMap<String, String>,
    /// Nodes in one of these racks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rack_names: Vec<String>,
    /// Nodes in a rack with these labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rack_labels: BTreeMap<String, String>,
}

impl NodeFilter {
    /// The words for how parts make a whole.
    pub(crate) const COMBINED: [&str; 2] = [Combine::Union.as_str(), Combine::Intersection.as_str()];

    /// Reads a filter from the v1.0 API's JSON. Fails with everything that is wrong with it.
    pub fn from_json(value: &Value) -> Result<Self, Vec<FieldProblem>> {
        parse::filter(value, "")
    }

    /// Reads the filter that stands at `path` of a larger document.
    pub(crate) fn from_json_at(value: &Value, path: &str) -> Result<Self, Vec<FieldProblem>> {
        parse::filter(value, path)
    }

    /// The filter that selects the nodes with these names; without a name, none.
    pub fn names<'n>(names: impl IntoIterator<Item = &'n NodeName>) -> Self {
        let node_names = names.into_iter().map(|name| name.as_str().to_owned()).collect();
        // A union, because one of no criteria selects no node.
        let entry = NodeSet { filter_type: Combine::Union, node_names, ..NodeSet::default() };
        Self { filter_set_type: Combine::Intersection, filter_set: vec![entry] }
    }

    /// The nodes of the site that the filter selects, in the order of names. A name that the site does not have
    /// selects nothing.
    pub fn select<'s>(&self, site: &'s Site) -> Vec<&'s NodeName> {
        index::select(self, site)
    }
}

impl NodeFilter {
    /// The names of nodes and racks in the filter that the site does not have: most likely misspelt. In order, each once.
    pub fn unknown_names(&self, site: &Site) -> Vec<String> {
        let mut unknown = std::collections::BTreeSet::new();
        for set in &self.filter_set {
            let nodes = set.node_names.iter().filter(|name| !site.nodes().contains_key(name.as_str()));
            // A rack needs no document of its own: nodes name it.
            let has_rack = |name: &String| site.nodes().values().any(|node| node.rack.as_ref() == Some(name));
            let racks = set
                .rack_names
                .iter()
                .filter(|name| !site.design().racks.contains_key(*name) && !has_rack(name));
            unknown.extend(nodes.map(|name| format!("node {name}")));
            unknown.extend(racks.map(|name| format!("rack {name}")));
        }
        unknown.into_iter().collect()
    }
}

impl TryFrom<Value> for NodeFilter {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        Self::from_json(&value).map_err(|problems| joined(&problems))
    }
}

impl Site {
    /// The nodes that a task is for, in the order of names: those of the filter, or all without one.
    pub fn select(&self, filter: Option<&NodeFilter>) -> Vec<&NodeName> {
        match filter {
            None => self.nodes().keys().collect(),
            Some(filter) => filter.select(self),
        }
    }
}
