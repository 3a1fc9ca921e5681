//! The steps: driver verbs with what they mean to a task. Each looks before it acts, so that running it again after a crash
//! does no harm.

pub(crate) mod node;
pub(crate) mod oob;

use std::pin::Pin;
use std::sync::Arc;

use drydock_core::NodeName;
use drydock_core::task::TaskResult;
use drydock_workflow::{Step, StepContext, StepResult, step_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::tools::Tools;

/// A step's future, borrowing what it works with.
pub(crate) type Work<'a, Out> = Pin<Box<dyn Future<Output = StepResult<Out>> + Send + 'a>>;

/// Makes steps of functions over the same tools.
pub(crate) struct Bench(Arc<Tools>);

impl Bench {
    pub(crate) fn new(tools: &Arc<Tools>) -> Self {
        Self(Arc::clone(tools))
    }

    /// `work` as a step.
    pub(crate) fn step<In, Out>(
        &self,
        work: for<'a> fn(&'a Tools, &'a StepContext, &'a In) -> Work<'a, Out>,
    ) -> impl Step<Input = In, Output = Out> + use<In, Out>
    where
        In: DeserializeOwned + Send + Sync + 'static,
        Out: Serialize + DeserializeOwned + Send + 'static,
    {
        let tools = Arc::clone(&self.0);
        step_fn(move |ctx, input| {
            let tools = Arc::clone(&tools);
            async move { work(&tools, &ctx, &input).await }
        })
    }
}

/// The result of a task that did its work on one node.
pub(crate) fn succeeded(node: &NodeName) -> TaskResult {
    let mut result = TaskResult::default();
    result.success(node.as_str());
    result
}
