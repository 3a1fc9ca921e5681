//! Which nodes of a site have which tag, label and rack. A filter joins these lists; it need not look at each node, whose
//! settings are spread over the memory.

use std::collections::{BTreeMap, HashMap};

use super::{Combine, NodeFilter, NodeSet};
use crate::NodeName;
use crate::design::{Design, EffectiveNode};

/// Places of nodes in the order of names.
type Places = Vec<usize>;

/// The nodes of a site by what filters ask for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    count: usize,
    tags: HashMap<String, Places>,
    labels: HashMap<String, HashMap<String, Places>>,
    racks: HashMap<String, Places>,
}

impl Index {
    pub(crate) fn of(nodes: &BTreeMap<NodeName, EffectiveNode>) -> Self {
        let mut index = Self { count: nodes.len(), ..Self::default() };
        for (place, node) in nodes.values().enumerate() {
            node.tags.iter().for_each(|tag| put(&mut index.tags, tag, place));
            node.rack.iter().for_each(|rack| put(&mut index.racks, rack, place));
            for (key, value) in &node.owner_data {
                match index.labels.get_mut(key) {
                    Some(values) => put(values, value, place),
                    None => put(index.labels.entry(key.clone()).or_default(), value, place),
                }
            }
        }
        index
    }
}

fn put(lists: &mut HashMap<String, Places>, key: &str, place: usize) {
    // The key is copied for the first node that has it, and for no other.
    match lists.get_mut(key) {
        Some(list) => list.push(place),
        None => {
            lists.insert(key.to_owned(), vec![place]);
        }
    }
}

/// Some of the nodes of a site: a bit for each place.
#[derive(Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)])
    }

    fn all(count: usize) -> Self {
        Self(vec![u64::MAX; count.div_ceil(64)])
    }

    fn set(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    fn with(mut self, places: Option<&Places>) -> Self {
        places.into_iter().flatten().for_each(|place| self.set(*place));
        self
    }

    fn join(&mut self, how: Combine, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            match how {
                Combine::Union => *own |= other,
                Combine::Intersection => *own &= other,
            }
        }
    }
}

/// A filter over one site.
struct Query<'s> {
    index: &'s Index,
    nodes: &'s BTreeMap<NodeName, EffectiveNode>,
    design: &'s Design,
}

/// The nodes that a filter selects, in the order of names.
pub(super) fn select(
    filter: &NodeFilter,
    index: &Index,
    nodes: &BTreeMap<NodeName, EffectiveNode>,
    design: &Design,
) -> Vec<NodeName> {
    let query = Query { index, nodes, design };
    let sets = filter.filter_set.iter().filter_map(|set| query.set(set));
    let selected = query.joined(filter.filter_set_type, sets);
    nodes.keys().enumerate().filter(|(place, _)| selected.has(*place)).map(|(_, name)| name.clone()).collect()
}

impl Query<'_> {
    fn none(&self) -> Bits {
        Bits::none(self.index.count)
    }

    /// Of nothing, a union selects no node and an intersection every node.
    fn joined(&self, how: Combine, parts: impl Iterator<Item = Bits>) -> Bits {
        let mut joined = match how {
            Combine::Union => self.none(),
            Combine::Intersection => Bits::all(self.index.count),
        };
        parts.for_each(|part| joined.join(how, &part));
        joined
    }

    /// What an entry of a filter selects; `None` if it is neutral.
    fn set(&self, set: &NodeSet) -> Option<Bits> {
        let criteria = [
            (!set.node_names.is_empty()).then(|| self.named(set)),
            (!set.node_tags.is_empty()).then(|| self.any_of(&self.index.tags, &set.node_tags)),
            (!set.node_labels.is_empty()).then(|| {
                let pairs = set.node_labels.iter().map(|(key, value)| {
                    self.none().with(self.index.labels.get(key).and_then(|values| values.get(value)))
                });
                self.joined(set.filter_type, pairs)
            }),
            (!set.rack_names.is_empty()).then(|| self.any_of(&self.index.racks, &set.rack_names)),
            (!set.rack_labels.is_empty()).then(|| self.in_labelled_racks(set)),
        ];
        let given = criteria.into_iter().flatten();
        (!set.is_neutral()).then(|| self.joined(set.filter_type, given))
    }

    fn named(&self, set: &NodeSet) -> Bits {
        let wanted: std::collections::HashSet<&str> = set.node_names.iter().map(String::as_str).collect();
        let mut bits = self.none();
        let names = self.nodes.keys().enumerate();
        names.filter(|(_, name)| wanted.contains(name.as_str())).for_each(|(place, _)| bits.set(place));
        bits
    }

    fn any_of<'k>(
        &self,
        lists: &HashMap<String, Places>,
        keys: impl IntoIterator<Item = &'k String>,
    ) -> Bits {
        keys.into_iter().fold(self.none(), |bits, key| bits.with(lists.get(key)))
    }

    fn in_labelled_racks(&self, set: &NodeSet) -> Bits {
        let racks =
            self.design.racks.values().filter(|rack| set.labels_match(&set.rack_labels, Some(&rack.labels)));
        self.any_of(&self.index.racks, racks.map(|rack| &rack.name))
    }
}
