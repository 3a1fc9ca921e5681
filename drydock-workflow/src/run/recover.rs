//! A task's state from its records, after a takeover.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use drydock_core::StepKey;
use drydock_core::journal::{AttemptRecord, Cancellation, Checkpoint, ClaimedTask, WaitRecord};

use super::mail::Mail;
use super::notes::Notes;
use super::{IllegalRecord, Run, StepState};
use crate::dag::Dag;

/// The records of one phase.
#[derive(Default)]
struct Records<'c> {
    checkpoints: Vec<&'c Checkpoint>,
    attempts: Vec<&'c AttemptRecord>,
    waits: Vec<&'c WaitRecord>,
}

impl Records<'_> {
    fn keys(&self) -> impl Iterator<Item = &StepKey> {
        let ended = self.checkpoints.iter().map(|it| &it.step);
        ended.chain(self.attempts.iter().map(|it| &it.step)).chain(self.waits.iter().map(|it| &it.step))
    }
}

impl Run {
    /// Folds all that was recorded of a task. Steps that have not ended may have been under way when their owner died.
    pub fn recover(dag: Arc<Dag>, claimed: &ClaimedTask) -> Result<Self, IllegalRecord> {
        let [work, undoings, last] = by_phase(&dag, claimed);
        let mut run = Self::begin(dag, claimed.task.input.clone(), claimed.resumed);
        (run.notes, run.mail) = (Notes::of(claimed), Mail::of(claimed));
        run.find_locks();
        run.pause.clone_from(&claimed.pause);
        if let Some(request) = &claimed.cancellation {
            run.fold_cancelled(request.clone());
        }
        run.fold_all(work)?;
        let undone: HashSet<StepKey> = undoings.keys().cloned().collect();
        if undoings.keys().chain(last.keys()).next().is_some() {
            run.stay_stopped(claimed);
        }
        if !undone.is_empty() && run.work_is_over() {
            run.enter_unwinding(&undone);
        }
        run.fold_all(undoings)?;
        // Finally steps begin when all is undone: where they have, nothing more is, whatever came later or might have begun.
        if last.keys().next().is_some() && run.work_is_over() {
            run.forget_undoings();
            run.enter_closing();
        }
        // Without records of a phase it is entered by the first plan only: an operator's word may come before it.
        run.fold_all(last)?;
        Ok(run)
    }

    /// A task that is undone, or tidied up, was stopped. If nothing says so any more, because it was cancelled and then brought back, it
    /// comes to that end again: what is undone cannot be gone on with. It takes an operator's order to bring a task back.
    fn stay_stopped(&mut self, claimed: &ClaimedTask) {
        let ordered = claimed.signals.iter().any(|signal| signal.order().is_some());
        if ordered && self.unfinished > 0 && !self.is_stopping() {
            let by = "a request that was there before the task was brought back".to_owned();
            let at =
                claimed.checkpoints.iter().map(|it| it.ended_at).max().unwrap_or(claimed.task.created_at);
            self.fold_cancelled(Cancellation { by, at });
        }
    }

    fn fold_all(&mut self, records: Records<'_>) -> Result<(), IllegalRecord> {
        let Records { checkpoints: mut open, mut attempts, mut waits } = records;
        // Records come in no order; a step's end can be folded only after those of its dependencies. By time they nearly always are
        // in that order; what is not, because a clock was set back, takes another round.
        open.sort_by_key(|checkpoint| checkpoint.ended_at);
        while !open.is_empty() {
            let before = open.len();
            let mut refused = None;
            open.retain(|checkpoint| match self.fold_ended(checkpoint) {
                Ok(_) => false,
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
        attempts.sort_by_key(|record| std::cmp::Reverse(record.attempt));
        let mut newest: HashMap<&StepKey, u32> = HashMap::new();
        for failed in &attempts {
            newest.entry(&failed.step).or_insert(failed.attempt);
        }
        waits.retain(|wait| newest.get(&wait.step).is_none_or(|failed| *failed < wait.attempt));
        for wait in waits {
            if self.is_open(&wait.step)? {
                self.fold_waits(wait)?;
            }
        }
        for attempt in attempts {
            if self.is_open(&attempt.step)? {
                self.fold_failed(attempt)?;
            }
        }
        Ok(())
    }

    fn is_open(&self, key: &StepKey) -> Result<bool, IllegalRecord> {
        let slot = self.find(key)?;
        Ok(matches!(self.slots.state(slot), StepState::Ready(_)) && !self.is_past(slot))
    }
}

/// The records of ordinary work, of undoings, and of finally steps.
fn by_phase<'c>(dag: &Dag, claimed: &'c ClaimedTask) -> [Records<'c>; 3] {
    let mut phases: [Records<'c>; 3] = Default::default();
    let phase = |key: &StepKey| {
        let finally = dag.index_of(key.name()).is_some_and(|step| dag.steps()[step].finally);
        if key.is_undo() {
            1
        } else if finally {
            2
        } else {
            0
        }
    };
    for it in &claimed.checkpoints {
        phases[phase(&it.step)].checkpoints.push(it);
    }
    for it in &claimed.attempts {
        phases[phase(&it.step)].attempts.push(it);
    }
    for it in &claimed.waits {
        phases[phase(&it.step)].waits.push(it);
    }
    phases
}
