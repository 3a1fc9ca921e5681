//! What came of an attempt becomes a record: a checkpoint, a failed attempt or a wait, and what the step had to say.

use drydock_core::journal::{AttemptRecord, Checkpoint, Decider, Failure, StepEnd, TaskEnd, Write};
use drydock_core::{Payload, StepKey, TaskId, Timestamp};

use super::actor::Actor;
use super::message::Finished;
use crate::dag::StepKind;
use crate::outcome::{Outcome, StepError};
use crate::run::{Progress, SlotIndex, StepState, Verdict, judge};

impl Actor {
    /// An attempt is over: its record goes to the flusher, its consequences wait for the commit.
    pub(super) fn conclude(&mut self, finished: Finished) {
        let Finished { task, slot, result, told, started_at } = finished;
        let Some(live) = self.lives.get(&task) else { return };
        let StepState::Running(progress) = *live.run.step(slot) else { return };
        let definition = &live.workflow.dag.steps()[live.run.step_of(slot)];
        let (key, retry) = (live.run.key(slot), definition.policy.retry);
        // What children give together is not this step's own to keep short.
        let limited = !matches!(definition.kind, StepKind::Children(_));
        let now = self.ports.clock.now();
        live.workflow.meters.ran(started_at, now);
        if let Some(ticket) = self.slots.ticket_of(task, slot) {
            self.writes.push(Write::SlotsFreed(task, key.clone(), ticket));
        }
        self.record_told(task, &key, told, now);
        let result = match result {
            Ok(Outcome::Done(output)) if limited && output.len() > self.options.output_limit => {
                Err(too_long("its output", output.len(), self.options.output_limit))
            }
            result => result,
        };
        match result {
            Ok(Outcome::Done(output)) => {
                self.record_locks(task, slot, now);
                let end = StepEnd::Done(output);
                self.record_end(task, slot, checkpoint(key, &progress, end, started_at, now));
            }
            Ok(Outcome::Wait(wait)) => {
                if let Err(error) = self.record_wait(task, slot, wait, &progress, started_at) {
                    let failure = Failure::new(error.disposition, error.message).decided_by(Decider::Engine);
                    let end = StepEnd::Failed(failure);
                    self.record_end(task, slot, checkpoint(key, &progress, end, started_at, now));
                }
            }
            Err(error) => match judge(&retry, &progress, &error, now, self.ports.entropy.fraction()) {
                Verdict::Over(failure) => {
                    let end = StepEnd::Failed(failure);
                    self.record_end(task, slot, checkpoint(key, &progress, end, started_at, now));
                }
                Verdict::Again(retry_at) => {
                    if let Some(live) = self.lives.get(&task) {
                        live.workflow.meters.retries.increment(1);
                    }
                    let record = AttemptRecord {
                        step: key,
                        attempt: progress.attempt,
                        failure: Failure::new(error.disposition, error.message).decided_by(error.decided_by),
                        started_at,
                        ended_at: now,
                        retry_at,
                        deadline: progress.deadline,
                    };
                    self.writes.push(Write::AttemptFailed(task, record));
                }
            },
        }
    }

    /// Records a step's end, and in the same commit the task's, if that is what follows.
    pub(super) fn record_end(&mut self, task: TaskId, slot: SlotIndex, checkpoint: Checkpoint) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        live.workflow.meters.step_ended(&checkpoint.end);
        let end = match &checkpoint.end {
            StepEnd::Done(output) => live.run.end_with(slot, Ok(output)),
            StepEnd::Skipped(_) => live.run.end_with(slot, Ok(&Payload::NULL)),
            StepEnd::Failed(failure) => live.run.end_with(slot, Err(failure)),
        };
        let at = checkpoint.ended_at;
        self.writes.push(Write::StepEnded(task, checkpoint));
        if let Some(kind) = end {
            self.record_task_end(task, TaskEnd { kind, at });
        }
    }
}

pub(super) fn checkpoint(
    step: StepKey,
    progress: &Progress,
    end: StepEnd,
    started_at: Timestamp,
    ended_at: Timestamp,
) -> Checkpoint {
    Checkpoint { step, attempt: progress.attempt, end, started_at, ended_at }
}

pub(super) fn too_long(what: &str, len: usize, limit: usize) -> StepError {
    StepError::permanent(format!(
        "{what} has {len} bytes, the limit is {limit}: store large data elsewhere and return where it is"
    ))
    .by(Decider::Engine)
}
