//! The answer to a report on a boot action. Pure.

use drydock_core::boot_action::{ActionId, ReportStatus};
use serde::{Deserialize, Serialize};

use crate::app::Reported;

/// A boot action, after a report on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootActionDocument {
    /// The node.
    pub node_name: String,
    /// The id of the action, a ULID.
    pub action_id: String,
    /// Its name.
    pub action_name: String,
    /// The task that deploys the node.
    pub task_id: String,
    /// `incomplete`, `success` or `failure`.
    pub action_status: String,
}

impl BootActionDocument {
    pub(crate) fn of(id: ActionId, reported: &Reported, status: Option<ReportStatus>) -> Self {
        Self {
            node_name: reported.action.node.to_string(),
            action_id: id.to_string(),
            action_name: reported.action.name.clone(),
            task_id: reported.task.to_string(),
            action_status: status.map_or("incomplete", ReportStatus::as_str).to_owned(),
        }
    }
}
