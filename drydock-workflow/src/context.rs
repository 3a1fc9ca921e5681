//! What a body is told about its run, and what it may ask for. What it tells is in a file of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drydock_core::journal::Signal;
use drydock_core::{Fence, Payload, StepKey, StepName, TaskId, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::class::Class;
use crate::engine::{Desk, Hold};
use crate::outcome::StepError;
use crate::run::{Note, OWN_MARKS};
use crate::telling::Told;

/// The longest name of a part of a step, in bytes.
const ONCE_NAME_MAX: usize = 200;

/// What a body is told about its run. Cheap to clone.
#[derive(Clone)]
pub struct StepContext(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) task: TaskId,
    pub(crate) key: StepKey,
    pub(crate) attempt: u32,
    pub(crate) fence: Fence,
    pub(crate) since: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) replayed: bool,
    pub(crate) class: Class,
    /// An earlier run may have had effect, and did not say so itself.
    pub(crate) doubt: bool,
    pub(crate) note: Note,
    pub(crate) cancel: CancellationToken,
    pub(crate) told: Mutex<Told>,
    /// The longest data of a fact, in bytes.
    pub(crate) fact_limit: usize,
    /// What this run did once and for all, beside what its note says of earlier ones.
    pub(crate) marks: Mutex<BTreeMap<String, Payload>>,
    pub(crate) desk: Desk,
    pub(crate) hold: Hold,
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

    /// The fence token: grows with every claim of the task, whichever instance takes it. A service that remembers the greatest it
    /// has seen of a task can refuse a late call of an instance that has lost it.
    pub fn fence(&self) -> (TaskId, Fence) {
        (self.0.task, self.0.fence)
    }

    /// Cancelled when the task is to stop. A body that waits for long selects on it and returns [`StepError::cancelled`];
    /// one that does not is dropped after the engine's grace period.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.0.cancel
    }

    /// What the call before kept with [`Outcome::keep`](crate::Outcome::keep); nothing on the first, or when it is of another type.
    pub fn scratch<T: DeserializeOwned>(&self) -> Option<T> {
        self.0.note.scratch.as_ref().and_then(|value| value.decode().ok())
    }

    /// The signal for which the step waited, when it has come. The step has it in all further calls, whatever crashes.
    pub fn signal(&self) -> Option<&Signal> {
        self.0.note.signal.as_ref()
    }

    /// Does a part of the step once, over all its runs: what `work` gave is stored under `name` before this returns, and a later run
    /// gets it without doing the work again. For loops over many things, of which a crash should repeat one at most.
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, StepContext, StepResult};
    /// async fn wipe_all(ctx: StepContext, disks: Vec<String>) -> StepResult<usize> {
    ///     for disk in &disks {
    ///         ctx.once(disk, async { Ok(println!("wiping {disk}")) }).await?;
    ///     }
    ///     Ok(Outcome::Done(disks.len()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `work`; a permanent one when the name is no name, a bug when the value is not JSON or was stored with another type; and
    /// a cancelled one when the instance stops before the value is stored: the work is then done again.
    pub async fn once<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
        work: impl Future<Output = Result<T, StepError>>,
    ) -> Result<T, StepError> {
        if name.is_empty() || name.len() > ONCE_NAME_MAX || name.starts_with(OWN_MARKS) {
            return Err(StepError::permanent(format!(
                "{name:?} is no name for a part of a step: take 1 to {ONCE_NAME_MAX} bytes that do not begin with {OWN_MARKS}"
            )));
        }
        if let Some(stored) = self.marked(name) {
            return stored.decode().map_err(|error| {
                StepError::bug(format!("what was stored of part {name:?} does not fit the code: {error}"))
            });
        }
        let value = work.await?;
        let stored = Payload::encode(&value).map_err(|error| {
            StepError::bug(format!("what part {name:?} gave cannot be written as JSON: {error}"))
        })?;
        self.0.desk.mark(self.0.task, self.0.key.clone(), name.to_owned(), stored.clone()).await?;
        self.marks().insert(name.to_owned(), stored);
        Ok(value)
    }

    fn marks(&self) -> MutexGuard<'_, BTreeMap<String, Payload>> {
        self.0.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marked(&self, name: &str) -> Option<Payload> {
        self.0.note.marks.get(name).cloned().or_else(|| self.marks().get(name).cloned())
    }

    /// The output of a step that this one follows, directly or not; nothing when it was skipped, or is no such step.
    ///
    /// What a step needs is better wired to it: then the types are checked, and the stored workflow shows it.
    ///
    /// # Errors
    ///
    /// A bug when the output is of another type, a cancelled one when the instance stops meanwhile.
    pub async fn output_of<T: DeserializeOwned>(&self, step: &str) -> Result<Option<T>, StepError> {
        let Some(output) = self.0.desk.output_of(self.0.task, self.0.key.clone(), step).await? else {
            return Ok(None);
        };
        output.decode().map_err(|error| {
            StepError::bug(format!("the output of step {step} does not fit the code: {error}"))
        })
    }

    /// Whether the wait that is over was one for [locks](crate::Outcome::locks), and the task has them: not so when its time ran out
    /// first. The task keeps them to its end, whatever the step waits for afterwards.
    pub fn has_locks(&self) -> bool {
        !self.0.note.locked.is_empty()
    }

    pub(crate) fn class(&self) -> Class {
        self.0.class
    }

    pub(crate) fn is_in_doubt(&self) -> bool {
        self.0.doubt
    }

    pub(crate) fn hold(&self) -> &Hold {
        &self.0.hold
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Whether both are of one run.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
