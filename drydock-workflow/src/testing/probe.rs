//! Bodies under observation: each call of a body is seen to begin and to end, and may be made to fail instead.

use std::sync::Arc;

use async_trait::async_trait;
use drydock_core::{Payload, WorkflowName};

use crate::context::StepContext;
use crate::engine::EngineBuilder;
use crate::outcome::{StepError, StepResult};
use crate::step::AnyStep;
use crate::workflow::Workflow;

/// Sees the bodies of one instance run.
pub(super) trait Watch: Send + Sync + 'static {
    /// A body of a step of `workflow` is about to run; with an error, it does not, and that is what the step says.
    fn begins(&self, workflow: &WorkflowName, ctx: &StepContext) -> Result<(), StepError>;

    /// A body has returned, or was dropped.
    fn ends(&self, ctx: &StepContext, how: BodyEnd);
}

/// How a call of a body came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyEnd {
    Returned,
    Dropped,
}

/// Offers a workflow to an instance, with its bodies watched.
pub(super) type Offer = Box<dyn Fn(EngineBuilder, &Arc<dyn Watch>) -> EngineBuilder + Send + Sync>;

/// Offers `workflow`.
pub(super) fn offer<I: 'static, O: 'static>(workflow: &Workflow<I, O>) -> Offer {
    let workflow = workflow.clone();
    Box::new(move |builder, watch| builder.workflow(&watched(&workflow, watch)))
}

fn watched<I, O>(workflow: &Workflow<I, O>, watch: &Arc<dyn Watch>) -> Workflow<I, O> {
    let name = workflow.name();
    workflow.with_bodies(|body| {
        Arc::new(Watched { workflow: name.clone(), body, watch: Arc::clone(watch) }) as Arc<dyn AnyStep>
    })
}

struct Watched {
    workflow: WorkflowName,
    body: Arc<dyn AnyStep>,
    watch: Arc<dyn Watch>,
}

#[async_trait]
impl AnyStep for Watched {
    async fn run_erased(&self, ctx: StepContext, input: Payload) -> StepResult<Payload> {
        self.watch.begins(&self.workflow, &ctx)?;
        let mut underway = Underway { watch: &*self.watch, ctx: ctx.clone(), how: BodyEnd::Dropped };
        let result = self.body.run_erased(ctx, input).await;
        underway.how = BodyEnd::Returned;
        result
    }
}

/// Tells of the end, even when the body is dropped on the way.
struct Underway<'a> {
    watch: &'a dyn Watch,
    ctx: StepContext,
    how: BodyEnd,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.watch.ends(&self.ctx, self.how);
    }
}
