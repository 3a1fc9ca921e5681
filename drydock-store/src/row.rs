//! Rows into records, for both databases. A value that cannot be is an error that names its table, column and row.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use drydock_core::journal::{
    AttemptRecord, AuditRecord, Cancellation, Checkpoint, Child, Crowd, Fact, FactRecord, FeedCommit, Figure,
    HeldLock, InstanceBeat, JournalError, LockClaim, Mark, Message, NewTask, Obstacle, Offers, Parent,
    Request, Signal, StepProgress, StoredWorkflow, Subject, TaskEnd, TaskLimit, Verb, WaitRecord,
};
use drydock_core::{
    Epoch, InstanceName, Payload, SignalId, StepName, TaskId, Timestamp, WorkflowId, WorkflowName,
};
use sqlx::Error;
use uuid::Uuid;

use crate::codec::{self, Problem};
use crate::error::inconsistent;
use crate::feed::{self, Teller};
use crate::places::Slot;
use crate::repo::{TaskRecord, cancellation_of, status_of};
use crate::unreadable;

/// A database's row: its columns by name, in the types of this crate. `None` is NULL.
pub(crate) trait Columns {
    fn int(&self, column: &str) -> Result<Option<i64>, Error>;
    fn truth(&self, column: &str) -> Result<Option<bool>, Error>;
    fn text(&self, column: &str) -> Result<Option<String>, Error>;
    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, Error>;
    fn uuid(&self, column: &str) -> Result<Option<Uuid>, Error>;
    fn time(&self, column: &str) -> Result<Option<Timestamp>, Error>;
}

/// A row of one table.
pub(crate) struct Reader<'a, R> {
    table: &'static str,
    row: &'a R,
}

/// The lease of an instance whose own cannot be read.
const LONG_LEASE: Duration = Duration::from_hours(1);

type Column = &'static str;
type Read<T> = Result<T, JournalError>;

impl<'a, R: Columns> Reader<'a, R> {
    pub(crate) fn new(table: &'static str, row: &'a R) -> Self {
        Self { table, row }
    }

    fn bad(&self, column: Column, problem: impl Display) -> JournalError {
        let task = self.row.uuid("task_id").ok().flatten().map(|id| id.to_string());
        let step = self.row.text("step").ok().flatten();
        let commit = self.row.int("epoch").ok().flatten().zip(self.row.int("seq").ok().flatten());
        let commit = commit.map(|(epoch, seq)| format!("{epoch}/{seq}"));
        let mut key: Vec<String> = task.into_iter().chain(step).chain(commit).collect();
        if self.table == "instances" {
            key.extend(self.row.int("epoch").ok().flatten().map(|epoch| epoch.to_string()));
        }
        inconsistent(self.table, column, key.join("/"), problem)
    }

    fn problem(&self, problem: Problem) -> JournalError {
        self.bad(problem.column, problem.text)
    }

    fn maybe<T>(
        &self,
        column: Column,
        read: impl Fn(&R, &str) -> Result<Option<T>, Error>,
    ) -> Read<Option<T>> {
        read(self.row, column).map_err(|error| self.bad(column, error))
    }

    fn sure<T>(&self, column: Column, read: impl Fn(&R, &str) -> Result<Option<T>, Error>) -> Read<T> {
        self.maybe(column, read)?.ok_or_else(|| self.bad(column, "it is empty"))
    }

    fn small(&self, column: Column) -> Read<u32> {
        u32::try_from(self.sure(column, R::int)?).map_err(|error| self.bad(column, error))
    }

    fn name<T: std::str::FromStr<Err: Display>>(&self, column: Column) -> Read<T> {
        self.sure(column, R::text)?.parse().map_err(|error| self.bad(column, error))
    }

    fn payload(&self, column: Column) -> Read<Payload> {
        self.sure(column, R::bytes).map(Payload::from)
    }

    pub(crate) fn id(&self, column: Column) -> Read<TaskId> {
        self.sure(column, R::uuid).map(TaskId::from_uuid)
    }

    pub(crate) fn number(&self, column: Column) -> Read<i64> {
        self.sure(column, R::int)
    }

    pub(crate) fn truth(&self, column: Column) -> Read<bool> {
        self.sure(column, R::truth)
    }

    pub(crate) fn count(&self, column: Column) -> Read<u64> {
        u64::try_from(self.sure(column, R::int)?).map_err(|error| self.bad(column, error))
    }

