//! Everything that the actor can be told: requests by users of the engine, which outlive an incarnation, and messages from
//! within, which do not.

use std::time::Duration;

use drydock_core::journal::{
    Child, Claim, JournalError, LockAnswer, NewTask, News, SlotAnswer, TaskEnd, Write,
};
use drydock_core::{Payload, StepKey, StepName, TaskId, Timestamp};
use tokio::sync::oneshot;
use tracing::Span;

use super::EngineError;
use super::slots;
use crate::context::StepContext;
use crate::outcome::{StepError, StepResult};
use crate::run::SlotIndex;
use crate::telling::Told;

/// From whoever holds the engine.
pub(super) enum Request {
    /// Start a task, asked for in span `origin`.
    Submit { task: NewTask, origin: Span, reply: oneshot::Sender<Result<(), EngineError>> },
    /// Queue a task that begins with these records.
    Carry { task: NewTask, carried: Vec<Write>, reply: oneshot::Sender<Result<(), EngineError>> },
    /// Tell when a task has ended; `None` when the task is not here.
    Watch { task: TaskId, reply: oneshot::Sender<Option<TaskEnd>> },
    /// Tell when a task ends here, even if it is not here yet; `None` when it was here and sleeps.
    Await { task: TaskId, reply: oneshot::Sender<Option<TaskEnd>> },
    /// There may be news: look now.
    Look,
    /// Come to an orderly end.
    Drain,
}

/// From what the actor itself has set going. Of an incarnation that is over nothing is heard any more.
pub(super) enum Message {
    /// There may be work or news: look now.
    Look,
    /// There are so many other instances.
    Rivals(u32),
    /// An attempt is over.
    Finished(Finished),
    /// A claim was answered.
    Claimed { asked: usize, took: Duration, answer: Result<Vec<Claim>, JournalError> },
    /// It is time to ask for news again.
    AskNews,
    /// The question for news was answered.
    News { asked: Asked, answer: Result<News, JournalError> },
    /// The ends of a step's children were read.
    Children { task: TaskId, slot: SlotIndex, answer: Result<Vec<Child>, JournalError> },
    /// The store said whether a task has the locks that a step of it wants, or that it had before.
    Locked {
        task: TaskId,
        slot: Option<SlotIndex>,
        names: Vec<String>,
        answer: Result<LockAnswer, JournalError>,
    },
    /// The store said which of some steps have places under their limits.
    Admitted { asked: slots::Asked, answer: Result<Vec<SlotAnswer>, JournalError> },
    /// A body wants something stored before it goes on.
    Mark {
        task: TaskId,
        step: StepKey,
        name: String,
        value: Payload,
        reply: oneshot::Sender<Result<(), StepError>>,
    },
    /// A body wants the output of a step before it.
    OutputOf { task: TaskId, step: StepKey, wanted: StepName, reply: oneshot::Sender<Option<Payload>> },
    /// A body has told how far it is, and that is to be looked at.
    Progressed(StepContext),
    /// The time to stop gracefully is over for this task, or for all.
    GraceOver(Option<TaskId>),
}

/// What was known when news was asked for.
pub(super) struct Asked {
    /// The parents that were asked about.
    pub(super) parents: Vec<TaskId>,
    /// The tasks that were paused: of one that was taken later the answer knows nothing.
    pub(super) paused: Vec<TaskId>,
    /// How long the answer took.
    pub(super) took: Duration,
}

pub(super) struct Finished {
    pub(super) task: TaskId,
    pub(super) slot: SlotIndex,
    pub(super) result: StepResult<Payload>,
    pub(super) told: Told,
    pub(super) started_at: Timestamp,
}

impl Finished {
    /// An attempt that failed before it began.
    pub(super) fn failed(task: TaskId, slot: SlotIndex, error: StepError, at: Timestamp) -> Self {
        Self { task, slot, result: Err(error), told: Told::default(), started_at: at }
    }
}

/// Writes for one commit.
pub(super) struct Batch {
    /// By which lane it goes.
    pub(super) lane: usize,
    pub(super) writes: Vec<Write>,
}

/// The flusher's answer about a batch, or a piece of it.
pub(super) struct Flushed {
    /// By which lane it went.
    pub(super) lane: usize,
    pub(super) writes: Vec<Write>,
    /// `None`: they are durable. Otherwise they can never be stored, and nothing of them was.
    pub(super) refused: Option<JournalError>,
    /// Whether this is all of the batch.
    pub(super) last: bool,
}
