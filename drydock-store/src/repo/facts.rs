//! Finding facts: of a task, or about a subject whichever task found them out, page by page.

use std::fmt;
use std::str::FromStr;

use drydock_core::journal::{FactRecord, Subject};
use drydock_core::{TaskId, Timestamp};
use uuid::Uuid;

use super::search::InvalidCursor;

/// Whose facts are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactsOf {
    /// Those that a task's steps found.
    Task(TaskId),
    /// Those about a subject, whichever task found them.
    Subject(Subject),
}

/// Which facts are listed. They come newest first: by time, task and place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactQuery {
    /// Whose.
    pub of: FactsOf,
    /// Of each generator only the newest about each subject.
    pub latest: bool,
    /// Only what comes after this: [`FactPage::next`] of the page before, of a query that is the same otherwise.
    pub after: Option<FactCursor>,
    /// At most so many.
    pub limit: u32,
}

impl FactQuery {
    /// All facts that a task's steps found, a hundred on each page.
    #[must_use = "a query is a value"]
    pub const fn of_task(task: TaskId) -> Self {
        Self { of: FactsOf::Task(task), latest: false, after: None, limit: 100 }
    }

    /// All facts about the `kind` of thing called `name`, a hundred on each page.
    #[must_use = "a query is a value"]
    pub fn about(kind: &str, name: &str) -> Self {
        let subject = Subject { kind: kind.to_owned(), name: name.to_owned() };
        Self { of: FactsOf::Subject(subject), latest: false, after: None, limit: 100 }
    }

    /// Of each generator only the newest.
    #[must_use = "a query is a value"]
    pub fn latest(self) -> Self {
        Self { latest: true, ..self }
    }
}

/// A fact, and who found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFact {
    /// The task whose step found it.
    pub task: TaskId,
    /// The fact, as it is on record.
    pub record: FactRecord,
}

/// One page of facts. Pages do not overlap, whatever is recorded between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactPage {
    /// The facts, the newest first.
    pub facts: Vec<FoundFact>,
    /// Where the next page goes on; `None` after the last.
    pub next: Option<FactCursor>,
}

impl FactPage {
    /// The page of `facts`, which are one more than `limit` when there is another page.
    pub(crate) fn of(mut facts: Vec<FoundFact>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = facts.len() > limit;
        facts.truncate(limit);
        let next = facts.last().filter(|_| more).map(FactCursor::of);
        Self { facts, next }
    }
}

/// A place between two pages. Its text may be handed out and taken back; what it says is no business of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactCursor {
    pub(crate) at: Timestamp,
    pub(crate) task: TaskId,
    pub(crate) seq: u32,
}

impl FactCursor {
    pub(crate) const fn of(fact: &FoundFact) -> Self {
        Self { at: fact.record.at, task: fact.task, seq: fact.record.seq }
    }
}

impl fmt::Display for FactCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at.timestamp_micros(), self.task.as_uuid().simple(), self.seq)
    }
}

impl FromStr for FactCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('.');
        let (Some(at), Some(task), Some(seq), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidCursor);
        };
        let at = at.parse().ok().and_then(Timestamp::from_timestamp_micros).ok_or(InvalidCursor)?;
        let task = Uuid::parse_str(task).map(TaskId::from_uuid).map_err(|_| InvalidCursor)?;
        Ok(Self { at, task, seq: seq.parse().map_err(|_| InvalidCursor)? })
    }
}
