//! A step that has records of its own.

use drydock_core::journal::{AttemptRecord, StepEnd, WaitKind, WaitRecord};
use drydock_store::repo::TaskStatus;

use super::{Records, Step, StepStatus, Waits};

impl Records<'_> {
    pub(super) fn one(&self, blank: Step) -> Step {
        let step = self.ended(&blank).unwrap_or_else(|| self.open(blank));
        let told = self.progress.get(&step.key).filter(|_| !step.status.is_over());
        Step { progress: told.map(|told| told.figure.clone()), ..step }
    }

    pub(super) fn ended(&self, blank: &Step) -> Option<Step> {
        let checkpoint = self.ended.get(&blank.key)?;
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

    pub(super) fn open(&self, mut step: Step) -> Step {
        let failed = self.attempts.get(&step.key).copied();
        // A wait that an attempt's failure followed is over.
        let wait = self.waits.get(&step.key).copied();
        let wait = wait.filter(|wait| failed.is_none_or(|failed| failed.attempt < wait.attempt));
        if let Some(failed) = failed {
            step.attempt = failed.attempt + 1;
            step.error = Some(failed.failure.clone());
        }
        if let Some(wait) = wait {
            step.attempt = wait.attempt;
            step.started = Some(wait.since);
        }
        step.status = self.open_status(&step, failed, wait);
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
    ) -> StepStatus {
        let (status, now) = (self.history.task.status, self.now);
        if matches!(status, TaskStatus::Complete | TaskStatus::Terminated) {
            return StepStatus::Unfinished;
        }
        match (wait, failed) {
            (Some(wait), _) if wait.kind != WaitKind::Timer || wait.until.is_some_and(|at| at > now) => {
                StepStatus::Waiting
            }
            (None, Some(failed)) if failed.retry_at > now => StepStatus::Retrying,
            // Nothing begins any more in a task that is stopping; what has begun is recorded only at its end.
            (None, None) if !self.run.as_ref().is_some_and(|run| run.may_begin(&step.key)) => {
                StepStatus::Pending
            }
            _ if status == TaskStatus::Queued => StepStatus::Ready,
            _ => StepStatus::Running,
        }
    }
}