    /// The next `seq` after the greatest, which is in `column`; 0 when there is none.
    pub(crate) fn next(&self, column: Column) -> Read<u32> {
        if self.maybe(column, R::int)?.is_none() {
            return Ok(0);
        }
        self.small(column)?
            .checked_add(1)
            .ok_or_else(|| self.bad(column, "it is the greatest number there is"))
    }

    pub(crate) fn checkpoint(&self) -> Read<Checkpoint> {
        let (kind, output) = (self.sure("kind", R::int)?, self.sure("output", R::bytes)?);
        Ok(Checkpoint {
            step: self.name("step")?,
            attempt: self.small("attempt")?,
            end: codec::step_end_of(kind, output).map_err(|problem| self.problem(problem))?,
            started_at: self.sure("started_at", R::time)?,
            ended_at: self.sure("ended_at", R::time)?,
        })
    }

    pub(crate) fn attempt(&self) -> Read<AttemptRecord> {
        let failure = self.sure("failure", R::bytes)?;
        Ok(AttemptRecord {
            step: self.name("step")?,
            attempt: self.small("attempt")?,
            failure: serde_json::from_slice(&failure).map_err(|error| self.bad("failure", error))?,
            started_at: self.sure("started_at", R::time)?,
            ended_at: self.sure("ended_at", R::time)?,
            retry_at: self.sure("retry_at", R::time)?,
            deadline: self.maybe("deadline", R::time)?,
        })
    }

    pub(crate) fn wait(&self) -> Read<WaitRecord> {
        let kind = self.sure("kind", R::int)?;
        Ok(WaitRecord {
            step: self.name("step")?,
            attempt: self.small("attempt")?,
            kind: codec::wait_kind_of(kind).map_err(|problem| self.problem(problem))?,
            on: self.names("waits_on")?,
            reason: self.sure("reason", R::text)?,
            since: self.sure("since", R::time)?,
            until: self.maybe("until", R::time)?,
            deadline: self.maybe("deadline", R::time)?,
            scratch: self.maybe("scratch", R::bytes)?.map(Payload::from),
        })
    }

    fn names(&self, column: Column) -> Read<Vec<String>> {
        let Some(names) = self.maybe(column, R::text)? else { return Ok(Vec::new()) };
        serde_json::from_str(&names).map_err(|error| self.bad(column, error))
    }

    pub(crate) fn mark(&self) -> Read<Mark> {
        Ok(Mark {
            step: self.name("step")?,
            name: self.sure("name", R::text)?,
            value: self.payload("value")?,
            at: self.sure("made_at", R::time)?,
        })
    }

    pub(crate) fn signal(&self) -> Read<Signal> {
        let taken_by = self.maybe("taken_by", R::text)?;
        Ok(Signal {
            id: self.sure("signal_id", R::uuid).map(SignalId::from_uuid)?,
            name: self.sure("name", R::text)?,
            payload: self.payload("payload")?,
            sender: self.sure("sender", R::text)?,
            at: self.sure("sent_at", R::time)?,
            taken_by: taken_by
                .map(|step| step.parse().map_err(|error| self.bad("taken_by", error)))
                .transpose()?,
        })
    }

    pub(crate) fn message(&self) -> Read<Message> {
        let kind = self.maybe("subject_kind", R::text)?;
        let name = self.maybe("subject_name", R::text)?;
        Ok(Message {
            seq: self.small("seq")?,
            error: self.sure("error", R::truth)?,
            text: self.sure("text", R::text)?,
            subject: match (kind, name) {
                (Some(kind), Some(name)) => Some(Subject { kind, name }),
                (None, None) => None,
                (Some(_), None) => return Err(self.bad("subject_name", "it is empty, but there is a kind")),
                (None, Some(_)) => return Err(self.bad("subject_kind", "it is empty, but there is a name")),
            },
            at: self.sure("said_at", R::time)?,
        })
    }

    pub(crate) fn fact(&self) -> Read<FactRecord> {
        let subject =
            Subject { kind: self.sure("subject_kind", R::text)?, name: self.sure("subject_name", R::text)? };
        Ok(FactRecord {
            seq: self.small("seq")?,
            step: self.name("step")?,
            fact: Fact {
                subject,
                generator: self.sure("generator", R::text)?,
                format: self.sure("format", R::text)?,
                data: self.payload("data")?,
            },
            at: self.sure("found_at", R::time)?,
        })
    }

