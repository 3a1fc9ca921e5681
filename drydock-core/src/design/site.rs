//! A whole site, resolved: what every action on nodes starts from.

use std::collections::BTreeMap;

use super::effective::{effective, effective_node};
use super::gaps::{Found, local_name, look};
use super::inherit::Resolver;
use super::{BaremetalNode, Design, EffectiveNode, HostSettings, Problem, Problems};
use crate::NodeName;
use crate::node_filter::Index;

/// A design whose every node is resolved.
#[derive(Debug, Clone)]
pub struct Site {
    design: Design,
    nodes: BTreeMap<NodeName, EffectiveNode>,
    index: Index,
}

impl Site {
    /// Resolves every node, and checks every host profile, used or not.
    ///
    /// Fails with all that is wrong: chains of profiles that end nowhere or in a circle, references to documents that
    /// do not exist, and nodes that lack something every node must have.
    pub fn new(design: Design) -> Result<Self, Problems> {
        let nodes = Resolution::of(&design).into_nodes(&design)?;
        Ok(Self::of(design, nodes))
    }

    /// A design whose nodes were resolved already: `nodes` is what [`Resolution::into_nodes`] made of it.
    pub(crate) fn of(design: Design, nodes: BTreeMap<NodeName, EffectiveNode>) -> Self {
        let index = Index::of(&nodes);
        Self { design, nodes, index }
    }

    /// The documents.
    pub const fn design(&self) -> &Design {
        &self.design
    }

    /// Every node, in the order of names.
    pub const fn nodes(&self) -> &BTreeMap<NodeName, EffectiveNode> {
        &self.nodes
    }

    /// The nodes by what filters ask for.
    pub(crate) const fn index(&self) -> &Index {
        &self.index
    }

    /// One node.
    pub fn node(&self, name: &NodeName) -> Option<&EffectiveNode> {
        self.nodes.get(name)
    }

    /// One node, to be told more about; nothing that a filter asks for may change.
    pub(super) fn node_mut(&mut self, name: &NodeName) -> Option<&mut EffectiveNode> {
        self.nodes.get_mut(name)
    }
}

impl Design {
    /// One node, resolved; `Ok(None)` if the design has no such node. The rest of the design may be broken.
    pub fn effective_node(&self, name: &NodeName) -> Result<Option<EffectiveNode>, Problems> {
        let Some(node) = self.nodes.get(name) else { return Ok(None) };
        let mut resolver = Resolver::new(self);
        let found = resolver.node(node).map(|settings| effective_node(self, node, settings));
        match found {
            Some(Ok(effective)) => Ok(Some(effective)),
            Some(Err(problems)) => Problems::unless_none(problems, None),
            None => Problems::unless_none(resolver.problems, None),
        }
    }
}

/// A design as far as it can be resolved, for rules that look at it even where it is broken.
pub(crate) struct Resolution<'d> {
    /// The nodes whose chain of profiles holds, in the order of names.
    pub(crate) nodes: Vec<ResolvedNode<'d>>,
    /// What is wrong with the design itself, and what no rule tells.
    pub(crate) problems: Vec<Problem>,
}

/// A node and its settings over those of all its profiles.
pub(crate) struct ResolvedNode<'d> {
    pub(crate) document: &'d BaremetalNode,
    pub(crate) settings: HostSettings,
    pub(crate) fqdn: String,
    /// What was found of it, and what is wrong that a rule tells too.
    found: Found,
}

impl<'d> Resolution<'d> {
    pub(crate) fn of(design: &'d Design) -> Self {
        let mut resolver = Resolver::new(design);
        for profile in design.host_profiles.values() {
            resolver.profile(profile);
        }
        let (mut nodes, mut problems) = (Vec::new(), Vec::new());
        for document in design.nodes.values() {
            let Some(settings) = resolver.node(document) else { continue };
            let mut found = look(design, document, &settings);
            problems.append(&mut found.problems);
            let fqdn = found.fqdn.clone().unwrap_or_else(|| local_name(document));
            nodes.push(ResolvedNode { document, settings, fqdn, found });
        }
        problems.append(&mut resolver.problems);
        problems.sort_by(Problem::cmp);
        Self { nodes, problems }
    }

    /// The nodes, ready to be worked on. Fails with all that is wrong, also with what a rule tells.
    pub(crate) fn into_nodes(self, design: &Design) -> Result<BTreeMap<NodeName, EffectiveNode>, Problems> {
        let Self { nodes: resolved, mut problems } = self;
        let mut nodes = BTreeMap::new();
        for ResolvedNode { document, settings, found, .. } in resolved {
            match effective(design, document, settings, found) {
                Ok(node) => {
                    nodes.insert(document.name.clone(), node);
                }
                Err(found) => problems.extend(found),
            }
        }
        problems.sort_by(Problem::cmp);
        Problems::unless_none(problems, nodes)
    }
}
