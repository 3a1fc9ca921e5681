//! What a rule sees, and how it tells what it finds.

use std::fmt::Display;

use super::Rule;
use super::platform::Platforms;
use super::report::{Finding, Level};
use crate::design::{
    BaremetalNode, BootAction, Design, DocumentRef, HardwareProfile, Network, NetworkLink, Origin,
    ResolvedNode,
};

/// What a rule sees.
pub(super) struct Context<'d> {
    /// The documents.
    pub(super) design: &'d Design,
    /// The nodes whose host profiles can be resolved, with what they inherit.
    pub(super) nodes: Vec<ResolvedNode<'d>>,
    /// The images and kernels that there are.
    pub(super) platforms: Option<&'d Platforms>,
}

/// A document that a finding is about.
pub(super) trait About {
    fn reference(&self) -> (DocumentRef, Origin);

    /// The keys that lead to the field that is meant; none for the whole document.
    fn keys(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A field of a document.
pub(super) struct At<'a> {
    about: &'a dyn About,
    keys: Vec<String>,
}

/// The field of `about` to which these keys lead: names, and the indices of entries in lists.
pub(super) fn at<'a>(about: &'a dyn About, keys: &[&dyn Display]) -> At<'a> {
    At { about, keys: keys.iter().map(ToString::to_string).collect() }
}

impl About for At<'_> {
    fn reference(&self) -> (DocumentRef, Origin) {
        self.about.reference()
    }

    fn keys(&self) -> Vec<String> {
        self.keys.clone()
    }
}

fn reference(kind: &str, name: &str, origin: &Origin) -> (DocumentRef, Origin) {
    (DocumentRef { kind: kind.to_owned(), name: name.to_owned() }, origin.clone())
}

impl About for ResolvedNode<'_> {
    fn reference(&self) -> (DocumentRef, Origin) {
        self.document.reference()
    }
}

impl About for BaremetalNode {
    fn reference(&self) -> (DocumentRef, Origin) {
        reference("BaremetalNode", self.name.as_str(), &self.origin)
    }
}

impl About for Network {
    fn reference(&self) -> (DocumentRef, Origin) {
        reference("Network", &self.name, &self.origin)
    }
}

impl About for NetworkLink {
    fn reference(&self) -> (DocumentRef, Origin) {
        reference("NetworkLink", &self.name, &self.origin)
    }
}

impl About for HardwareProfile {
    fn reference(&self) -> (DocumentRef, Origin) {
        reference("HardwareProfile", &self.name, &self.origin)
    }
}

impl About for BootAction {
    fn reference(&self) -> (DocumentRef, Origin) {
        reference("BootAction", &self.name, &self.origin)
    }
}

/// What one rule has told so far.
pub(super) struct Told {
    rule: &'static Rule,
    pub(super) findings: Vec<Finding>,
}

impl Told {
    pub(super) fn new(rule: &'static Rule) -> Self {
        Self { rule, findings: Vec::new() }
    }

    /// The design is wrong. `about` are the documents it is about, the one to change first.
    pub(super) fn error<'a>(
        &mut self,
        about: impl IntoIterator<Item = &'a dyn About>,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.tell(Level::Error, about, text.into(), advice.into());
    }

    /// The design is probably not what was meant.
    pub(super) fn warning<'a>(
        &mut self,
        about: impl IntoIterator<Item = &'a dyn About>,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.tell(Level::Warning, about, text.into(), advice.into());
    }

    fn tell<'a>(
        &mut self,
        level: Level,
        about: impl IntoIterator<Item = &'a dyn About>,
        text: String,
        advice: String,
    ) {
        let mut about = about.into_iter().peekable();
        let keys = about.peek().map(|first| first.keys()).unwrap_or_default();
        let (documents, origins): (Vec<_>, Vec<_>) = about.map(About::reference).unzip();
        let origin = origins.into_iter().next();
        self.findings.push(Finding { rule: self.rule, level, text, advice, documents, keys, origin });
    }
}
