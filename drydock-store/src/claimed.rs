//! Rows of claimed tasks, brought together task by task. What cannot be read spoils the task that it belongs to, and no other.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the path of a reader's method binds one lifetime, a closure takes any"
)]

use std::cmp::Reverse;
use std::collections::HashMap;

use drydock_core::journal::{Cancellation, Claim, ClaimedTask, JournalError, Request, UnreadableTask};
use drydock_core::{Fence, TaskId};

use crate::error::inconsistent;
use crate::row::{Columns, Reader};

/// What a claim took: of each task what its live row knew.
pub(crate) type Taken = HashMap<TaskId, Result<Life, JournalError>>;

/// What a live row knows of a task that is claimed.
pub(crate) struct Life {
    resumed: bool,
    fence: Fence,
    cancellation: Option<Cancellation>,
    pause: Option<Request>,
}

/// What a claim took, from the live rows' `task_id`, `resumed`, `claims`, `cancel_at`, `cancel_by`, `pause_at` and `pause_by`.
pub(crate) fn taken<R: Columns>(rows: &[R]) -> Result<Taken, JournalError> {
    let readers = rows.iter().map(|row| Reader::new("live", row));
    let life = |row: &Reader<'_, R>| {
        Ok(Life {
            resumed: row.truth("resumed")?,
            fence: row.count("claims").map(Fence::new)?,
            cancellation: row.cancellation()?,
            pause: row.pause()?,
        })
    };
    readers.map(|row| Ok((row.id("task_id")?, life(&row)))).collect()
}

/// The rows that belong to claimed tasks.
pub(crate) struct ClaimRows<R> {
    /// With the greatest `seq` of their messages, and of their facts.
    pub(crate) tasks: Vec<R>,
    pub(crate) checkpoints: Vec<R>,
    pub(crate) attempts: Vec<R>,
    pub(crate) waits: Vec<R>,
    pub(crate) marks: Vec<R>,
    pub(crate) signals: Vec<R>,
}

/// Whether any of the claimed tasks has records of the kind that `column` tells of. Most have few, and what is not there need
/// not be asked for.
pub(crate) fn any<R: Columns>(tasks: &[R], column: &'static str) -> Result<bool, JournalError> {
    for row in tasks {
        if Reader::new("tasks", row).truth(column)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl<R: Columns> ClaimRows<R> {
    /// The claimed tasks, in the order of claims; then those that cannot be read, by id.
    pub(crate) fn gather(&self, taken: Taken) -> Result<Vec<Claim>, JournalError> {
        let mut bad = Bad::default();
        let mut tasks = bad.by_task("tasks", &self.tasks, |row| row.new_task())?;
        let messages = bad.by_task("messages", &self.tasks, |row| row.next("seq"))?;
        let facts = bad.by_task("facts", &self.tasks, |row| row.next("fact_seq"))?;
        let mut checkpoints = bad.by_task("checkpoints", &self.checkpoints, |row| row.checkpoint())?;
        let mut attempts = bad.by_task("attempts", &self.attempts, |row| row.attempt())?;
        let mut waits = bad.by_task("waits", &self.waits, |row| row.wait())?;
        let mut marks = bad.by_task("marks", &self.marks, |row| row.mark())?;
        let mut signals = bad.by_task("signals", &self.signals, |row| row.signal())?;
        let mut claimed = Vec::with_capacity(taken.len());
        for (id, life) in taken {
            let task = tasks.remove(&id).and_then(|mut rows| rows.pop());
            let (life, task) = match (bad.0.contains_key(&id), life, task) {
                (false, Ok(life), Some(task)) => (life, task),
                (_, life, _) => {
                    let missing =
                        || inconsistent("tasks", "task_id", id, "there is no such row, but a live one");
                    bad.0.entry(id).or_insert_with(|| life.err().unwrap_or_else(missing));
                    continue;
                }
            };
            claimed.push(ClaimedTask {
                task,
                resumed: life.resumed,
                fence: life.fence,
                cancellation: life.cancellation,
                pause: life.pause,
                checkpoints: checkpoints.remove(&id).unwrap_or_default(),
                attempts: attempts.remove(&id).unwrap_or_default(),
                waits: waits.remove(&id).unwrap_or_default(),
                marks: marks.remove(&id).unwrap_or_default(),
                signals: signals.remove(&id).unwrap_or_default(),
                messages: messages.get(&id).and_then(|next| next.first().copied()).unwrap_or(0),
                facts: facts.get(&id).and_then(|next| next.first().copied()).unwrap_or(0),
            });
        }
        claimed.sort_by_key(|ClaimedTask { task, .. }| (Reverse(task.priority), task.created_at, task.id));
        let mut unreadable: Vec<UnreadableTask> =
            bad.0.into_iter().map(|(task, error)| UnreadableTask { task, error }).collect();
        unreadable.sort_by_key(|bad| bad.task);
        Ok(claimed.into_iter().map(Ok).chain(unreadable.into_iter().map(Err)).collect())
    }
}

/// The first thing that is wrong with each task that cannot be read.
#[derive(Default)]
struct Bad(HashMap<TaskId, JournalError>);

impl Bad {
    /// What `read` makes of each row, by task, in the order of the rows.
    fn by_task<R: Columns, T>(
        &mut self,
        table: &'static str,
        rows: &[R],
        read: impl Fn(&Reader<'_, R>) -> Result<T, JournalError>,
    ) -> Result<HashMap<TaskId, Vec<T>>, JournalError> {
        let mut tasks: HashMap<TaskId, Vec<T>> = HashMap::new();
        for row in rows {
            let reader = Reader::new(table, row);
            let id = reader.id("task_id")?;
            match read(&reader) {
                Ok(record) => tasks.entry(id).or_default().push(record),
                Err(error) => {
                    self.0.entry(id).or_insert(error);
                }
            }
        }
        Ok(tasks)
    }
}
