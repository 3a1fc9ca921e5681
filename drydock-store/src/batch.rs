//! A batch of writes sorted by the table they go to, so that each store writes table by table.
//! The rules on repetitions inside one batch are here, once for all stores.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use drydock_core::journal::{
    AttemptRecord, Checkpoint, FactRecord, JournalError, Mark, Message, NewTask, StepEnd, StepProgress,
    TaskEnd, TaskEndKind, WaitRecord, Write,
};
use drydock_core::{Fence, Payload, SignalId, StepKey, TaskId};

use crate::feed::Told;

/// How many bytes of inputs and outputs go into one batch: Postgres takes no message over 1 GiB.
const MAX_BYTES: usize = 256 << 20;

/// A task to create.
pub(crate) struct TaskRow<'a> {
    pub(crate) task: &'a NewTask,
    /// Whether the writing instance owns it from the start.
    pub(crate) started: bool,
    /// Whether the same batch ends it: then it never becomes live.
    pub(crate) ended: bool,
}

impl<'a> TaskRow<'a> {
    /// Whether it never becomes live, unless its key stands in the way.
    pub(crate) fn is_short(&self) -> bool {
        self.ended && self.task.key.is_none()
    }

    pub(crate) fn key(&self) -> Option<Cow<'a, str>> {
        self.task.key.as_deref().map(storable)
    }

    pub(crate) fn limit_name(&self) -> Option<Cow<'a, str>> {
        self.task.limit.as_ref().map(|limit| storable(&limit.name))
    }

    pub(crate) fn limit_places(&self) -> Option<i64> {
        self.task.limit.as_ref().map(|limit| limit.places.into())
    }
}

fn any_special(rows: &[TaskRow<'_>]) -> bool {
    rows.iter().any(|TaskRow { task, .. }| {
        task.key.is_some() || task.priority != 0 || !task.labels.is_empty() || task.limit.is_some()
    })
}

/// A task's labels as they are stored. Of two names that become one the first counts.
pub(crate) fn labels_of(task: &NewTask) -> BTreeMap<Cow<'_, str>, Cow<'_, str>> {
    let mut labels = BTreeMap::new();
    for (name, value) in &task.labels {
        labels.entry(storable(name)).or_insert_with(|| storable(value));
    }
    labels
}

/// The labels of all of them, one row for each.
pub(crate) fn labels<'a>(
    rows: &'a [TaskRow<'a>],
) -> impl Iterator<Item = (&'a TaskRow<'a>, Cow<'a, str>, Cow<'a, str>)> {
    rows.iter().flat_map(|row| labels_of(row.task).into_iter().map(move |(name, value)| (row, name, value)))
}

