//! Walks the chains of host profiles. Each profile is laid over its parent once, however many nodes use it,
//! and each broken link is told once, at the document that holds it.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{BaremetalNode, Design, DocumentRef, Form, HostProfile, HostSettings, Origin, Problem};

/// Chains longer than this are shortened when they are shown.
const SHOWN_MAX: usize = 12;

/// Resolves settings, and gathers what is wrong on the way.
pub(super) struct Resolver<'d> {
    design: &'d Design,
    /// The profiles done so far; `None` for one whose chain is broken, which has been told.
    done: HashMap<&'d str, Option<Rc<HostSettings>>>,
    /// What was wrong.
    pub(super) problems: Vec<Problem>,
}

/// The document that a chain starts from.
#[derive(Clone, Copy)]
struct Start<'d> {
    kind: &'static str,
    name: &'d str,
    origin: &'d Origin,
    form: Form,
}

impl<'d> Resolver<'d> {
    pub(super) fn new(design: &'d Design) -> Self {
        Self { design, done: HashMap::new(), problems: Vec::new() }
    }

    /// The node's settings over those of all its profiles; `None` if its chain is broken.
    pub(super) fn node(&mut self, node: &'d BaremetalNode) -> Option<HostSettings> {
        let start =
            Start { kind: "BaremetalNode", name: node.name.as_str(), origin: &node.origin, form: node.form };
        let below = self.chain(start, node.settings.host_profile.as_deref(), Vec::new())?;
        Some(node.settings.over(&below))
    }

    /// Checks the chain of a profile, whether a node uses it or not.
    pub(super) fn profile(&mut self, profile: &'d HostProfile) {
        if !self.done.contains_key(profile.name.as_str()) {
            let start = Start {
                kind: "HostProfile",
                name: &profile.name,
                origin: &profile.origin,
                form: profile.form,
            };
            self.chain(start, profile.settings.host_profile.as_deref(), vec![profile]);
        }
    }

    /// Goes up from `next` to the root or to a profile that is done, and down again, laying each over its parent.
    /// `path` holds the profiles passed so far.
    fn chain(
        &mut self,
        start: Start<'d>,
        mut next: Option<&'d str>,
        mut path: Vec<&'d HostProfile>,
    ) -> Option<Rc<HostSettings>> {
        let mut passed: HashSet<&str> = path.iter().map(|profile| profile.name.as_str()).collect();
        let mut settings = loop {
            let Some(wanted) = next else { break Some(Rc::new(HostSettings::default())) };
            if let Some(known) = self.done.get(wanted) {
                break known.clone();
            }
            if !passed.insert(wanted) {
                self.circle(start, &path, wanted);
                break None;
            }
            let Some(profile) = self.design.host_profiles.get(wanted) else {
                self.missing(start, &path, wanted);
                break None;
            };
            path.push(profile);
            next = profile.settings.host_profile.as_deref();
        };
        while let Some(profile) = path.pop() {
            settings = settings.map(|below| Rc::new(profile.settings.over(&below)));
            self.done.insert(&profile.name, settings.clone());
        }
        settings
    }

    fn circle(&mut self, start: Start<'d>, path: &[&'d HostProfile], again: &str) {
        let chain = shown(start, path, again);
        let text = format!(
            "host profiles inherit from each other in a circle: {chain}; \
             give one of them another `host_profile`, or none"
        );
        self.broken_link(start, path, text);
    }

    fn missing(&mut self, start: Start<'d>, path: &[&'d HostProfile], wanted: &str) {
        let chain = shown(start, path, wanted);
        self.broken_link(
            start,
            path,
            format!(
                "there is no host profile {wanted:?} ({chain}); add that document, or name another profile"
            ),
        );
    }

    /// The last document of the chain holds the link that leads nowhere.
    fn broken_link(&mut self, start: Start<'d>, path: &[&'d HostProfile], text: String) {
        let (kind, name, origin, form) = match path.last() {
            Some(last) => ("HostProfile", last.name.as_str(), &last.origin, last.form),
            None => (start.kind, start.name, start.origin, start.form),
        };
        self.problems.push(Problem {
            origin: origin.clone(),
            document: Some(DocumentRef { kind: kind.to_owned(), name: name.to_owned() }),
            path: format!("{}.host_profile", form.body_key()),
            text,
        });
    }
}

/// The chain as a person reads it: `r1n01 -> compute -> base`.
fn shown(start: Start<'_>, path: &[&HostProfile], last: &str) -> String {
    // A chain that starts at a profile has it as the first of its path too.
    let path = if start.kind == "HostProfile" { path.get(1..).unwrap_or_default() } else { path };
    let mut names = vec![start.name];
    names.extend(path.iter().map(|profile| profile.name.as_str()));
    if names.len() > SHOWN_MAX {
        names.truncate(SHOWN_MAX);
        names.push("...");
    }
    names.push(last);
    names.join(" -> ")
}
