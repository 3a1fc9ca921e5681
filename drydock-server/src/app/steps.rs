//! Where each step of a task stands: a pure function of what is stored.

use std::collections::{BTreeMap, BTreeSet};

use drydock_core::journal::{AttemptRecord, Failure, StepEnd, WaitKind, WaitRecord};
use drydock_core::{StepName, Timestamp, WorkflowName};
use drydock_store::repo::{TaskHistory, TaskStatus};
use drydock_workflow::{Definition, StepDef, StepKind};

/// One step of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) name: StepName,
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
    /// It failed for good.
    Failed,
    /// The task ended before it did.
    Unfinished,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waits {
    pub(crate) reason: String,
    pub(crate) until: Option<Timestamp>,
}

/// The steps of a task at `now`, in the order of its workflow. Fails when the stored workflow cannot be read.
pub(crate) fn steps_of(history: &TaskHistory, now: Timestamp) -> Result<Vec<Step>, serde_json::Error> {
    let workflow: Definition = serde_json::from_str(&history.definition)?;
    let records = Records::of(history);
    Ok(workflow.steps.iter().map(|step| records.step(step, now)).collect())
}

/// The records, by step.
struct Records<'h> {
    history: &'h TaskHistory,
    done: BTreeSet<&'h StepName>,
    stopping: bool,
    /// The newest failed attempt of each step.
    attempts: BTreeMap<&'h StepName, &'h AttemptRecord>,
}

impl<'h> Records<'h> {
    fn of(history: &'h TaskHistory) -> Self {
        let (done, failed): (Vec<_>, Vec<_>) =
            history.checkpoints.iter().partition(|it| matches!(it.end, StepEnd::Done(_)));
        let mut attempts: BTreeMap<_, &AttemptRecord> = BTreeMap::new();
        for record in &history.attempts {
            let newest = attempts.entry(&record.step).or_insert(record);
            if record.attempt > newest.attempt {
                *newest = record;
            }
        }
        let stopping = !failed.is_empty() || history.task.cancellation.is_some();
        Self { history, done: done.into_iter().map(|it| &it.step).collect(), stopping, attempts }
    }

    fn step(&self, step: &StepDef, now: Timestamp) -> Step {
        let after: Vec<StepName> = step.dependencies().into_iter().cloned().collect();
        let children = match &step.kind {
            StepKind::Run => None,
            StepKind::Children(workflow) => Some(workflow.clone()),
        };
        let blank = Step {
            name: step.name.clone(),
            children,
            after,
            status: StepStatus::Pending,
            attempt: 0,
            started: None,
            ended: None,
            waits: None,
            error: None,
        };
        self.ended(&blank).unwrap_or_else(|| self.open(blank, now))
    }

    fn ended(&self, blank: &Step) -> Option<Step> {
        let checkpoint = self.history.checkpoints.iter().find(|it| it.step == blank.name)?;
        let (status, error) = match &checkpoint.end {
            StepEnd::Done(_) => (StepStatus::Done, None),
            StepEnd::Failed(failure) => (StepStatus::Failed, Some(failure.clone())),
        };
        Some(Step {
            status,
            attempt: checkpoint.attempt,
            started: Some(checkpoint.started_at),
            ended: Some(checkpoint.ended_at),
            error,
            ..blank.clone()
        })
    }

    fn open(&self, mut step: Step, now: Timestamp) -> Step {
        let failed = self.attempts.get(&step.name).copied();
        // A wait that an attempt's failure followed is over.
        let wait = self.history.waits.iter().find(|it| it.step == step.name);
        let wait = wait.filter(|wait| failed.is_none_or(|failed| failed.attempt < wait.attempt));
        if let Some(failed) = failed {
            step.attempt = failed.attempt + 1;
            step.error = Some(failed.failure.clone());
        }
        if let Some(wait) = wait {
            step.attempt = wait.attempt;
            step.started = Some(wait.since);
        }
        step.status = self.open_status(&step, failed, wait, now);
        match step.status {
            StepStatus::Waiting => {
                step.waits = wait.map(|wait| Waits { reason: wait.reason.clone(), until: wait.until });
            }
            StepStatus::Retrying => {
                step.waits = failed.map(|failed| Waits {
                    reason: format!("attempt {} of this step", failed.attempt + 1),
                    until: Some(failed.retry_at),
                });
            }
            StepStatus::Running => step.attempt = step.attempt.max(1),
            StepStatus::Pending
            | StepStatus::Ready
            | StepStatus::Done
            | StepStatus::Failed
            | StepStatus::Unfinished => {}
        }
        step
    }

    fn open_status(
        &self,
        step: &Step,
        failed: Option<&AttemptRecord>,
        wait: Option<&WaitRecord>,
        now: Timestamp,
    ) -> StepStatus {
        let status = self.history.task.status;
        if matches!(status, TaskStatus::Complete | TaskStatus::Terminated) {
            return StepStatus::Unfinished;
        }
        match (wait, failed) {
            (Some(wait), _) if wait.kind == WaitKind::Children || wait.until.is_some_and(|at| at > now) => {
                StepStatus::Waiting
            }
            (None, Some(failed)) if failed.retry_at > now => StepStatus::Retrying,
            // Nothing begins any more in a task that is stopping; what has begun is recorded only at its end.
            (None, None) if self.stopping || !step.after.iter().all(|it| self.done.contains(it)) => {
                StepStatus::Pending
            }
            _ if status == TaskStatus::Queued => StepStatus::Ready,
            _ => StepStatus::Running,
        }
    }
}
