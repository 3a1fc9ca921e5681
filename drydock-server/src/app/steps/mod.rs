//! Where each step of a task stands: a pure function of what is stored.

mod many;
mod one;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use drydock_core::journal::{
    AttemptRecord, Checkpoint, ClaimedTask, Failure, Figure, NewTask, StepProgress, WaitRecord,
};
use drydock_core::{StepKey, StepName, Timestamp, WorkflowId, WorkflowName};
use drydock_store::repo::{TaskHistory, TaskRecord};
use drydock_workflow::run::Run;
use drydock_workflow::{Dag, Definition, StepDef, StepKind};

/// One step of a task, or its undoing. The items of a map are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) key: StepKey,
    /// The workflow of its child tasks, if it has some.
    pub(crate) children: Option<WorkflowName>,
    /// The steps that come before it.
    pub(crate) after: Vec<StepName>,
    pub(crate) status: StepStatus,
    /// The attempt that ended it, or that it has come to; 0 before the first.
    pub(crate) attempt: u32,
    /// When that attempt began, as far as it is recorded: an attempt that neither ended nor waited is not.
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) waits: Option<Waits>,
    /// Why it failed, or why its last attempt did.
    pub(crate) error: Option<Failure>,
    /// How far it was when it last told, if it did not do its work.
    pub(crate) progress: Option<Figure>,
}

/// Where a step stands, in order of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepStatus {
    /// Steps before it have not ended.
    Pending,
    /// It could begin; no instance has the task.
    Ready,
    /// It is under way.
    Running,
    /// It waits for a time, or for its children.
    Waiting,
    /// An attempt failed; the next one begins later.
    Retrying,
    /// It did its work.
    Done,
    /// There was nothing for it to do.
    Skipped,
    /// It failed for good.
    Failed,
    /// The task ended before it did.
    Unfinished,
}

impl StepStatus {
    /// Whether nothing of the step is left to do.
    const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Skipped)
    }
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waits {
    pub(crate) reason: String,
    pub(crate) until: Option<Timestamp>,
}

/// The steps of a task at `now`, in the order of its workflow, and with each its undoing once there is one. Fails when the stored
/// workflow cannot be read.
pub(crate) fn steps_of(history: &TaskHistory, now: Timestamp) -> Result<Vec<Step>, serde_json::Error> {
    let workflow: Definition = serde_json::from_str(&history.definition)?;
    let steps = workflow.steps.clone();
    let records = Records::of(history, workflow, now);
    Ok(steps.iter().flat_map(|step| records.rows(step)).collect())
}

/// The records of a task, by key.
struct Records<'h> {
    history: &'h TaskHistory,
    now: Timestamp,
    /// What follows from the records; absent when they are not those of the workflow.
    run: Option<Run>,
    ended: BTreeMap<&'h StepKey, &'h Checkpoint>,
    waits: BTreeMap<&'h StepKey, &'h WaitRecord>,
    /// The newest failed attempt of each step.
    attempts: BTreeMap<&'h StepKey, &'h AttemptRecord>,
    progress: BTreeMap<&'h StepKey, &'h StepProgress>,
}

impl<'h> Records<'h> {
    fn of(history: &'h TaskHistory, workflow: Definition, now: Timestamp) -> Self {
        let mut attempts: BTreeMap<_, &AttemptRecord> = BTreeMap::new();
        for record in &history.attempts {
            let newest = attempts.entry(&record.step).or_insert(record);
            if record.attempt > newest.attempt {
                *newest = record;
            }
        }
        Self {
            history,
            now,
            run: run_of(history, workflow),
            ended: history.checkpoints.iter().map(|it| (&it.step, it)).collect(),
            waits: history.waits.iter().map(|it| (&it.step, it)).collect(),
            attempts,
            progress: history.progress.iter().map(|it| (&it.step, it)).collect(),
        }
    }

    fn rows(&self, step: &StepDef) -> Vec<Step> {
        let key = StepKey::new(step.name.clone());
        let undo = key.undoing();
        let mut rows = vec![self.row(step, key)];
        if self.run.as_ref().is_some_and(|run| !run.parts_of(&undo).is_empty()) {
            rows.push(self.row(step, undo));
        }
        rows
    }

    fn row(&self, step: &StepDef, key: StepKey) -> Step {
        let (after, children) = match &step.kind {
            _ if key.is_undo() => (vec![step.name.clone()], None),
            StepKind::Run | StepKind::Map { .. } => (names(step), None),
            StepKind::Children(workflow) => (names(step), Some(workflow.clone())),
        };
        let blank = Step {
            key,
            children,
            after,
            status: StepStatus::Pending,
            attempt: 0,
            started: None,
            ended: None,
            waits: None,
            error: None,
            progress: None,
        };
        if matches!(step.kind, StepKind::Map { .. }) { self.many(blank) } else { self.one(blank) }
    }
}

fn names(step: &StepDef) -> Vec<StepName> {
    step.dependencies().into_iter().cloned().collect()
}

/// The task's state, as an engine that took it over would have it.
fn run_of(history: &TaskHistory, workflow: Definition) -> Option<Run> {
    let TaskRecord { id, input, created_at, .. } = &history.task;
    // A run does not look at the workflow's number.
    let task = NewTask::new(*id, WorkflowId::new(0), input.clone(), *created_at);
    let claimed = ClaimedTask {
        resumed: true,
        cancellation: history.task.cancellation.clone(),
        checkpoints: history.checkpoints.clone(),
        attempts: history.attempts.clone(),
        waits: history.waits.clone(),
        ..ClaimedTask::new(task)
    };
    let mut run = Run::recover(Arc::new(Dag::new(workflow).ok()?), &claimed).ok()?;
    // Only to see which phase the task is in; nobody carries anything out here.
    run.plan_ending(&mut Vec::new());
    Some(run)
}
