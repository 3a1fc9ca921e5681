//! The steps: driver verbs with what they mean to a task. Each looks before it acts, so that running it again after a crash
//! does no harm.

pub(crate) mod boot_action;
pub(crate) mod inventory;
pub(crate) mod node;
pub(crate) mod oob;

use std::sync::Arc;

use drydock_core::NodeName;
use drydock_core::task::TaskResult;
use drydock_workflow::{Step, StepContext, StepResult, step_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::tools::Tools;

/// Makes steps of async functions over the same tools.
pub(crate) struct Bench(Arc<Tools>);

impl Bench {
    pub(crate) fn new(tools: &Arc<Tools>) -> Self {
        Self(Arc::clone(tools))
    }

    /// `work` as a step.
    pub(crate) fn step<In, Out, Fut>(
        &self,
        work: impl Fn(Arc<Tools>, StepContext, In) -> Fut + Send + Sync + 'static,
    ) -> impl Step<Input = In, Output = Out>
    where
        In: DeserializeOwned + Send + 'static,
        Out: Serialize + DeserializeOwned + Send + 'static,
        Fut: Future<Output = StepResult<Out>> + Send + 'static,
    {
        let tools = Arc::clone(&self.0);
        step_fn(move |ctx, input| work(Arc::clone(&tools), ctx, input))
    }
}

/// The result of a task that did its work on one node.
pub(crate) fn succeeded(node: &NodeName) -> TaskResult {
    let mut result = TaskResult::default();
    result.success(node.as_str());
    result
}
