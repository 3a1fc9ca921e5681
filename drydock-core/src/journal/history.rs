//! History: what is kept of tasks that have ended, and how it goes.
//!
//! What goes is decided tree by tree: a task may go when it, its ancestors and all its descendants have ended, and each of them longer ago
//! than its own workflow asks for. "At least as long as asked" is the promise; a store may keep more, and for longer.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{AuditRecord, ClaimedTask, FactRecord, JournalError, Message, TaskEnd};
use crate::{Epoch, TaskId, Timestamp, WorkflowName};

/// Before which moment a task must have ended to go, by the name of its workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Horizon {
    /// For the tasks of workflows that are not among the `workflows`. Nothing of them goes without one.
    pub usual: Option<Timestamp>,
    /// For the tasks of these workflows, of all their versions. Nothing of those without one goes.
    pub workflows: BTreeMap<WorkflowName, Option<Timestamp>>,
}

impl Horizon {
    /// That of the tasks of `workflow`; `None` when they are kept for ever.
    #[must_use]
    pub fn of(&self, workflow: &WorkflowName) -> Option<Timestamp> {
        self.workflows.get(workflow).copied().unwrap_or(self.usual)
    }

    /// The latest of all: what began after it cannot go, whatever its workflow. `None` when nothing ever goes.
    #[must_use]
    pub fn latest(&self) -> Option<Timestamp> {
        self.workflows.values().copied().chain([self.usual]).flatten().max()
    }
}

/// The least id that a task has which is begun at `time`, to the millisecond.
#[must_use]
pub fn least_id(time: Timestamp) -> TaskId {
    let millis = u128::try_from(time.timestamp_millis()).unwrap_or(0);
    TaskId::from_uuid(Uuid::from_u128(millis << 80))
}

/// The moment that an id tells of, to the millisecond; 1970 where it tells of none.
#[must_use]
pub fn moment_of(id: TaskId) -> Timestamp {
    let millis = i64::try_from(id.as_uuid().as_u128() >> 80).unwrap_or(0);
    Timestamp::from_timestamp_millis(millis).unwrap_or_default()
}

/// Ended tasks that go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// All tasks of a span of time: those with ids from `first` on, and less than `beyond`.
    Span {
        /// The least id that belongs to it.
        first: TaskId,
        /// The least id after it.
        beyond: TaskId,
    },
    /// These tasks, parents before their children.
    Tasks(Vec<TaskId>),
}

impl Piece {
    /// A name for it, the same whenever it is asked for, that may stand in the name of a file.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Span { first, beyond } => {
                let time = |id: &TaskId| moment_of(*id).format("%Y%m%dT%H%MZ");
                format!("{}_{}", time(first), time(beyond))
            }
            Self::Tasks(tasks) => match (tasks.iter().min(), tasks.iter().max()) {
                (Some(first), Some(last)) => format!("{first}_{last}_{}", tasks.len()),
                _ => "nothing".to_owned(),
            },
        }
    }
}

/// Why tasks that are old enough stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// This task has not ended: it, or its parent or child, is among them.
    Live(TaskId),
    /// This task, which is among them, has not ended long enough ago.
    Young(TaskId),
}

/// A span of time that is old enough, and whose tasks stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSpan {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
    /// What holds it; there may be more.
    pub hold: Hold,
}

/// What may go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// In the order in which it is to go.
    pub pieces: Vec<Piece>,
    /// What is old enough, and is held by a few.
    pub held: Vec<HeldSpan>,
    /// After which task to go on looking; `None` when all was looked at.
    pub next: Option<TaskId>,
}

/// What came of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The tasks are gone, now or before.
    Gone,
    /// Something has changed since it was due, and all of it is still there.
    Held(Hold),
}

/// A task that has ended, with all that was ever recorded of it, as an archive gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedTask {
    /// The task and its records.
    pub task: ClaimedTask,
    /// The name of its workflow.
    pub workflow: WorkflowName,
    /// The version of its workflow.
    pub version: u32,
    /// How it ended.
    pub end: TaskEnd,
    /// What its steps said, by `seq`.
    pub messages: Vec<Message>,
    /// What its steps found out, by `seq`.
    pub facts: Vec<FactRecord>,
    /// What operators did to it, in the order in which they did.
    pub audit: Vec<AuditRecord>,
}

/// How what is kept of ended tasks goes. One instance does it for all, and nothing breaks when two do.
///
/// All methods are cancel-safe as those of the [`Journal`](super::Journal) are: each may be repeated.
#[async_trait]
pub trait History: Send + Sync + 'static {
    /// Takes `duty`, which one instance does for all; `false` while another has it that was not retired. Who has it keeps it until its epoch
    /// is retired. [`JournalError::Fenced`] when `epoch` was retired.
    async fn duty_take(&self, epoch: Epoch, duty: &str) -> Result<bool, JournalError>;

    /// Makes room ahead for the tasks of `now` and of the next `ahead` spans of that length, where the store has such rooms. How many it
    /// made.
    async fn history_extend(&self, now: Timestamp, span: Duration, ahead: u32) -> Result<u32, JournalError>;

    /// What may go, of those after the task `after`. Where tasks go one by one, it looks at about `most` and at their descendants.
    async fn history_due(
        &self,
        horizon: &Horizon,
        after: Option<TaskId>,
        most: usize,
    ) -> Result<Due, JournalError>;

    /// The first `most` tasks of `piece` after the task `after`, by id, whole; an empty page is its end. An error when one of them cannot be
    /// read.
    async fn history_read(
        &self,
        piece: &Piece,
        after: Option<TaskId>,
        most: usize,
    ) -> Result<Vec<ArchivedTask>, JournalError>;

    /// Removes the tasks of `piece`, with their keys and all their records, if they still may go. A removal that has begun goes on in
    /// [`history_tidy`](Self::history_tidy), whatever happens. [`JournalError::Fenced`] when the epoch was retired.
    async fn history_remove(
        &self,
        epoch: Epoch,
        piece: &Piece,
        horizon: &Horizon,
    ) -> Result<Removal, JournalError>;

    /// Carries on with removals that had begun. [`JournalError::Fenced`] when the epoch was retired.
    async fn history_tidy(&self, epoch: Epoch) -> Result<(), JournalError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_workflow_has_the_usual_horizon_unless_it_has_its_own() {
        let (early, late) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        let name = |text: &str| WorkflowName::new(text).unwrap();
        let horizon = Horizon {
            usual: Some(early),
            workflows: BTreeMap::from([(name("a"), None), (name("b"), Some(late))]),
        };
        assert_eq!(
            [horizon.of(&name("a")), horizon.of(&name("b")), horizon.of(&name("c"))],
            [None, Some(late), Some(early)]
        );
        assert_eq!((horizon.latest(), Horizon::default().latest()), (Some(late), None));
    }

    #[test]
    fn a_piece_is_named_by_its_times_or_its_tasks() {
        let (from, to) = (at("2026-01-05T00:00:00Z"), at("2026-01-12T00:00:00Z"));
        assert_eq!((moment_of(least_id(from)), moment_of(least_id(to))), (from, to));
        let span = Piece::Span { first: least_id(from), beyond: least_id(to) };
        assert_eq!(span.name(), "20260105T0000Z_20260112T0000Z");
        let tasks = Piece::Tasks(vec![least_id(to), least_id(from)]);
        assert!(tasks.name().starts_with(&least_id(from).to_string()) && tasks.name().ends_with("_2"));
    }
}
