//! The engine's whole view of persistence.
//!
//! A store keeps tasks, their checkpoints and the instances that run them. Whatever an instance writes about its tasks goes
//! through [`Journal::append`], carries the instance's [`Epoch`], and is refused once that epoch is retired.
//!
//! INVARIANT: after [`Journal::instance_retire`] or a later [`Journal::instance_join`] under the same name has returned, no
//! write of the retired epoch becomes visible, not even one that was under way.

mod cursor;
mod error;
mod fact;
mod feed;
mod history;
mod instance;
mod lock;
mod new_task;
mod news;
mod operator;
mod progress;
mod record;
mod signal;
mod state;
mod task;
mod wait;
mod write;

use std::time::Duration;

use async_trait::async_trait;

pub use cursor::{FeedCursor, InvalidFeedCursor};
pub use error::{Cause, JournalError};
pub use fact::{Fact, FactBuilder, FactRecord};
pub use feed::{FeedCommit, FeedEvent, FeedEventKind, FeedPage, FeedPlace};
pub use history::{ArchivedTask, Due, HeldSpan, History, Hold, Horizon, Piece, Removal, least_id, moment_of};
pub use instance::{InstanceBeat, Offers, StoredWorkflow};
pub use lock::{LockAnswer, LockClaim, Obstacle, SlotAnswer, SlotWish};
pub use new_task::{NewTask, Parent, TaskLimit};
pub use news::News;
pub use operator::{AuditRecord, Cancellation, Request, Verb};
pub use progress::{Figure, StepProgress};
pub use record::{AttemptRecord, Checkpoint, Decider, Failure, Message, StepEnd, Subject};
pub use signal::Signal;
pub use state::{Crowd, HeldLock, TaskState};
pub use task::{Child, Claim, ClaimedTask, OutputError, TaskEnd, TaskEndKind, UnreadableTask};
pub use wait::{Mark, WaitKind, WaitRecord};
pub use write::{Parking, Write};

use crate::{Epoch, InstanceName, StepName, TaskId, Timestamp, WorkflowId};

