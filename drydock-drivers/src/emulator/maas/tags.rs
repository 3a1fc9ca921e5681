//! Tags: made, put on machines, and deleted. Definitions are kept and not evaluated.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::body::Fields;
use super::reply::Reply;
use super::route::unrecognised;
use super::site::Site;

/// A tag.
#[derive(Debug, Default)]
pub(super) struct Tag {
    name: String,
    definition: String,
    comment: String,
    kernel_opts: String,
    /// The machines that have it, by system id.
    machines: BTreeSet<String>,
}

impl Tag {
    /// The tag that is there from the start.
    pub(super) fn built_in() -> Self {
        Self { name: "virtual".to_owned(), ..Self::default() }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "definition": self.definition,
            "comment": self.comment,
            "kernel_opts": self.kernel_opts,
            "resource_uri": format!("/MAAS/api/2.0/tags/{}/", self.name),
        })
    }

    fn change(&mut self, form: &Fields) {
        for (name, field) in [
            ("definition", &mut self.definition),
            ("comment", &mut self.comment),
            ("kernel_opts", &mut self.kernel_opts),
        ] {
            if let Some(value) = form.get(name) {
                value.clone_into(field);
            }
        }
    }
}

impl Site {
    /// The names of the tags of a machine.
    pub(super) fn tag_names(&self, system_id: &str) -> Vec<&str> {
        let of_it = self.tags.iter().filter(|tag| tag.machines.contains(system_id));
        of_it.map(|tag| tag.name.as_str()).collect()
    }

    /// A machine that is forgotten has no tags.
    pub(super) fn untag(&mut self, system_id: &str) {
        for tag in &mut self.tags {
            tag.machines.remove(system_id);
        }
    }
}

pub(super) fn list(site: &Site) -> Reply {
    Reply::ok(&site.tags.iter().map(Tag::json).collect())
}

pub(super) fn create(site: &mut Site, form: &Fields) -> Reply {
    let name = form.get("name").unwrap_or_default();
    if name.is_empty() {
        return Reply::invalid("name", "This field is required.");
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        return Reply::invalid("name", "Enter a valid value.");
    }
    if site.tags.iter().any(|tag| tag.name == name) {
        return Reply::invalid("name", "Tag with this Name already exists.");
    }
    let mut tag = Tag { name: name.to_owned(), ..Tag::default() };
    tag.change(form);
    let document = tag.json();
    site.tags.push(tag);
    Reply::ok(&document)
}

pub(super) fn operate(site: &mut Site, name: &str, method: &str, op: Option<&str>, form: &Fields) -> Reply {
    let Some(place) = site.tags.iter().position(|tag| tag.name == name) else {
        return Reply::missing("Tag");
    };
    match (method, op) {
        ("GET", None) => Reply::ok(&site.tags[place].json()),
        ("PUT", None) => {
            site.tags[place].change(form);
            Reply::ok(&site.tags[place].json())
        }
        ("POST", Some("update_nodes")) => update_nodes(site, place, form),
        ("DELETE", None) => {
            site.tags.remove(place);
            Reply::deleted()
        }
        _ => unrecognised(&Method::from_bytes(method.as_bytes()).unwrap_or_default(), op),
    }
}

/// Machines that are not known are passed over; those that have the tag already count.
fn update_nodes(site: &mut Site, place: usize, form: &Fields) -> Reply {
    let known: BTreeSet<String> = site.machines().into_iter().map(|machine| machine.system_id).collect();
    let meant = |field: &str| -> BTreeSet<String> {
        form.all(field).filter(|id| known.contains(*id)).map(str::to_owned).collect()
    };
    let (add, remove) = (meant("add"), meant("remove"));
    let counts = json!({ "added": add.len(), "removed": remove.len() });
    let machines = &mut site.tags[place].machines;
    machines.extend(add);
    machines.retain(|id| !remove.contains(id));
    Reply::ok(&counts)
}
