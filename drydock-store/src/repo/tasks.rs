//! Tasks as a user sees them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use drydock_core::journal::{
    AttemptRecord, AuditRecord, Cancellation, Checkpoint, JournalError, Mark, Message, Parent, Request,
    Signal, StepProgress, TaskEnd, TaskEndKind, WaitRecord,
};
use drydock_core::{Payload, TaskId, Timestamp, WorkflowName};
use uuid::Uuid;

use super::facts::{FactPage, FactQuery};
use super::search::{TaskPage, TaskSearch};
use crate::gather::Each;
use crate::unreadable::readable;

/// Where a task is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskStatus {
    /// No instance has it: it was not claimed yet, or its instance is gone.
    Queued,
    /// An instance has it.
    Running,
    /// Its cancellation was asked for; it has not ended yet.
    Terminating,
    /// It ended by itself, well or not.
    Complete,
    /// It ended because somebody asked for it.
    Terminated,
}

/// A task, without its input's and its steps' details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRecord {
    /// Its id.
    pub id: TaskId,
    /// Its parent, if it is a child.
    pub parent: Option<Parent>,
    /// The name of its workflow.
    pub workflow: WorkflowName,
    /// The version of its workflow.
    pub version: u32,
    /// Its input.
    pub input: Payload,
    /// The key under which it stands, if it has one.
    pub key: Option<String>,
    /// Its priority.
    pub priority: i16,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Where it is in its life.
    pub status: TaskStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When an instance first took it.
    pub started_at: Option<Timestamp>,
    /// The latest of: the end of a step or of an attempt, the beginning of an attempt that waits, the end of the task.
    pub updated_at: Option<Timestamp>,
    /// The first request to stop it.
    pub cancellation: Option<Cancellation>,
    /// The request to hold it, while it is paused.
    pub pause: Option<Request>,
    /// Its end, once it ended.
    pub end: Option<TaskEnd>,
    /// Its children, by step and by index.
    pub children: Vec<TaskId>,
    /// What its steps said, by `seq`.
    pub messages: Vec<Message>,
}

/// A task with all that is recorded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskHistory {
    /// The task.
    pub task: TaskRecord,
    /// Its workflow's definition, JSON text.
    pub definition: String,
    /// The steps that ended, in the order in which they did.
    pub checkpoints: Vec<Checkpoint>,
    /// The failed attempts, in the order in which they failed.
    pub attempts: Vec<AttemptRecord>,
    /// The latest wait of each step that ever waited, by step.
    pub waits: Vec<WaitRecord>,
    /// What its steps noted on their way, in the order in which they did.
    pub marks: Vec<Mark>,
    /// What was sent to it, in the order in which it was, whether taken or not.
    pub signals: Vec<Signal>,
    /// What operators did to it, in the order in which they did.
    pub audit: Vec<AuditRecord>,
    /// How far its steps were when they last told, by step.
    pub progress: Vec<StepProgress>,
}

/// Which tasks a list shows, by their parents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ParentFilter {
    /// All tasks.
    #[default]
    Any,
    /// Tasks that nobody's step started.
    Roots,
    /// Children of these tasks.
    Of(Vec<TaskId>),
}

/// One page of tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// Which tasks.
    pub parents: ParentFilter,
    /// Only tasks with a greater id: the last one of the page before.
    pub after: Option<TaskId>,
    /// At most so many; all when absent.
    pub limit: Option<u32>,
}

impl TaskQuery {
    /// The least id that may be on the page; `None` when there is none after [`after`](Self::after).
    pub(crate) fn least(&self) -> Option<Uuid> {
        match self.after {
            Some(after) => after.as_uuid().as_u128().checked_add(1).map(Uuid::from_u128),
            None => Some(Uuid::nil()),
        }
    }
}

impl TaskQuery {
    /// Takes what can be read of a page, and turns to what comes after it; whether more of that is wanted.
    pub(crate) fn turn(
        &mut self,
        page: Vec<Each>,
        found: &mut Vec<TaskRecord>,
    ) -> Result<bool, JournalError> {
        let full = self.limit.is_some_and(|limit| u32::try_from(page.len()) == Ok(limit));
        self.after = page.last().map(|(last, _)| *last).or(self.after);
        let tasks = readable(page.into_iter().map(|(_, task)| task))?;
        if let Some(limit) = &mut self.limit {
            *limit = limit.saturating_sub(u32::try_from(tasks.len()).unwrap_or(u32::MAX));
        }
        found.extend(tasks);
        Ok(full && self.limit > Some(0))
    }
}

/// Tasks, for reading. What a method returns was all there at one moment.
#[async_trait]
pub trait TaskRepo: Send + Sync + 'static {
    /// One task.
    async fn task_get(&self, id: TaskId) -> Result<Option<TaskRecord>, JournalError>;

    /// The tasks that match, by id. One that cannot be read is left out, and told of in the log; the next takes its place.
    async fn task_list(&self, query: &TaskQuery) -> Result<Vec<TaskRecord>, JournalError>;

    /// A page of the tasks that a search finds.
    async fn task_search(&self, search: &TaskSearch) -> Result<TaskPage, JournalError>;

    /// One task, with all that is recorded of it.
    async fn task_history(&self, id: TaskId) -> Result<Option<TaskHistory>, JournalError>;

    /// A page of the facts that match, the newest first.
    async fn fact_list(&self, query: &FactQuery) -> Result<FactPage, JournalError>;
}

/// The status of a task that has `end`, or has an instance or not, and whose cancellation was asked for or not.
pub(crate) fn status_of(
    end: Option<&TaskEnd>,
    under_way: bool,
    cancellation: Option<&Cancellation>,
) -> TaskStatus {
    match end.map(|end| &end.kind) {
        Some(TaskEndKind::Completed(_) | TaskEndKind::Failed(_)) => TaskStatus::Complete,
        Some(TaskEndKind::Cancelled(_)) => TaskStatus::Terminated,
        None if cancellation.is_some() => TaskStatus::Terminating,
        None if under_way => TaskStatus::Running,
        None => TaskStatus::Queued,
    }
}

/// The request that stands: the one that was recorded, or the one that the end names.
pub(crate) fn cancellation_of(recorded: Option<Cancellation>, end: Option<&TaskEnd>) -> Option<Cancellation> {
    recorded.or_else(|| match end.map(|end| &end.kind) {
        Some(TaskEndKind::Cancelled(request)) => Some(request.clone()),
        Some(TaskEndKind::Completed(_) | TaskEndKind::Failed(_)) | None => None,
    })
}

/// Brings the parts of a history into the order that [`TaskHistory`] promises.
pub(crate) fn in_order(history: &mut TaskHistory) {
    history.checkpoints.sort_by(|a, b| (a.ended_at, &a.step).cmp(&(b.ended_at, &b.step)));
    history.attempts.sort_by(|a, b| (a.ended_at, &a.step, a.attempt).cmp(&(b.ended_at, &b.step, b.attempt)));
    history.waits.sort_by(|a, b| a.step.cmp(&b.step));
    history.progress.sort_by(|a, b| a.step.cmp(&b.step));
    history.marks.sort_by(|a, b| (a.at, &a.step, &a.name).cmp(&(b.at, &b.step, &b.name)));
    history.audit.sort_by(|a, b| {
        (a.request.at, a.verb.as_str(), &a.request.by, &a.detail).cmp(&(
            b.request.at,
            b.verb.as_str(),
            &b.request.by,
            &b.detail,
        ))
    });
    history.signals.sort_by_key(|signal| (signal.at, signal.id));
}
