//! Finding tasks: by labels, status, workflow and time, page by page.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use drydock_core::journal::JournalError;
use drydock_core::{TaskId, Timestamp, WorkflowName};
use uuid::Uuid;

use super::tasks::{TaskRecord, TaskStatus};
use crate::gather::Each;
use crate::unreadable::readable;

/// In which order tasks are found. Ids are in the order in which they were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SearchOrder {
    /// By id.
    #[default]
    OldestFirst,
    /// By id, the greatest first.
    NewestFirst,
}

/// What is looked for: tasks for which all of it holds. The default finds all, a hundred on each page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSearch {
    /// Tasks with all these labels, names and values.
    pub labels: BTreeMap<String, String>,
    /// Tasks that are there in their life.
    pub status: Option<TaskStatus>,
    /// Tasks that run a workflow of this name, in any version.
    pub workflow: Option<WorkflowName>,
    /// Tasks that were asked for then or later.
    pub created_from: Option<Timestamp>,
    /// Tasks that were asked for before then.
    pub created_before: Option<Timestamp>,
    /// In which order.
    pub order: SearchOrder,
    /// Only what comes after this: [`TaskPage::next`] of the page before, of a search that is the same otherwise.
    pub after: Option<Cursor>,
    /// At most so many tasks.
    pub limit: u32,
}

impl Default for TaskSearch {
    fn default() -> Self {
        Self {
            labels: BTreeMap::new(),
            status: None,
            workflow: None,
            created_from: None,
            created_before: None,
            order: SearchOrder::default(),
            after: None,
            limit: 100,
        }
    }
}

/// One page of what was found. Pages neither overlap nor leave a gap, whatever is started between them; a task that cannot be
/// read is left out, and told of in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskPage {
    /// The tasks, in the order that was asked for.
    pub tasks: Vec<TaskRecord>,
    /// Where the next page goes on; `None` after the last.
    pub next: Option<Cursor>,
}

impl TaskPage {
    /// The page of `tasks`, which are one more than `limit` when there is another page.
    pub(crate) fn of(mut tasks: Vec<Each>, limit: u32) -> Result<Self, JournalError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = tasks.len() > limit;
        tasks.truncate(limit);
        let next = tasks.last().filter(|_| more).map(|(last, _)| Cursor(*last));
        Ok(Self { tasks: readable(tasks.into_iter().map(|(_, task)| task))?, next })
    }
}

/// A place between two pages. Its text may be handed out and taken back; what it says is no business of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor(TaskId);

impl Cursor {
    /// The last task before it.
    pub(crate) const fn task(self) -> TaskId {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_uuid().simple().fmt(f)
    }
}

/// A text is not the cursor of a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor of a page: take the one that came with the page before, unchanged")]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        Uuid::parse_str(text).map(|id| Self(TaskId::from_uuid(id))).map_err(|_| InvalidCursor)
    }
}
