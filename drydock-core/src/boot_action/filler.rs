//! The port by which templates are filled in: here, or by whoever keeps what they compute away from this process.

use std::fmt;

use minijinja::Value;
use serde::{Deserialize, Serialize};

use super::error::RenderProblem;
use super::known::{KnownAction, KnownNode};
use super::sandbox;
use crate::SecretString;

/// Fills in templates.
///
/// A template's author decides how much memory it takes and how deep its values are: see the head of `sandbox.rs`. Whoever
/// fills in templates of people who may not end his process does it elsewhere.
pub trait TemplateFiller: fmt::Debug + Send + Sync {
    /// What the template comes to. It may block the thread for as long as there is to compute.
    fn fill(&self, job: &FillJob) -> Result<String, RenderProblem>;
}

/// Fills in templates in this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct InProcess;

impl TemplateFiller for InProcess {
    fn fill(&self, job: &FillJob) -> Result<String, RenderProblem> {
        sandbox::fill(job)
    }
}

/// A template and all that it knows: what somebody needs to fill it in. `Debug` shows nothing of it, for it holds the node's key.
pub struct FillJob(Parts);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    template: String,
    node: KnownNode,
    action: KnownAction,
}

impl fmt::Debug for FillJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FillJob").finish_non_exhaustive()
    }
}

impl FillJob {
    pub(super) fn new(template: String, node: KnownNode, action: KnownAction) -> Self {
        Self(Parts { template, node, action })
    }

    /// For another process, and for nobody's eyes: the node's key is in it.
    pub fn to_json(&self) -> Result<SecretString, serde_json::Error> {
        serde_json::to_string(&self.0).map(SecretString::from)
    }

    /// What [`FillJob::to_json`] gave. The error may quote what was read.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json).map(Self)
    }

    pub(super) fn template(&self) -> &str {
        &self.0.template
    }

    /// The node's key.
    pub(super) fn key(&self) -> &str {
        &self.0.action.action_key
    }

    /// What the template knows, as it sees it.
    pub(super) fn context(&self) -> Value {
        Value::from_pairs([("node", self.0.node.value()), ("action", self.0.action.value())])
    }
}
