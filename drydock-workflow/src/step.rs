//! A step: typed code that the engine runs, and the context it runs in.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::Subject;
use drydock_core::{Epoch, Payload, StepKey, StepName, TaskId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

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

    /// Does the work, or a part of it.
    async fn run(&self, ctx: StepContext, input: Self::Input) -> StepResult<Self::Output>;
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

/// What a body is told about its run. Cheap to clone.
#[derive(Clone)]
pub struct StepContext(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) task: TaskId,
    pub(crate) key: StepKey,
    pub(crate) attempt: u32,
    pub(crate) epoch: Epoch,
    pub(crate) since: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) replayed: bool,
    pub(crate) cancel: CancellationToken,
    pub(crate) said: Mutex<Vec<Said>>,
}

/// A message that will be committed with the step's record.
pub(crate) struct Said {
    pub(crate) error: bool,
    pub(crate) text: String,
    pub(crate) subject: Option<Subject>,
}

impl StepContext {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The task.
    pub fn task(&self) -> TaskId {
        self.0.task
    }

    /// The step.
    pub fn step(&self) -> &StepName {
        self.0.key.name()
    }

    /// The key under which this work is recorded: the step, its item or its undoing.
    pub fn key(&self) -> &StepKey {
        &self.0.key
    }

    /// Which item of a map this is, from 0.
    pub fn item(&self) -> Option<u32> {
        self.0.key.index()
    }

    /// Which attempt this is, from 1. Asking again after a wait is the same attempt.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// Whether the body may have run before: a further attempt, a wait that is over, or a task that was taken over.
    /// The world may then already show this step's effect.
    pub fn may_have_run(&self) -> bool {
        self.0.replayed || self.0.attempt > 1
    }

    /// When this attempt first began; earlier than the call when it waited in between.
    pub fn since(&self) -> Timestamp {
        self.0.since
    }

    /// When this call of the body began.
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    /// How long this attempt has lasted, with its waits.
    pub fn elapsed(&self) -> Duration {
        (self.0.now - self.0.since).to_std().unwrap_or_default()
    }

    /// When the step must have ended.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.0.deadline
    }

    /// The same for every run of this step of this task (of this item, of this undoing), and for no other: for services that recognise a repeated request.
    pub fn idempotency_key(&self) -> Uuid {
        Uuid::new_v5(&self.0.task.as_uuid(), self.0.key.text().as_bytes())
    }

    /// The fence token: grows with every takeover of the task. A service that remembers the greatest it has seen can refuse
    /// a late call of an instance that has lost the task.
    pub fn fence(&self) -> (TaskId, Epoch) {
        (self.0.task, self.0.epoch)
    }

    /// Cancelled when the task is to stop. A body that waits for long selects on it and returns [`StepError::cancelled`];
    /// one that does not is dropped after the engine's grace period.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.0.cancel
    }

    /// Says something to the task's owner; committed together with this call's record, in order.
    pub fn say(&self, text: impl Into<String>) {
        self.push(Said { error: false, text: text.into(), subject: None });
    }

    /// The same, about something: `("node", "rack1-n07")`.
    pub fn say_about(&self, kind: &str, name: &str, text: impl Into<String>) {
        let subject = Some(Subject { kind: kind.to_owned(), name: name.to_owned() });
        self.push(Said { error: false, text: text.into(), subject });
    }

    /// Tells of an error about something. The step's own failure need not be said: it is recorded anyway.
    pub fn complain_about(&self, kind: &str, name: &str, text: impl Into<String>) {
        let subject = Some(Subject { kind: kind.to_owned(), name: name.to_owned() });
        self.push(Said { error: true, text: text.into(), subject });
    }

    /// Tells of an error.
    pub fn complain(&self, text: impl Into<String>) {
        self.push(Said { error: true, text: text.into(), subject: None });
    }

    fn push(&self, said: Said) {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner).push(said);
    }

    pub(crate) fn take_said(&self) -> Vec<Said> {
        std::mem::take(&mut self.0.said.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

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
        let input: S::Input = input.decode().map_err(|error| {
            StepError::bug(format!(
                "the stored input of step {} does not fit the code ({error}): raise the workflow's version when its types change",
                ctx.key()
            ))
        })?;
        match self.0.run(ctx, input).await? {
            Outcome::Wait { wait, reason } => Ok(Outcome::Wait { wait, reason }),
            Outcome::Done(output) => match Payload::encode(&output) {
                Ok(output) => Ok(Outcome::Done(output)),
                Err(error) => Err(StepError::bug(format!("the output cannot be written as JSON: {error}"))),
            },
        }
    }
}
