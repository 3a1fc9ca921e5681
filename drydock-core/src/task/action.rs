//! What a task may be asked to do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An action that the v1.0 API accepts for a new task. The set is frozen with that API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Check a site design.
    ValidateDesign,
    /// Check that the site's services answer.
    VerifySite,
    /// Make the networks and services that nodes need.
    PrepareSite,
    /// Check that nodes can be reached.
    VerifyNodes,
    /// Boot nodes for the first time and take stock of them.
    PrepareNodes,
    /// Install nodes.
    DeployNodes,
    /// Wipe nodes and forget them.
    DestroyNodes,
    /// Give nodes of a cluster the labels of the design.
    RelabelNodes,
}

impl Action {
    /// All of them, in the order in which a site goes through them.
    pub const ALL: [Self; 8] = [
        Self::ValidateDesign,
        Self::VerifySite,
        Self::PrepareSite,
        Self::VerifyNodes,
        Self::PrepareNodes,
        Self::DeployNodes,
        Self::DestroyNodes,
        Self::RelabelNodes,
    ];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ValidateDesign => "validate_design",
            Self::VerifySite => "verify_site",
            Self::PrepareSite => "prepare_site",
            Self::VerifyNodes => "verify_nodes",
            Self::PrepareNodes => "prepare_nodes",
            Self::DeployNodes => "deploy_nodes",
            Self::DestroyNodes => "destroy_nodes",
            Self::RelabelNodes => "relabel_nodes",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no action.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no action {text:?}: write one of {}", Action::ALL.map(Action::as_str).join(", "))]
pub struct UnknownAction {
    text: String,
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let found = Self::ALL.into_iter().find(|action| action.as_str() == text);
        found.ok_or_else(|| UnknownAction { text: text.chars().take(80).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_read_as_it_is_written() {
        for action in Action::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
        let problem = "deploy_node".parse::<Action>().unwrap_err().to_string();
        assert!(
            problem.contains("\"deploy_node\"") && problem.ends_with("destroy_nodes, relabel_nodes"),
            "{problem}"
        );
    }
}
