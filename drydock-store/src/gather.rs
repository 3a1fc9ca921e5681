//! Rows of many tasks, read with one query for each table, brought together task by task.

use std::collections::HashMap;

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, Message};

use crate::repo::{TaskHistory, TaskRecord, in_order};
use crate::row::{Columns, Reader};

/// What `read` makes of each row, by the task that `key` names, in the order of the rows.
pub(crate) fn by_task<R: Columns, T>(
    table: &'static str,
    key: &'static str,
    rows: &[R],
    read: impl Fn(&Reader<'_, R>) -> Result<T, JournalError>,
) -> Result<HashMap<TaskId, Vec<T>>, JournalError> {
    let mut tasks: HashMap<TaskId, Vec<T>> = HashMap::new();
    for row in rows {
        let reader = Reader::new(table, row);
        tasks.entry(reader.id(key)?).or_default().push(read(&reader)?);
    }
    Ok(tasks)
}

/// The tasks that stand under keys, from the columns `task_id` and `key`.
pub(crate) fn by_key<R: Columns>(rows: &[R]) -> Result<HashMap<String, TaskId>, JournalError> {
    let readers = rows.iter().map(|row| Reader::new("tasks", row));
    readers.map(|row| Ok((row.key()?, row.id("task_id")?))).collect()
}

/// A task, if it can be read.
pub(crate) type Each = (TaskId, Result<TaskRecord, JournalError>);

/// The rows that belong to a page of tasks.
pub(crate) struct PageRows<R> {
    /// By id.
    pub(crate) tasks: Vec<R>,
    /// By step and index.
    pub(crate) children: Vec<R>,
    /// By `seq`.
    pub(crate) messages: Vec<R>,
}

impl<R: Columns> PageRows<R> {
    /// The ids of the page's tasks.
    pub(crate) fn ids(tasks: &[R]) -> Result<Vec<TaskId>, JournalError> {
        tasks.iter().map(|row| Reader::new("tasks", row).id("task_id")).collect()
    }

    /// The tasks, by id.
    pub(crate) fn gather(&self) -> Result<Vec<TaskRecord>, JournalError> {
        self.gather_each()?.into_iter().map(|(_, task)| task).collect()
    }

    /// The tasks, by id, each for itself: one that cannot be read keeps nobody from the others.
    pub(crate) fn gather_each(&self) -> Result<Vec<Each>, JournalError> {
        let mut children = by_task("tasks", "parent_id", &self.children, |row| row.id("task_id"))?;
        let mut messages: HashMap<TaskId, Result<Vec<Message>, JournalError>> = HashMap::new();
        for row in &self.messages {
            let reader = Reader::new("messages", row);
            let all = messages.entry(reader.id("task_id")?).or_insert_with(|| Ok(Vec::new()));
            match (&mut *all, reader.message()) {
                (Ok(all), Ok(message)) => all.push(message),
                (Ok(_), Err(error)) => *all = Err(error),
                (Err(_), _) => {}
            }
        }
        let records = self.tasks.iter().map(|row| {
            let reader = Reader::new("tasks", row);
            let id = reader.id("task_id")?;
            let (children, messages) = (children.remove(&id), messages.remove(&id));
            let whole = |record: TaskRecord| {
                let messages = messages.unwrap_or_else(|| Ok(Vec::new()))?;
                Ok(TaskRecord { children: children.unwrap_or_default(), messages, ..record })
            };
            Ok((id, reader.record().and_then(whole)))
        });
        records.collect()
    }
}

/// The further rows that belong to one task's history.
pub(crate) struct HistoryRows<R> {
    pub(crate) checkpoints: Vec<R>,
    pub(crate) attempts: Vec<R>,
    pub(crate) waits: Vec<R>,
    pub(crate) marks: Vec<R>,
    pub(crate) signals: Vec<R>,
    pub(crate) audit: Vec<R>,
    pub(crate) progress: Vec<R>,
}

impl<R: Columns> HistoryRows<R> {
    /// The history of `task`, whose row with the definition is `row`.
    pub(crate) fn gather(&self, task: TaskRecord, row: &R) -> Result<TaskHistory, JournalError> {
        let checkpoints = self.checkpoints.iter().map(|row| Reader::new("checkpoints", row).checkpoint());
        let attempts = self.attempts.iter().map(|row| Reader::new("attempts", row).attempt());
        let waits = self.waits.iter().map(|row| Reader::new("waits", row).wait());
        let marks = self.marks.iter().map(|row| Reader::new("marks", row).mark());
        let signals = self.signals.iter().map(|row| Reader::new("signals", row).signal());
        let audit = self.audit.iter().map(|row| Reader::new("audit", row).audit());
        let progress = self.progress.iter().map(|row| Reader::new("progress", row).progress());
        let mut history = TaskHistory {
            task,
            definition: Reader::new("workflows", row).definition()?,
            checkpoints: checkpoints.collect::<Result<_, _>>()?,
            attempts: attempts.collect::<Result<_, _>>()?,
            waits: waits.collect::<Result<_, _>>()?,
            marks: marks.collect::<Result<_, _>>()?,
            signals: signals.collect::<Result<_, _>>()?,
            audit: audit.collect::<Result<_, _>>()?,
            progress: progress.collect::<Result<_, _>>()?,
        };
        in_order(&mut history);
        Ok(history)
    }
}
