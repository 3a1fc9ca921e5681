//! Which nodes of a site have which tag, label and rack. A filter joins these lists; it need not look at each node, whose
//! settings are spread over the memory.

use std::collections::{BTreeMap, HashMap};

use super::{Combine, NodeFilter, NodeSet};
use crate::NodeName;
use crate::design::{EffectiveNode, Site};

/// Places of nodes in the order of names.
type Places = Vec<usize>;

/// The nodes of a site by what filters ask for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    /// All nodes, in the order of names.
    names: Vec<NodeName>,
    tags: HashMap<String, Places>,
    labels: HashMap<String, HashMap<String, Places>>,
    racks: HashMap<String, Places>,
}

impl Index {
    pub(crate) fn of(nodes: &BTreeMap<NodeName, EffectiveNode>) -> Self {
        let mut index = Self { names: nodes.keys().cloned().collect(), ..Self::default() };
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

    /// The places, in order.
    fn places(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(place, &word)| {
            let rest = std::iter::successors(Some(word), |word| Some(word & word.wrapping_sub(1)));
            let set = rest.take_while(|word| *word != 0);
            set.map(move |word| place * 64 + word.trailing_zeros() as usize)
        })
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
    site: &'s Site,
}

/// The nodes that a filter selects, in the order of names.
pub(super) fn select<'s>(filter: &NodeFilter, site: &'s Site) -> Vec<&'s NodeName> {
    let query = Query { index: site.index(), site };
    let sets = filter.filter_set.iter().filter_map(|set| query.set(set));
    let selected = query.joined(filter.filter_set_type, sets);
    selected.places().filter_map(|place| query.index.names.get(place)).collect()
}

impl Query<'_> {
    fn none(&self) -> Bits {
        Bits::none(self.index.names.len())
    }

    /// Of nothing, a union selects no node and an intersection every node.
    fn joined(&self, how: Combine, parts: impl Iterator<Item = Bits>) -> Bits {
        let mut joined = match how {
            Combine::Union => self.none(),
            Combine::Intersection => Bits::all(self.index.names.len()),
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
        let names = &self.index.names;
        let place = |name: &String| names.binary_search_by(|known| known.as_str().cmp(name)).ok();
        let mut bits = self.none();
        set.node_names.iter().filter_map(place).for_each(|place| bits.set(place));
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
        let racks = self.site.design().racks.values();
        let racks = racks.filter(|rack| set.labels_match(&set.rack_labels, Some(&rack.labels)));
        self.any_of(&self.index.racks, racks.map(|rack| &rack.name))
    }
}