    pub(crate) fn progress(&self) -> Read<StepProgress> {
        Ok(StepProgress {
            step: self.name("step")?,
            figure: Figure {
                done: self.count("done")?,
                total: self.count("total")?,
                text: self.sure("text", R::text)?,
            },
            at: self.sure("told_at", R::time)?,
        })
    }

    pub(crate) fn key(&self) -> Read<String> {
        self.sure("key", R::text)
    }

    pub(crate) fn new_task(&self) -> Read<NewTask> {
        let priority = self.number("priority")?;
        Ok(NewTask {
            id: self.id("task_id")?,
            parent: self.parent()?,
            workflow: WorkflowId::new(self.number("workflow_id")?),
            input: self.payload("input")?,
            created_at: self.sure("created_at", R::time)?,
            key: self.maybe("key", R::text)?,
            priority: i16::try_from(priority).map_err(|error| self.bad("priority", error))?,
            labels: match self.maybe("labels", R::text)? {
                Some(labels) => serde_json::from_str(&labels).map_err(|error| self.bad("labels", error))?,
                None => BTreeMap::new(),
            },
            limit: self.limit()?,
        })
    }

    /// The limit that a task is under.
    pub(crate) fn limit(&self) -> Read<Option<TaskLimit>> {
        let Some(name) = self.maybe("limit_name", R::text)? else { return Ok(None) };
        Ok(Some(TaskLimit { name, places: self.small("limit_places")? }))
    }

    fn parent(&self) -> Read<Option<Parent>> {
        let Some(task) = self.maybe("parent_id", R::uuid)? else { return Ok(None) };
        Ok(Some(Parent {
            task: TaskId::from_uuid(task),
            step: self.name::<StepName>("parent_step")?,
            index: self.small("child_index")?,
        }))
    }

    pub(crate) fn cancellation(&self) -> Read<Option<Cancellation>> {
        let Some(at) = self.maybe("cancel_at", R::time)? else { return Ok(None) };
        Ok(Some(Cancellation { by: self.sure("cancel_by", R::text)?, at }))
    }

    pub(crate) fn pause(&self) -> Read<Option<Request>> {
        let Some(at) = self.maybe("pause_at", R::time)? else { return Ok(None) };
        Ok(Some(Request { by: self.sure("pause_by", R::text)?, at }))
    }

    pub(crate) fn audit(&self) -> Read<AuditRecord> {
        let verb = self.sure("verb", R::text)?;
        let known = Verb::ALL.into_iter().find(|known| known.as_str() == verb);
        Ok(AuditRecord {
            request: Request { by: self.sure("asked_by", R::text)?, at: self.sure("asked_at", R::time)? },
            verb: known.ok_or_else(|| self.bad("verb", "it is no verb that this program knows"))?,
            detail: self.sure("detail", R::text)?,
        })
    }

    /// The end, from the columns `kind`, `output` and `ended_at`; `None` when there is no row in `ends`.
    pub(crate) fn end(&self) -> Read<Option<TaskEnd>> {
        let Some(kind) = self.maybe("kind", R::int)? else { return Ok(None) };
        let output = self.sure("output", R::bytes)?;
        let kind = codec::task_end_of(kind, output).map_err(|problem| self.problem(problem))?;
        Ok(Some(TaskEnd { kind, at: self.sure("ended_at", R::time)? }))
    }

    pub(crate) fn child(&self) -> Read<Child> {
        Ok(Child { index: self.small("child_index")?, task: self.id("task_id")?, end: self.end()? })
    }

    pub(crate) fn obstacle(&self) -> Read<Obstacle> {
        let holds = self.sure("holds", R::truth)?;
        Ok(Obstacle {
            lock: self.sure("name", R::text)?,
            task: self.id("task_id")?,
            claim: if holds { LockClaim::Holds } else { LockClaim::Waits },
            since: self.sure("since", R::time)?,
        })
    }

    pub(crate) fn created_at(&self) -> Read<Timestamp> {
        self.sure("created_at", R::time)
    }

