//! What changes between two designs: for which nodes, with all that they inherit, and in which other documents.
//!
//! Host profiles are not compared: what changes in one is told at each node that it changes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document_tree::Tree;
use super::{DocumentRef, Site};
use crate::ExposeSecret as _;

/// What changes about one document, or one node with all that it inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentChange {
    /// Which one.
    pub document: DocumentRef,
    /// What changes.
    pub change: Change,
}

/// What happens to a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Only the new design has it.
    Added,
    /// Only the old design has it.
    Removed,
    /// Both have it, and they differ in these fields; never none.
    Changed(Vec<FieldChange>),
}

/// What changes about one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field: `platform.kernel_params.console`.
    pub path: String,
    /// A single value or a list of them; none if the field is new. [`NOT_SHOWN`](super::NOT_SHOWN) for a secret, also if it is another one.
    pub old: Option<Value>,
    /// The same, in the new design; none if the field is gone.
    pub new: Option<Value>,
}

/// Everything that changes from one design to another: nodes first, then the other kinds, each by name.
pub fn diff(old: &Site, new: &Site) -> Vec<DocumentChange> {
    let (from, to) = (old.design(), new.design());
    let mut changes = Vec::new();
    compare("BaremetalNode", old.nodes(), new.nodes(), Tree::of_node, &mut changes);
    compare("Region", &from.regions, &to.regions, Tree::of_region, &mut changes);
    compare("Rack", &from.racks, &to.racks, Tree::of_rack, &mut changes);
    compare("NetworkLink", &from.network_links, &to.network_links, Tree::of_link, &mut changes);
    compare("Network", &from.networks, &to.networks, Tree::of_network, &mut changes);
    compare(
        "HardwareProfile",
        &from.hardware_profiles,
        &to.hardware_profiles,
        Tree::of_hardware_profile,
        &mut changes,
    );
    compare("BootAction", &from.boot_actions, &to.boot_actions, Tree::of_boot_action, &mut changes);
    changes
}

fn compare<K: Ord + ToString, T>(
    kind: &str,
    old: &BTreeMap<K, T>,
    new: &BTreeMap<K, T>,
    tree: fn(&T) -> Tree,
    changes: &mut Vec<DocumentChange>,
) {
    let names: BTreeSet<&K> = old.keys().chain(new.keys()).collect();
    for name in names {
        let change = match (old.get(name), new.get(name)) {
            (None, _) => Change::Added,
            (Some(_), None) => Change::Removed,
            (Some(old), Some(new)) => match field_changes(&tree(old), &tree(new)) {
                fields if fields.is_empty() => continue,
                fields => Change::Changed(fields),
            },
        };
        let document = DocumentRef { kind: kind.to_owned(), name: name.to_string() };
        changes.push(DocumentChange { document, change });
    }
}

fn field_changes(old: &Tree, new: &Tree) -> Vec<FieldChange> {
    let (mut before, mut after) = (Fields::new(), Fields::new());
    gather(&old.shown, &mut Vec::new(), &mut before);
    gather(&new.shown, &mut Vec::new(), &mut after);
    let secrets = old.hidden.iter().filter_map(|(path, secret)| {
        let other = new.hidden.get(path)?;
        (secret.expose_secret() != other.expose_secret()).then_some(path)
    });
    let secrets: BTreeSet<&Vec<String>> = secrets.collect();
    let paths: BTreeSet<&Vec<String>> =
        before.keys().chain(after.keys()).chain(secrets.iter().copied()).collect();
    let changed =
        paths.into_iter().filter(|path| before.get(*path) != after.get(*path) || secrets.contains(*path));
    let changed = changed.map(|path| FieldChange {
        path: path.join(".").replace(".[", "["),
        old: before.get(path).map(|value| (*value).clone()),
        new: after.get(path).map(|value| (*value).clone()),
    });
    changed.collect()
}

/// Values by the keys that lead to them; an index is `[0]`.
type Fields<'t> = BTreeMap<Vec<String>, &'t Value>;

fn gather<'t>(tree: &'t Value, keys: &mut Vec<String>, fields: &mut Fields<'t>) {
    match tree {
        Value::Null => {}
        Value::Object(map) => {
            for (key, value) in map {
                keys.push(key.clone());
                gather(value, keys, fields);
                keys.pop();
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            for (index, value) in list.iter().enumerate() {
                keys.push(format!("[{index}]"));
                gather(value, keys, fields);
                keys.pop();
            }
        }
        value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            fields.insert(keys.clone(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::NOT_SHOWN;

    #[test]
    fn another_secret_is_a_change_that_shows_nothing() {
        let tree = |secret: &str| {
            let mut tree = Tree { shown: serde_json::json!({"oob": {"a": 1}}), hidden: BTreeMap::new() };
            tree.hide(&["oob", "credential"], secret);
            tree
        };
        assert_eq!(field_changes(&tree("foghorn"), &tree("foghorn")), []);
        let hidden = Some(Value::from(NOT_SHOWN));
        let expected = FieldChange { path: "oob.credential".to_owned(), old: hidden.clone(), new: hidden };
        assert_eq!(field_changes(&tree("foghorn"), &tree("harbour")), [expected]);
    }
}
