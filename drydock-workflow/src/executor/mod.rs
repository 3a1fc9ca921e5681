//! Executors: what runs the steps that are not code of this process.
//!
//! A workflow names an executor and gives it a job, both plain data ([`WorkflowBuilder::external`](crate::WorkflowBuilder::external));
//! the engine is given the executor itself ([`EngineBuilder::executor`](crate::EngineBuilder::executor)). [`Subprocess`] starts a
//! program for each attempt; [`WorkQueue`] hands attempts to workers elsewhere. Both speak the JSON of [`wire`].

mod queue;
mod subprocess;
pub mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use drydock_core::Payload;
use serde_json::Value;

pub use queue::{Beat, Gone, QueueOptions, Ticket, WorkQueue};
pub use subprocess::Subprocess;

use crate::class::Class;
use crate::context::StepContext;
use crate::outcome::{Outcome, StepResult};
use crate::step::{AnyStep, UNKNOWN};

/// One attempt of a step, as an executor gets it.
#[derive(Clone)]
pub struct Job {
    /// What the step is told about its run; messages and facts told through it are committed with the attempt's record.
    pub ctx: StepContext,
    /// What feeds the step, as JSON.
    pub input: Payload,
    /// What the workflow's author wants of the executor: which program, which parameters.
    pub job: Value,
}

/// Runs attempts of steps on behalf of the engine.
///
/// The engine treats an executor's run as it treats a step's body: it has the step's timeout, it is cancelled through
/// [`StepContext::cancelled`], it is dropped when the instance loses its lease. An executor must stop what it set going when
/// its future is dropped, or make sure that a late answer is refused.
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Runs one attempt to its outcome.
    async fn run(&self, job: Job) -> StepResult<Payload>;
}

/// A step's body that is an executor's job.
pub(crate) struct External {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) job: Value,
}

#[async_trait]
impl AnyStep for External {
    async fn run_erased(&self, ctx: StepContext, input: Payload) -> StepResult<Payload> {
        if ctx.is_in_doubt() && ctx.class() == Class::Irreversible {
            return Ok(Outcome::operator(UNKNOWN));
        }
        self.executor.run(Job { ctx, input, job: self.job.clone() }).await
    }
}
