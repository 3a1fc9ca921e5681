//! Values that a host profile or a node may inherit: how a child's value meets its parent's.
//!
//! A leading `!` takes something away that a parent gave: `rack: "!"`, `tags: ["!compute"]`, `owner_data: {"!role": ""}`.

use std::collections::BTreeSet;

use indexmap::IndexMap;

/// A single value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Setting<T> {
    /// Not mentioned: as the parent has it.
    #[default]
    Inherit,
    /// Written as `!`: no value, whatever the parent has.
    Unset,
    /// This value.
    Set(T),
}

impl<T> Setting<T> {
    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Inherit | Self::Unset => None,
        }
    }

    /// The value, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Inherit | Self::Unset => None,
        }
    }
}

impl<T: Clone> Setting<T> {
    /// This value laid over the parent's.
    #[must_use = "the merged value is a new one"]
    pub fn over(&self, parent: &Self) -> Self {
        match self {
            Self::Inherit => parent.clone(),
            Self::Unset | Self::Set(_) => self.clone(),
        }
    }
}

/// A list of texts without duplicates, such as tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListSetting {
    /// What this document adds, in its order.
    pub add: Vec<String>,
    /// What it takes away from its parents.
    pub remove: BTreeSet<String>,
}

impl ListSetting {
    /// Sorts what a document wrote into added and removed entries.
    pub fn new(written: impl IntoIterator<Item = String>) -> Self {
        let mut list = Self::default();
        for entry in written {
            match entry.strip_prefix('!') {
                Some(removed) => {
                    list.remove.insert(removed.to_owned());
                }
                None if list.add.contains(&entry) => {}
                None => list.add.push(entry),
            }
        }
        list
    }

    /// This list laid over a parent's: its own entries first, then those of the parent that it neither has nor removes.
    #[must_use = "the merged list is a new one"]
    pub fn over(&self, parent: &Self) -> Self {
        let kept =
            parent.add.iter().filter(|entry| !self.add.contains(entry) && !self.remove.contains(*entry));
        Self { add: self.add.iter().chain(kept).cloned().collect(), remove: BTreeSet::new() }
    }
}

/// A map from text to text, such as owner data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MapSetting {
    /// What this document sets, in its order.
    pub set: IndexMap<String, String>,
    /// Keys that it takes away from its parents.
    pub remove: BTreeSet<String>,
}

impl MapSetting {
    /// Sorts what a document wrote into set and removed keys. A value `!` is a value like any other.
    pub fn new(written: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut map = Self::default();
        for (key, value) in written {
            match key.strip_prefix('!') {
                Some(removed) => {
                    map.remove.insert(removed.to_owned());
                }
                None => {
                    map.set.insert(key, value);
                }
            }
        }
        map
    }

    /// This map laid over a parent's: the parent's keys that it does not remove, in their order, then its own.
    #[must_use = "the merged map is a new one"]
    pub fn over(&self, parent: &Self) -> Self {
        let kept = parent.set.iter().filter(|(key, _)| !self.remove.contains(*key));
        let set = kept.chain(&self.set).map(|(key, value)| (key.clone(), value.clone())).collect();
        Self { set, remove: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> ListSetting {
        ListSetting::new(entries.iter().map(|entry| (*entry).to_owned()))
    }

    fn map(entries: &[(&str, &str)]) -> MapSetting {
        MapSetting::new(entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_single_value_is_inherited_replaced_or_unset() {
        let parent = Setting::Set("p");
        assert_eq!(Setting::Inherit.over(&parent), parent);
        assert_eq!(Setting::Set("c").over(&parent), Setting::Set("c"));
        assert_eq!(Setting::Unset.over(&parent).value(), None);
        assert_eq!(Setting::<&str>::Inherit.over(&Setting::Inherit).value(), None);
    }

    #[test]
    fn lists_put_the_child_first_and_honour_removals() {
        for (child, parent, expected) in [
            (&[][..], &["a", "b"][..], &["a", "b"][..]),
            (&["c"], &["a", "b"], &["c", "a", "b"]),
            (&["b", "c"], &["a", "b"], &["b", "c", "a"]),
            (&["!a", "c"], &["a", "b"], &["c", "b"]),
            (&["!a", "a"], &["a"], &["a"]),
            (&["!a"], &[], &[]),
            (&["c", "c"], &[], &["c"]),
        ] {
            assert_eq!(list(child).over(&list(parent)), list(expected), "{child:?} over {parent:?}");
        }
    }

    #[test]
    fn maps_replace_by_key_and_honour_removals() {
        for (child, parent, expected) in [
            (&[][..], &[("a", "1")][..], &[("a", "1")][..]),
            (&[("b", "2")], &[("a", "1")], &[("a", "1"), ("b", "2")]),
            (&[("a", "2")], &[("a", "1")], &[("a", "2")]),
            (&[("!a", "")], &[("a", "1"), ("b", "2")], &[("b", "2")]),
            (&[("a", "!")], &[("a", "1")], &[("a", "!")]),
        ] {
            assert_eq!(map(child).over(&map(parent)), map(expected), "{child:?} over {parent:?}");
        }
    }
}
