//! A whole site, resolved: what every action on nodes starts from.

use std::collections::BTreeMap;

use super::effective::effective_node;
use super::inherit::Resolver;
use super::{Design, EffectiveNode, Problem, Problems};
use crate::NodeName;

/// A design whose every node is resolved.
#[derive(Debug, Clone)]
pub struct Site {
    design: Design,
    nodes: BTreeMap<NodeName, EffectiveNode>,
}

impl Site {
    /// Resolves every node, and checks every host profile, used or not.
    ///
    /// Fails with all that is wrong: chains of profiles that end nowhere or in a circle, references to documents that
    /// do not exist, and nodes that lack something every node must have.
    pub fn new(design: Design) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut nodes = BTreeMap::new();
        let mut resolver = Resolver::new(&design);
        for profile in design.host_profiles.values() {
            resolver.profile(profile);
        }
        for node in design.nodes.values() {
            let Some(settings) = resolver.node(node) else { continue };
            match effective_node(&design, node, settings) {
                Ok(effective) => {
                    nodes.insert(node.name.clone(), effective);
                }
                Err(found) => problems.extend(found),
            }
        }
        problems.append(&mut resolver.problems);
        problems.sort_by(Problem::cmp);
        Problems::unless_none(problems, Self { design, nodes })
    }

    /// The documents.
    pub const fn design(&self) -> &Design {
        &self.design
    }

    /// Every node, in the order of names.
    pub const fn nodes(&self) -> &BTreeMap<NodeName, EffectiveNode> {
        &self.nodes
    }

    /// One node.
    pub fn node(&self, name: &NodeName) -> Option<&EffectiveNode> {
        self.nodes.get(name)
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
