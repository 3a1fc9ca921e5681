//! A task's state from its records, after a takeover.

use std::sync::Arc;

use drydock_core::journal::ClaimedTask;

use super::{IllegalRecord, Run, StepState};
use crate::dag::Dag;

impl Run {
    /// Folds all that was recorded of a task. Steps that have not ended may have been under way when their owner died.
    pub fn recover(dag: Arc<Dag>, claimed: &ClaimedTask) -> Result<Self, IllegalRecord> {
        let mut run = Self::new(dag, claimed.task.input.clone());
        // Records come in no order; a step's end can be folded only after those of its dependencies. By time they nearly always are
        // in that order; what is not, because a clock was set back, takes another round.
        let mut open: Vec<_> = claimed.checkpoints.iter().collect();
        open.sort_by_key(|checkpoint| checkpoint.ended_at);
        while !open.is_empty() {
            let before = open.len();
            let mut refused = None;
            open.retain(|checkpoint| match run.fold_ended(checkpoint) {
                Ok(()) => false,
                Err(error) => {
                    refused = Some(error);
                    true
                }
            });
            if let Some(error) = refused
                && open.len() == before
            {
                return Err(error);
            }
        }
        // Of a step's attempts and waits only the newest counts, and none once the step has ended.
        let mut attempts: Vec<_> = claimed.attempts.iter().collect();
        attempts.sort_by_key(|record| std::cmp::Reverse(record.attempt));
        let mut waits: Vec<_> = claimed.waits.iter().collect();
        waits.retain(|wait| {
            !attempts.iter().any(|failed| failed.step == wait.step && failed.attempt >= wait.attempt)
        });
        for wait in waits {
            if run.is_open(&wait.step)? {
                run.fold_waits(wait)?;
            }
        }
        for attempt in attempts {
            if run.is_open(&attempt.step)? {
                run.fold_failed(attempt)?;
            }
        }
        for state in &mut run.steps {
            if let StepState::Ready(progress) = state {
                progress.replayed = claimed.resumed;
            }
        }
        if let Some(request) = &claimed.cancellation {
            run.fold_cancelled(request.clone());
        }
        Ok(run)
    }

    fn is_open(&self, key: &drydock_core::StepKey) -> Result<bool, IllegalRecord> {
        let step = self.index_of(key)?;
        Ok(matches!(self.steps[step], StepState::Ready(_)))
    }
}
