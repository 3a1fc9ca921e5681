//! Reads things with names, and names that are taken away from a parent.

use super::fields::{Fields, Findings};
use super::shape::{Others, Shape};
use super::tree::Value;
use crate::design::NamedSetting;

/// A mapping of names to things. `!name`, or a name without a value, takes that thing away.
pub(super) fn named<T>(
    found: &mut Findings,
    map: &Fields<'_>,
    read: fn(&mut Findings, &Fields<'_>) -> T,
) -> NamedSetting<T> {
    let mut things = NamedSetting::default();
    if let Some(entry) = map.recorded_entry(|thing| Others::removable(thing.or(Shape::Null))) {
        read(found, &entry);
    }
    for (name, node) in map.iter() {
        if let Some(removed) = name.strip_prefix('!') {
            things.remove.insert(removed.to_owned());
        } else if matches!(node.value, Value::Null) {
            things.remove.insert(name.to_owned());
        } else if let Some(fields) = Fields::of(found, node, &map.path_of(name)) {
            things.set.insert(name.to_owned(), read(found, &fields));
        }
    }
    things
}

/// A list of things, each with a `name`. `name: "!name"` takes that thing away.
pub(super) fn named_list<T>(
    found: &mut Findings,
    data: &Fields<'_>,
    key: &'static str,
    read: fn(&mut Findings, &Fields<'_>) -> T,
) -> NamedSetting<T> {
    let mut things = NamedSetting::default();
    for map in data.maps(found, key) {
        let name = map.text(found, "name");
        let name = map.required(found, "name", "<name>", name);
        // What is written beside a name that is taken away is read too, for its problems.
        let thing = read(found, &map);
        let Some(name) = name else { continue };
        if let Some(removed) = name.strip_prefix('!') {
            things.remove.insert(removed.to_owned());
        } else if things.set.contains_key(&name) {
            map.problem(found, "name", "there is another of this name in the list: give it another");
        } else {
            things.set.insert(name, thing);
        }
    }
    things
}
