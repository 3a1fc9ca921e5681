//! A step: typed code that the engine runs.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use drydock_core::Payload;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::class::{Class, Resolution};
use crate::context::StepContext;
use crate::outcome::{Outcome, StepError, StepResult};

/// A step's code.
///
/// A body may run more than once: after a failed attempt, after a wait, and when a crash came between its effect and its
/// checkpoint. So it looks before it acts, or passes [`StepContext::idempotency_key`] on. It never runs inside a database
/// transaction.
#[async_trait]
pub trait Step: Send + Sync + 'static {
    /// What feeds it.
    type Input: DeserializeOwned + Send + 'static;
    /// What it gives; stored as JSON in its checkpoint, so it must hold no secret.
    type Output: Serialize + DeserializeOwned + Send + 'static;

    /// What the engine does when the body may have run before, and nobody knows how far it came.
    const CLASS: Class = Class::Replayable;

    /// Does the work, or a part of it.
    async fn run(&self, ctx: StepContext, input: Self::Input) -> StepResult<Self::Output>;

    /// For [`Class::Observed`]: asks the world whether the effect stands already; its output then, and nothing otherwise. Runs before
    /// [`run`](Self::run) on any attempt but the first, and after a crash; with the same timeout.
    async fn observe(
        &self,
        _ctx: StepContext,
        _input: Self::Input,
    ) -> Result<Option<Self::Output>, StepError> {
        Ok(None)
    }

    /// For [`Class::Irreversible`]: finds out what became of a run whose end nobody knows. Runs instead of [`run`](Self::run) on any
    /// attempt but the first, and after a crash that found the step begun.
    async fn resolve(
        &self,
        _ctx: StepContext,
        _input: Self::Input,
    ) -> Result<Resolution<Self::Output>, StepError> {
        Ok(Resolution::Unknown)
    }
}

/// A step made of an async function or closure.
///
/// ```
/// # use drydock_workflow::{Outcome, step_fn};
/// let double = step_fn(|_ctx, n: u64| async move { Ok(Outcome::Done(n * 2)) });
/// ```
pub fn step_fn<F, In, Out, Fut>(body: F) -> StepFn<F, In, Out>
where
    F: Fn(StepContext, In) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = StepResult<Out>> + Send + 'static,
{
    StepFn { body, types: PhantomData }
}

/// See [`step_fn`].
pub struct StepFn<F, In, Out> {
    body: F,
    types: PhantomData<fn(In) -> Out>,
}

#[async_trait]
impl<F, In, Out, Fut> Step for StepFn<F, In, Out>
where
    F: Fn(StepContext, In) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = StepResult<Out>> + Send + 'static,
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + DeserializeOwned + Send + 'static,
{
    type Input = In;
    type Output = Out;

    async fn run(&self, ctx: StepContext, input: In) -> StepResult<Out> {
        (self.body)(ctx, input).await
    }
}

/// Why a step waits for an operator.
pub(crate) const UNKNOWN: &str = "it was begun, and nobody knows what became of it: look, and then retry it, or say that it is done or has failed";

/// A step without its types.
#[async_trait]
pub(crate) trait AnyStep: Send + Sync {
    async fn run_erased(&self, ctx: StepContext, input: Payload) -> StepResult<Payload>;
}

struct Erased<S>(S);

pub(crate) fn erase<S: Step>(step: S) -> Arc<dyn AnyStep> {
    Arc::new(Erased(step))
}

#[async_trait]
impl<S: Step> AnyStep for Erased<S> {
    async fn run_erased(&self, ctx: StepContext, input: Payload) -> StepResult<Payload> {
        let decode = || {
            input.decode::<S::Input>().map_err(|error| {
                StepError::bug(format!(
                    "the stored input of step {} does not fit the code ({error}): raise the workflow's version when its types change",
                    ctx.step()
                ))
            })
        };
        let found = match ctx.class() {
            Class::Observed if ctx.is_in_doubt() => self.0.observe(ctx.clone(), decode()?).await?,
            Class::Irreversible if ctx.is_in_doubt() => match self.0.resolve(ctx.clone(), decode()?).await? {
                Resolution::Done(output) => Some(output),
                Resolution::NotDone => None,
                Resolution::Unknown => return Ok(Outcome::operator(UNKNOWN)),
            },
            Class::Replayable | Class::Observed | Class::Irreversible => None,
        };
        let outcome = match found {
            Some(output) => Outcome::Done(output),
            None => self.0.run(ctx.clone(), decode()?).await?,
        };
        match outcome {
            Outcome::Wait(wait) => Ok(Outcome::Wait(wait)),
            Outcome::Done(output) => match Payload::encode(&output) {
                Ok(output) => Ok(Outcome::Done(output)),
                Err(error) => Err(StepError::bug(format!("the output cannot be written as JSON: {error}"))),
            },
        }
    }
}