/// Persistence, as the engine needs it. Every method is one transaction, or reads only.
///
/// What operators do to a task (cancel, pause, resume, reopen, order) leaves an [`AuditRecord`] in the same transaction, at
/// the task that was named.
///
/// All methods are cancel-safe in this sense: a dropped call either committed or left no trace; the caller cannot know which,
/// and each write may be repeated without harm.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Registers an incarnation of `name` and gives it an epoch greater than any before.
    /// Earlier incarnations of the same name are retired in the same transaction, and their tasks freed.
    /// Its lease and what it offers are what others then see of it.
    async fn instance_join(
        &self,
        name: &InstanceName,
        at: Timestamp,
        lease: Duration,
        offers: &Offers,
    ) -> Result<Epoch, JournalError>;

    /// Renews the lease: the beat grows by one. [`JournalError::Fenced`] when the epoch was retired.
    async fn instance_renew(&self, epoch: Epoch) -> Result<(), JournalError>;

    /// The instances that are not retired, by epoch. One of which something cannot be read is told of in the log. It is here with
    /// what can be read: without offers, or with a lease of an hour; but for its number, its name and its beat, without which it is
    /// left out.
    async fn instance_list(&self) -> Result<Vec<InstanceBeat>, JournalError>;

    /// Retires `epoch` if its beat is still `beat`, and frees its tasks. `false` when it had moved on, or was retired already.
    async fn instance_retire(&self, epoch: Epoch, beat: i64) -> Result<bool, JournalError>;

    /// Retires the caller's own epoch at an orderly stop, and frees its tasks. Harmless when it was retired already.
    async fn instance_leave(&self, epoch: Epoch) -> Result<(), JournalError>;

    /// Stores a workflow once per hash, and gives its number.
    async fn workflow_put(&self, workflow: &StoredWorkflow) -> Result<WorkflowId, JournalError>;

    /// All stored workflows, by number.
    async fn workflow_list(&self) -> Result<Vec<(WorkflowId, StoredWorkflow)>, JournalError>;

    /// Queues tasks for whichever instance claims them. A task whose id exists already is left as it is, and one whose key
    /// exists already is left out; of several with one id or one key the first counts.
    ///
    /// For each task, in their order, the id of the task that stands under its key, which may be one that was started long ago;
    /// its own id when it has no key.
    async fn task_submit(&self, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError>;

    /// Asks for the cancellation of a task and of all its descendants, on behalf of `request.by`. A task's first request
    /// stands. `false`, and nothing happens, when the task has ended or does not exist.
    async fn task_cancel(&self, task: TaskId, request: &Cancellation) -> Result<bool, JournalError>;

    /// Asks to hold a task and all its descendants that have not ended: nothing new begins in them until they are resumed.
    /// A task's first request stands. `false`, and nothing happens, when the task has ended or does not exist.
    async fn task_pause(&self, task: TaskId, request: &Request) -> Result<bool, JournalError>;

    /// Lets a task and all its descendants go on, whoever paused them. `false`, and nothing happens, when the task has ended
    /// or does not exist; `true` also when it was not paused.
    async fn task_resume(&self, task: TaskId, request: &Request) -> Result<bool, JournalError>;

    /// Brings back a task that failed or was cancelled, for whichever instance claims it: with all its records, as old as it was,
    /// and with no request to stop or to pause it. `true` when this request did it, now or at an earlier call: repeated, even after
    /// another end, it does nothing more. `false`, and nothing happens, when the task does not exist, has not ended, or completed.
    async fn task_reopen(&self, task: TaskId, request: &Request) -> Result<bool, JournalError>;

    /// Takes up to `max` ownerless tasks of the given workflows, those of the greatest priority first, then the oldest, with all that was ever recorded of them.
    /// No two instances get the same task. [`JournalError::Fenced`] when the epoch was retired.
    ///
    /// The claim itself raises each task's [`Fence`](crate::Fence); a task that is started by its owner
    /// ([`Write::TaskStarted`]) has [`Fence::FIRST`](crate::Fence::FIRST). It never falls, not even when the task is reopened.
    ///
    /// A task under a [`TaskLimit`] is taken only while its limit has a place, counted over all instances, exactly; of those that
    /// wait for one the same order holds, and who comes later does not overtake.
    ///
    /// A sleeping task ([`Write::TaskParked`]) is queued like any other when its time has come by `at`, or a signal or a cancellation
    /// has woken it. Of those whose times have come, each claim queues the first thousand, by that time.
    ///
    /// A task that cannot be read is taken like any other, and comes last: one bad row keeps nobody from working.
    ///
    /// When a claim was dropped or failed, the tasks that it may have taken are free again for the next claim of the same
    /// epoch through the same store: so a claim is repeated, like everything else, and no task is lost.
    async fn task_claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError>;

    /// Commits a batch of writes about tasks that `epoch` owns: all of it, or nothing.
    ///
    /// Each write may be repeated: the second time it changes nothing. So a batch whose answer was lost is simply sent again.
    /// [`JournalError::Fenced`] when the epoch was retired; [`JournalError::Rejected`] when a write can never be stored,
    /// or when the batch has more than 256 MiB of inputs and outputs. A NUL in a text is stored as U+FFFD.
    async fn append(&self, epoch: Epoch, writes: &[Write]) -> Result<(), JournalError> {
        self.append_told(epoch, writes, None).await
    }

    /// How many batches of one instance may best be under way at the same time; whether one of them waits until another is written is the
    /// store's affair. Whoever sends several sees to it that no two of them are about the same task.
    fn lanes(&self) -> usize {
        1
    }

    /// As [`append`](Self::append), and tells what was written at this place of the feed; nowhere, without one. It is told if and only
    /// if it is written. A batch that goes to a place where there is one already is told no second time.
    async fn append_told(
        &self,
        epoch: Epoch,
        writes: &[Write],
        place: Option<FeedPlace>,
    ) -> Result<(), JournalError>;

    /// Up to `limit` commits of the feed after `after`, and where to read on: an empty page is the end, for now.
    ///
    /// The events of each task come in the order in which they were committed, whoever wrote them; those of tasks that have nothing to
    /// do with each other come in any order. [`JournalError::FeedTrimmed`] when some that `after` has not read are gone;
    /// [`FeedCursor::START`] begins with the oldest that is there.
    async fn feed_read(&self, after: &FeedCursor, limit: usize) -> Result<FeedPage, JournalError>;

    /// The place in the feed before the first commit of each epoch whose [time](FeedPlace::at) is `time` or later.
    /// [`JournalError::FeedTrimmed`] when some of these are gone.
    async fn feed_since(&self, time: Timestamp) -> Result<FeedCursor, JournalError>;

    /// Forgets the commits of the feed before `time`, by the clocks of those who wrote them; how many there were. The records that
    /// they told of stay.
    async fn feed_trim(&self, before: Timestamp) -> Result<u64, JournalError>;

    /// Sends `signal` to a task, whether or not a step waits for it. Of two with one id for one task the first stands.
    /// What it says of `taken_by` is passed over: a new signal is not taken. A NUL in its name or sender is stored as U+FFFD.
    /// One whose name begins with [`Signal::ORDER`] is an operator's, and audited.
    ///
    /// `true` when the task now has it, by this call or by an earlier one; `false`, and nothing happens, when the task has
    /// ended or does not exist.
    async fn signal_send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError>;

    /// Takes exclusive locks for a task that `epoch` owns: all of them, or none. A task holds its locks across steps and crashes,
    /// until [`Write::LocksFreed`] or its end. To ask again for what it holds is harmless.
    ///
    /// It is fair by age: refused while another task holds one of them, or while an older one, by the time it was asked for,
    /// queues for one. A paused task in a queue is passed over, and so is one that itself waits for what the asking task holds. A
    /// refused task stands in the queues of the names of its latest asking, and asks again when there may be room; nobody
    /// tells it. Tasks that ask for further locks while they hold some may wait for each other for ever: ask for all at once.
    ///
    /// [`JournalError::Fenced`] when the epoch was retired or does not own the task. A NUL in a name is stored as U+FFFD.
    async fn lock_take(
        &self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError>;

    /// Takes slots for steps of tasks that `epoch` owns, one wish after the other: a slot of each limit of a wish, or none. For
    /// each wish, in their order, what came of it. To ask again for what a step holds is harmless.
    ///
    /// A slot is held until [`Write::SlotsFreed`], until the task ends, or until the epoch is retired.
    /// [`JournalError::Fenced`] when the epoch was retired.
    async fn slots_take(&self, epoch: Epoch, wishes: &[SlotWish]) -> Result<Vec<SlotAnswer>, JournalError>;

    /// What others did to the tasks that `epoch` owns, and how many children of `parents` have not ended.
    async fn news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError>;

    /// All that is stored of a task, at one moment; `None` when there is no such task.
    async fn task_read(&self, task: TaskId) -> Result<Option<TaskState>, JournalError>;

    /// How a task ended; `None` while it has not, or when there is no such task.
    async fn task_end(&self, task: TaskId) -> Result<Option<TaskEnd>, JournalError>;

    /// All children that `parent`'s step `step` ever started, by their index, with the ends of those that have ended.
    async fn child_list(&self, parent: TaskId, step: &StepName) -> Result<Vec<Child>, JournalError>;
}
