//! Things with names that a host profile or a node may inherit: interfaces, disks, partitions, volumes.

use std::collections::BTreeSet;

use indexmap::IndexMap;

/// A group of settings that can be laid over that of a parent.
pub trait Overlay {
    /// These settings laid over the parent's, field by field.
    #[must_use = "the merged settings are new ones"]
    fn over(&self, parent: &Self) -> Self;
}

/// Things of one kind, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSetting<T> {
    /// What this document says of each, in its order.
    pub set: IndexMap<String, T>,
    /// Names that it takes away from its parents: `!eth0`.
    pub remove: BTreeSet<String>,
}

impl<T> Default for NamedSetting<T> {
    fn default() -> Self {
        Self { set: IndexMap::new(), remove: BTreeSet::new() }
    }
}

impl<T: Overlay + Clone> Overlay for NamedSetting<T> {
    /// The parent's things that are not taken away, in their order, each under what this document says of it; then
    /// the document's own.
    fn over(&self, parent: &Self) -> Self {
        let mut set = IndexMap::with_capacity(parent.set.len() + self.set.len());
        for (name, inherited) in parent.set.iter().filter(|(name, _)| !self.remove.contains(*name)) {
            let merged = self.set.get(name).map_or_else(|| inherited.clone(), |own| own.over(inherited));
            set.insert(name.clone(), merged);
        }
        for (name, own) in &self.set {
            if !set.contains_key(name) {
                set.insert(name.clone(), own.clone());
            }
        }
        Self { set, remove: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::Setting;

    impl Overlay for Setting<char> {
        fn over(&self, parent: &Self) -> Self {
            self.over(parent)
        }
    }

    /// `a1 b- !c`: `a` with the value 1, `b` mentioned without a value, `c` taken away.
    fn named(words: &str) -> NamedSetting<Setting<char>> {
        let mut named = NamedSetting::default();
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            if let Some(name) = word.strip_prefix('!') {
                named.remove.insert(name.to_owned());
            } else {
                let value = word.chars().nth(1).filter(|value| *value != '-');
                named.set.insert(word[..1].to_owned(), value.map_or(Setting::Inherit, Setting::Set));
            }
        }
        named
    }

    #[test]
    fn untouched_things_survive_and_others_are_merged_removed_or_added() {
        for (child, parent, expected) in [
            ("", "a1 b2", "a1 b2"),
            ("b3", "a1 b2", "a1 b3"),
            ("a3", "a1 b2", "a3 b2"),
            ("b-", "a1 b2", "a1 b2"),
            ("!a", "a1 b2", "b2"),
            ("!b c3", "a1 b2", "a1 c3"),
            ("!a a-", "a1 b2", "b2 a-"),
            ("c3", "", "c3"),
            ("!x", "", ""),
        ] {
            let found = named(child).over(&named(parent));
            assert_eq!(found, named(expected), "{child:?} over {parent:?}");
            let order: Vec<_> = found.set.keys().collect();
            assert_eq!(order, named(expected).set.keys().collect::<Vec<_>>(), "{child:?} over {parent:?}");
        }
    }
}