    /// Some tasks under a limit, and how many there are in all.
    pub(crate) fn crowd(rows: &[R]) -> Read<Crowd> {
        let readers = || rows.iter().map(|row| Reader::new("live", row));
        Ok(Crowd {
            size: readers().next().map_or(Ok(0), |row| row.count("size"))?,
            some: readers().map(|row| row.id("task_id")).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn lock(&self) -> Read<HeldLock> {
        Ok(HeldLock { lock: self.sure("name", R::text)?, since: self.sure("since", R::time)? })
    }

    /// The workflow's name and version, and the owner, with all of them joined in.
    pub(crate) fn whereabouts(&self) -> Read<(WorkflowName, u32, Option<Epoch>)> {
        if self.maybe("name", R::text)?.is_none() {
            return Err(self.bad("workflow_id", "no such workflow is stored"));
        }
        Ok((self.name("name")?, self.small("version")?, self.maybe("owner", R::int)?.map(Epoch::new)))
    }

    /// A limit, and how many of its slots are taken.
    pub(crate) fn slots(&self) -> Read<(String, u64)> {
        Ok((self.sure("name", R::text)?, self.count("taken")?))
    }

    /// A slot that a step has.
    pub(crate) fn slot(&self) -> Read<Slot> {
        Ok((self.sure("name", R::text)?, self.id("task_id")?, self.sure("step", R::text)?))
    }

    pub(crate) fn beat(&self) -> Read<InstanceBeat> {
        Ok(InstanceBeat {
            epoch: Epoch::new(self.number("epoch")?),
            name: self.name::<InstanceName>("name")?,
            beat: self.number("beat")?,
            // Without these it is still there to be taken over from, when its beat has stood still for very long.
            lease: unreadable::or(self.count("lease_ms").map(Duration::from_millis), LONG_LEASE)?,
            offers: unreadable::or(self.offers(), Offers::default())?,
        })
    }

    /// An instance, and up to where its part of the feed was trimmed.
    pub(crate) fn teller(&self) -> Read<Teller> {
        Ok(Teller {
            epoch: Epoch::new(self.number("epoch")?),
            alive: self.truth("alive")?,
            trimmed: self.count("trimmed")?,
            trimmed_at: self.maybe("trimmed_at", R::time)?,
        })
    }

    /// A commit of the feed.
    pub(crate) fn commit(&self) -> Read<FeedCommit> {
        let epoch = Epoch::new(self.number("epoch")?);
        let seq = self.count("seq")?;
        feed::decode(epoch, seq, self.sure("at", R::time)?, &self.sure("body", R::bytes)?)
    }

    fn offers(&self) -> Read<Offers> {
        let offers = self.sure("offers", R::text)?;
        serde_json::from_str(&offers).map_err(|error| self.bad("offers", error))
    }

    pub(crate) fn workflow(&self) -> Read<(WorkflowId, StoredWorkflow)> {
        let hash = self.sure("hash", R::bytes)?;
        let stored = StoredWorkflow {
            name: self.name("name")?,
            version: self.small("version")?,
            hash: hash.try_into().map_err(|_| self.bad("hash", "it does not have 32 bytes"))?,
            definition: self.definition()?,
        };
        Ok((WorkflowId::new(self.number("workflow_id")?), stored))
    }

    pub(crate) fn definition(&self) -> Read<String> {
        self.sure("definition", R::text)
    }

    /// A task with its workflow, live row and end joined in; children and messages come later.
    pub(crate) fn record(&self) -> Read<TaskRecord> {
        if self.maybe("name", R::text)?.is_none() {
            return Err(self.bad("workflow_id", "no such workflow is stored"));
        }
        let task = self.new_task()?;
        let end = Reader::new("ends", self.row).end()?;
        let cancellation = cancellation_of(self.cancellation()?, end.as_ref());
        let under_way = self.truth("under_way")?;
        Ok(TaskRecord {
            id: task.id,
            parent: task.parent,
            workflow: self.name::<WorkflowName>("name")?,
            version: self.small("version")?,
            input: task.input,
            key: task.key,
            priority: task.priority,
            labels: task.labels,
            status: status_of(end.as_ref(), under_way, cancellation.as_ref()),
            created_at: task.created_at,
            started_at: self.maybe("started_at", R::time)?,
            updated_at: self.maybe("updated_at", R::time)?,
            cancellation,
            pause: self.pause()?,
            end,
            children: Vec::new(),
            messages: Vec::new(),
        })
    }
}