/// The writes of one batch, by table. No key appears twice in a table.
#[derive(Default)]
pub(crate) struct Batch<'a> {
    pub(crate) tasks: Vec<TaskRow<'a>>,
    /// Whether any of the tasks has more than every task has: a key, a priority, labels, a limit.
    pub(crate) special: bool,
    pub(crate) checkpoints: Vec<(TaskId, &'a Checkpoint)>,
    pub(crate) attempts: Vec<(TaskId, &'a AttemptRecord)>,
    /// Failed checkpoints that are no more. Their attempts are among the attempts.
    pub(crate) reopened: Vec<(TaskId, &'a AttemptRecord)>,
    pub(crate) waits: Vec<(TaskId, &'a WaitRecord)>,
    pub(crate) marks: Vec<(TaskId, &'a Mark)>,
    pub(crate) taken: Vec<(TaskId, (SignalId, &'a StepKey))>,
    /// Tasks that give back their locks, by id, with the claims under which that was decided.
    pub(crate) unlocked: Vec<(TaskId, Option<Fence>)>,
    /// Steps that give back their slots, with the last ticket.
    pub(crate) vacated: Vec<(TaskId, (&'a StepKey, i64))>,
    pub(crate) messages: Vec<(TaskId, &'a Message)>,
    pub(crate) facts: Vec<(TaskId, &'a FactRecord)>,
    pub(crate) progress: Vec<(TaskId, &'a StepProgress)>,
    /// With the claims under which they were decided.
    pub(crate) ends: Vec<(TaskId, (Option<Fence>, &'a TaskEnd))>,
    /// What the feed tells of it.
    pub(crate) told: Option<Told>,
}

impl<'a> Batch<'a> {
    /// Sorts `writes`. Of two writes with one key the first stands, but the last of two waits or figures of progress, and a start goes before a queueing.
    /// A batch too large for a database's protocol is refused here: sent, it would look like a broken connection for ever.
    pub(crate) fn of(writes: &'a [Write]) -> Result<Self, JournalError> {
        let bytes: usize = writes.iter().map(size).sum();
        if bytes > MAX_BYTES {
            let problem = format!("a batch of {bytes} bytes is too large, at most {MAX_BYTES} go together");
            return Err(JournalError::Rejected(problem.into()));
        }
        let mut batch = Self::default();
        let mut queued = Vec::new();
        for write in writes {
            match write {
                Write::TaskStarted(task) => batch.tasks.push(TaskRow { task, started: true, ended: false }),
                Write::TaskQueued(task) => queued.push(TaskRow { task, started: false, ended: false }),
                Write::StepEnded(id, checkpoint) => batch.checkpoints.push((*id, checkpoint)),
                Write::AttemptFailed(id, attempt) => batch.attempts.push((*id, attempt)),
                Write::StepReopened(id, attempt) => {
                    batch.reopened.push((*id, attempt));
                    batch.attempts.push((*id, attempt));
                }
                Write::StepWaits(id, wait) => batch.waits.push((*id, wait)),
                Write::Marked(id, mark) => batch.marks.push((*id, mark)),
                Write::SignalTaken(id, signal, step) => batch.taken.push((*id, (*signal, step))),
                Write::LocksFreed(id, fence) => batch.unlocked.push((*id, *fence)),
                Write::SlotsFreed(id, step, ticket) => {
                    batch.vacated.push((*id, (step, crate::places::ticket(*ticket)?)));
                }
                Write::MessageSaid(id, message) => batch.messages.push((*id, message)),
                Write::FactFound(id, fact) => batch.facts.push((*id, fact)),
                Write::StepProgressed(id, progress) => batch.progress.push((*id, progress)),
                Write::TaskEnded(id, fence, end) => batch.ends.push((*id, (*fence, end))),
            }
        }
        batch.tasks.append(&mut queued);
        batch.refuse_contradictions()?;
        batch.settle();
        Ok(batch)
    }

    /// A step that is reopened and ends in one batch has no order of the two that a database would keep; and a task that begins
    /// without being claimed would take a place under its limit past those that wait for it.
    fn refuse_contradictions(&self) -> Result<(), JournalError> {
        if let Some(row) = self.tasks.iter().find(|row| row.started && row.task.limit.is_some()) {
            let problem = format!("task {} is under a limit: it is to be queued, not started", row.task.id);
            return Err(JournalError::Rejected(problem.into()));
        }
        if self.reopened.is_empty() {
            return Ok(());
        }
        let ended: HashSet<_> = self.checkpoints.iter().map(|(id, it)| (*id, &it.step)).collect();
        match self.reopened.iter().find(|(id, it)| ended.contains(&(*id, &it.step))) {
            None => Ok(()),
            Some((id, it)) => {
                let problem = format!("step {} of task {id} is reopened and ends in one batch", it.step);
                Err(JournalError::Rejected(problem.into()))
            }
        }
    }

    /// The tasks that are submitted, by nobody's epoch.
    pub(crate) fn submission(tasks: &'a [NewTask]) -> Self {
        let rows = tasks.iter().map(|task| TaskRow { task, started: false, ended: false });
        let mut batch = Self { tasks: rows.collect(), ..Self::default() };
        batch.settle();
        batch
    }

    fn settle(&mut self) {
        distinct(&mut self.tasks);
        self.special = any_special(&self.tasks);
        first_of_each(&mut self.checkpoints, |(id, checkpoint)| (*id, checkpoint.step.clone()));
        first_of_each(&mut self.attempts, |(id, attempt)| (*id, attempt.step.clone(), attempt.attempt));
        first_of_each(&mut self.marks, |(id, mark)| (*id, mark.step.clone(), mark.name.clone()));
        first_of_each(&mut self.taken, |(id, (signal, _))| (*id, *signal));
        // Whoever says so without a claim is not bound to any.
        self.unlocked.sort_unstable_by_key(|(id, decided)| (*id, decided.map_or(u64::MAX, Fence::get)));
        last_of_each(&mut self.unlocked, |(id, _)| *id);
        self.vacated.sort_unstable_by_key(|(_, (_, ticket))| *ticket);
        last_of_each(&mut self.vacated, |(id, (step, _))| (*id, (*step).clone()));
        first_of_each(&mut self.messages, |(id, message)| (*id, message.seq));
        first_of_each(&mut self.facts, |(id, fact)| (*id, fact.seq));
        first_of_each(&mut self.ends, |(id, _)| *id);
        // Whoever locks many live rows does it in this order, so that no two wait for each other.
        self.ends.sort_unstable_by_key(|(id, _)| *id);
        last_of_each(&mut self.waits, |(id, wait)| (*id, wait.step.clone()));
        last_of_each(&mut self.progress, |(id, progress)| (*id, progress.step.clone()));
        if !self.tasks.is_empty() && !self.ends.is_empty() {
            let first = |fence: Option<Fence>| fence.is_none_or(|fence| fence == Fence::FIRST);
            let ends = self.ends.iter().filter(|(_, (fence, _))| first(*fence));
            let ends: HashSet<TaskId> = ends.map(|(id, _)| *id).collect();
            for row in &mut self.tasks {
                row.ended = row.started && ends.contains(&row.task.id);
            }
        }
    }
}

/// The claims under which an end was decided, as databases count them; nothing for any.
pub(crate) fn claims(fence: Option<Fence>) -> Option<i64> {
    fence.map(|fence| i64::try_from(fence.get()).unwrap_or(i64::MAX))
}

/// For each submitted task the one that stands under its key, or itself.
pub(crate) fn standing_of(tasks: &[NewTask], standing: &HashMap<String, TaskId>) -> Vec<TaskId> {
    let under_key = |task: &NewTask| standing.get(&*storable(task.key.as_ref()?)).copied();
    tasks.iter().map(|task| under_key(task).unwrap_or(task.id)).collect()
}

/// The bytes of a write that may be many.
fn size(write: &Write) -> usize {
    match write {
        Write::TaskStarted(task) | Write::TaskQueued(task) => task.input.len(),
        Write::StepEnded(_, Checkpoint { end: StepEnd::Done(output), .. })
        | Write::TaskEnded(_, _, TaskEnd { kind: TaskEndKind::Completed(output), .. }) => output.len(),
        Write::StepWaits(_, wait) => wait.scratch.as_ref().map_or(0, Payload::len),
        Write::Marked(_, mark) => mark.value.len(),
        Write::MessageSaid(_, message) => message.text.len(),
        Write::FactFound(_, record) => record.fact.data.len(),
        Write::StepEnded(..)
        | Write::TaskEnded(..)
        | Write::AttemptFailed(..)
        | Write::StepReopened(..)
        | Write::SignalTaken(..)
        | Write::LocksFreed(..)
        | Write::SlotsFreed(..)
        | Write::StepProgressed(..) => 0,
    }
}

fn distinct(tasks: &mut Vec<TaskRow<'_>>) {
    first_of_each(tasks, |row| row.task.id);
    if tasks.iter().any(|row| row.task.key.is_some()) {
        let mut seen = HashSet::new();
        tasks.retain(|row| row.key().is_none_or(|key| seen.insert(key)));
    }
}

fn first_of_each<T, K: Eq + std::hash::Hash>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    if rows.len() > 1 {
        let mut seen = HashSet::with_capacity(rows.len());
        rows.retain(|row| seen.insert(key(row)));
    }
}

fn last_of_each<T, K: Eq + std::hash::Hash>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    if rows.len() > 1 {
        let last: HashMap<K, usize> = rows.iter().enumerate().map(|(at, row)| (key(row), at)).collect();
        let mut at = 0..;
        rows.retain(|row| last.get(&key(row)).copied() == at.next());
    }
}

/// The names of locks that are asked for: as they are stored, in the order in which they are taken, each once.
pub(crate) fn lock_names(names: &[String]) -> Vec<String> {
    let names: BTreeSet<_> = names.iter().map(|name| storable(name)).collect();
    names.into_iter().map(Cow::into_owned).collect()
}

/// `text` as every database can keep it: Postgres has no NUL in a text, and what a machine says may hold one.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}
