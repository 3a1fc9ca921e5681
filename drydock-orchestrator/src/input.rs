//! The input of every task, parent or child: what was asked for, and for a child, which node of which design.

use drydock_core::NodeName;
use drydock_core::node_filter::NodeFilter;
use drydock_core::task::{Action, DesignRef};
use serde::{Deserialize, Serialize};

/// What a task is to do. Stored with the task; the v1.0 task document is made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInput {
    /// The action. A child has that of its parent.
    pub action: Action,
    /// The design.
    pub design_ref: DesignRef,
    /// The nodes; all of the design when absent.
    pub node_filter: Option<NodeFilter>,
    /// Who asked.
    pub created_by: String,
    /// For a child: its node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<NodeJob>,
}

/// One node's share of an action. It holds no secret: steps take credentials from the design when they need them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeJob {
    /// The node.
    pub node: NodeName,
    /// SHA-256 of the design that selected it, in hex. Its steps work from no other.
    pub design_digest: String,
}

impl TaskInput {
    /// The input of the child task for one node.
    pub(crate) fn for_node(&self, node: NodeName, design_digest: &str) -> Self {
        Self {
            node_filter: Some(NodeFilter::names([&node])),
            job: Some(NodeJob { node, design_digest: design_digest.to_owned() }),
            ..self.clone()
        }
    }
}
