//! Where each step of a task stands: a pure function of what is stored.

use std::collections::{BTreeMap, BTreeSet};

use drydock_core::journal::{AttemptRecord, Failure, StepEnd, WaitKind, WaitRecord};
use drydock_core::{StepKey, StepName, Timestamp, WorkflowName};
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
    /// There was nothing for it to do.
    Skipped,
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
    attempts: BTreeMap<StepKey, &'h AttemptRecord>,
}

impl<'h> Records<'h> {
    fn of(history: &'h TaskHistory) -> Self {
        let (done, failed): (Vec<_>, Vec<_>) =
            history.checkpoints.iter().partition(|it| !matches!(it.end, StepEnd::Failed(_)));
        let mut attempts: BTreeMap<_, &AttemptRecord> = BTreeMap::new();
        for record in &history.attempts {
            let newest = attempts.entry(record.step.clone()).or_insert(record);
            if record.attempt > newest.attempt {
                *newest = record;
            }
        }
        let stopping = !failed.is_empty() || history.task.cancellation.is_some();
        Self { history, done: done.into_iter().map(|it| it.step.name()).collect(), stopping, attempts }
    }

    fn step(&self, step: &StepDef, now: Timestamp) -> Step {
        let after: Vec<StepName> = step.dependencies().into_iter().cloned().collect();
        let children = match &step.kind {
            StepKind::Run | StepKind::Map { .. } => None,
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
        let checkpoint =
            self.history.checkpoints.iter().find(|it| it.step == StepKey::from(blank.name.clone()))?;
        let (status, error) = match &checkpoint.end {
            StepEnd::Done(_) => (StepStatus::Done, None),
            StepEnd::Skipped(_) => (StepStatus::Skipped, None),
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
        let failed = self.attempts.get(&StepKey::from(step.name.clone())).copied();
        // A wait that an attempt's failure followed is over.
        let wait = self.history.waits.iter().find(|it| it.step == StepKey::from(step.name.clone()));
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
            | StepStatus::Skipped
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
            (Some(wait), _) if wait.kind != WaitKind::Timer || wait.until.is_some_and(|at| at > now) => {
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

#[cfg(test)]
mod tests {
    use drydock_core::journal::{Cancellation, Checkpoint, TaskEnd, TaskEndKind};
    use drydock_core::{Disposition, Payload, TaskId};
    use drydock_store::repo::TaskRecord;
    use drydock_workflow::{Outcome, StepContext, WorkflowBuilder, step_fn};

    use super::*;

    fn at(second: u32) -> Timestamp {
        format!("2026-03-01T12:00:{second:02}Z").parse().unwrap()
    }

    fn name(text: &str) -> StepName {
        StepName::new(text).unwrap()
    }

    /// `a`, then `b`, of a task that an instance has.
    fn history() -> TaskHistory {
        let nothing = || step_fn(|_: StepContext, (): ()| async move { Ok(Outcome::Done(())) });
        let mut builder = WorkflowBuilder::<()>::new("two", 1);
        let a = builder.step("a", nothing()).run(());
        builder.step("b", nothing()).run(&a);
        let workflow = builder.build().unwrap();
        TaskHistory {
            task: TaskRecord {
                id: "0190b2c8-0000-7000-8000-000000000001".parse::<TaskId>().unwrap(),
                parent: None,
                workflow: workflow.name().clone(),
                version: 1,
                input: Payload::NULL,
                key: None,
                priority: 0,
                labels: std::collections::BTreeMap::new(),
                status: TaskStatus::Running,
                created_at: at(0),
                started_at: Some(at(0)),
                updated_at: None,
                cancellation: None,
                pause: None,
                end: None,
                children: Vec::new(),
                messages: Vec::new(),
            },
            definition: serde_json::to_string(workflow.definition()).unwrap(),
            checkpoints: Vec::new(),
            attempts: Vec::new(),
            waits: Vec::new(),
            marks: Vec::new(),
            signals: Vec::new(),
            audit: Vec::new(),
        }
    }

    fn failure() -> Failure {
        Failure::new(Disposition::Retryable, "busy".to_owned())
    }

    fn ended(step: &str, end: StepEnd) -> Checkpoint {
        Checkpoint { step: name(step).into(), attempt: 2, end, started_at: at(1), ended_at: at(2) }
    }

    fn attempt(number: u32, retry_at: Timestamp) -> AttemptRecord {
        AttemptRecord {
            step: name("a").into(),
            attempt: number,
            failure: failure(),
            started_at: at(1),
            ended_at: at(2),
            retry_at,
            deadline: None,
        }
    }

    fn wait(number: u32, kind: WaitKind, until: Option<Timestamp>) -> WaitRecord {
        WaitRecord {
            step: name("a").into(),
            attempt: number,
            kind,
            on: vec![],
            reason: "the power".to_owned(),
            since: at(3),
            until,
            deadline: None,
            scratch: None,
        }
    }

    /// The steps at 12:00:30.
    fn steps(history: &TaskHistory) -> [Step; 2] {
        steps_of(history, at(30)).unwrap().try_into().unwrap()
    }

    fn statuses(history: &TaskHistory) -> [StepStatus; 2] {
        steps(history).map(|step| step.status)
    }

    #[test]
    fn steps_start_when_those_before_them_are_done() {
        use StepStatus::{Done, Failed, Pending, Ready, Running, Unfinished};
        let mut history = history();
        assert_eq!(statuses(&history), [Running, Pending]);
        history.task.status = TaskStatus::Queued;
        assert_eq!(statuses(&history), [Ready, Pending]);
        history.checkpoints = vec![ended("a", StepEnd::Done(Payload::NULL))];
        assert_eq!(statuses(&history), [Done, Ready]);
        history.task.status = TaskStatus::Running;
        assert_eq!(statuses(&history), [Done, Running]);
        history.task.cancellation = Some(Cancellation { by: "ann".to_owned(), at: at(3) });
        history.task.status = TaskStatus::Terminating;
        assert_eq!(statuses(&history), [Done, Pending]);
        history.task.status = TaskStatus::Terminated;
        assert_eq!(statuses(&history), [Done, Unfinished]);
        history.checkpoints = vec![ended("a", StepEnd::Failed(failure()))];
        history.task.status = TaskStatus::Complete;
        history.task.end = Some(TaskEnd { kind: TaskEndKind::Failed(failure()), at: at(4) });
        assert_eq!(statuses(&history), [Failed, Unfinished]);
    }

    #[test]
    fn a_step_that_ended_says_when_and_how() {
        for (end, error) in
            [(StepEnd::Done(Payload::NULL), None), (StepEnd::Failed(failure()), Some(failure()))]
        {
            let mut history = history();
            history.checkpoints = vec![ended("a", end)];
            // What came before its end does not matter any more.
            history.attempts = vec![attempt(1, at(40))];
            history.waits = vec![wait(2, WaitKind::Timer, Some(at(40)))];
            let [a, _] = steps(&history);
            assert_eq!((a.attempt, a.started, a.ended, a.waits), (2, Some(at(1)), Some(at(2)), None));
            assert_eq!(a.error, error);
        }
    }

    #[test]
    fn a_step_that_did_not_end_is_where_its_newest_record_says() {
        use StepStatus::{Retrying, Running, Waiting};
        let timer = |number, second| vec![wait(number, WaitKind::Timer, Some(at(second)))];
        let children = vec![wait(1, WaitKind::Children, None)];
        let table = [
            (vec![], timer(1, 40), Waiting, 1, Some(Some(at(40)))),
            (vec![], timer(1, 20), Running, 1, None),
            (vec![], children, Waiting, 1, Some(None)),
            (vec![attempt(1, at(40))], vec![], Retrying, 2, Some(Some(at(40)))),
            (vec![attempt(2, at(40)), attempt(1, at(20))], vec![], Retrying, 3, Some(Some(at(40)))),
            (vec![attempt(1, at(20))], vec![], Running, 2, None),
            (vec![attempt(1, at(40))], timer(1, 50), Retrying, 2, Some(Some(at(40)))),
            (vec![attempt(1, at(20))], timer(2, 50), Waiting, 2, Some(Some(at(50)))),
        ];
        for (attempts, waits, status, number, until) in table {
            let history = TaskHistory { attempts, waits, ..history() };
            let [a, _] = steps(&history);
            assert_eq!(
                (a.status, a.attempt, a.waits.map(|it| it.until)),
                (status, number, until),
                "{history:?}"
            );
            assert_eq!(a.error.is_some(), !history.attempts.is_empty());
        }
    }

    #[test]
    fn a_workflow_that_cannot_be_read_is_an_error() {
        assert!(steps_of(&TaskHistory { definition: "{".to_owned(), ..history() }, at(0)).is_err());
    }
}
