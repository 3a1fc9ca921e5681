//! Waits become records; signals and locks end them.

use drydock_core::journal::{Signal, WaitKind, WaitRecord, Write};
use drydock_core::{Payload, SignalId, TaskId, Timestamp, after};

use super::actor::Actor;
use super::conclude::too_long;
use crate::outcome::{Scratch, StepError, Wait, WaitOn};
use crate::run::{LOCKS, Progress, SlotIndex, StepState};

impl Actor {
    /// Records that a step waits; refuses a wait that cannot be.
    pub(super) fn record_wait(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        wait: Wait,
        progress: &Progress,
        started_at: Timestamp,
    ) -> Result<(), StepError> {
        let now = self.ports.clock.now();
        let Some(live) = self.lives.get(&task) else { return Ok(()) };
        let key = live.run.key(slot);
        let locks_asked = live.run.has_mark(slot, LOCKS);
        let (kind, on) = waited_for(wait.on)?;
        let asked = wait.at_most.map(|time| after(now, time));
        let until = match kind {
            // Only a person ends it, and no time makes it known what became of the step.
            WaitKind::Operator => None,
            _ => asked.into_iter().chain(progress.deadline).min(),
        };
        let record = WaitRecord {
            step: key.clone(),
            attempt: progress.attempt,
            kind,
            on,
            reason: wait.reason,
            since: progress.since.unwrap_or(started_at),
            until,
            deadline: progress.deadline,
            scratch: self.scratch(wait.scratch)?,
        };
        if kind == WaitKind::Operator {
            tracing::error!(task.id = %task, step.name = %key, "a step waits for an operator: {}", record.reason);
        }
        if kind == WaitKind::Lock && !locks_asked {
            // Read again after a crash, it tells that there may be locks to free.
            self.mark(task, slot, LOCKS, Payload::NULL, now);
        }
        if let Some(live) = self.lives.get(&task) {
            live.workflow.meters.waits.increment(1);
        }
        self.writes.push(Write::StepWaits(task, record));
        Ok(())
    }

    fn scratch(&self, scratch: Option<Scratch>) -> Result<Option<Payload>, StepError> {
        let limit = self.options.output_limit;
        match scratch {
            Some(Scratch::Value(value)) if value.len() > limit => {
                Err(too_long("what it keeps", value.len(), limit))
            }
            Some(Scratch::Value(value)) => Ok(Some(value)),
            Some(Scratch::Unwritable(problem)) => {
                Err(StepError::bug(format!("what it keeps cannot be written as JSON: {problem}")))
            }
            None => Ok(None),
        }
    }

    /// A waiting step takes a signal; it goes on when that is on record.
    pub(super) fn take_signal(&mut self, task: TaskId, slot: SlotIndex, signal: SignalId) {
        let Some(live) = self.lives.get(&task) else { return };
        let StepState::Waiting { progress, .. } = *live.run.step(slot) else { return };
        let (now, key) = (self.ports.clock.now(), live.run.key(slot));
        // In the same commit the wait is over: whoever has the task after a crash must not wait on.
        let over = WaitRecord {
            step: key.clone(),
            attempt: progress.attempt,
            kind: WaitKind::Timer,
            on: Vec::new(),
            reason: "the signal has come".to_owned(),
            since: progress.since.unwrap_or(now),
            until: Some(now),
            deadline: progress.deadline,
            scratch: live.run.note_of(slot).scratch,
        };
        self.writes.push(Write::SignalTaken(task, signal, key));
        self.writes.push(Write::StepWaits(task, over));
    }

    /// The store tells of signals that nobody has taken.
    pub(super) fn on_signals(&mut self, signals: Vec<(TaskId, Signal)>) {
        for (task, signal) in signals {
            if let Some(live) = self.lives.get_mut(&task) {
                live.run.fold_signal(signal);
                self.advance(task);
            }
        }
    }
}

/// The kind of a wait, and the names of what it is for.
fn waited_for(on: WaitOn) -> Result<(WaitKind, Vec<String>), StepError> {
    let refuse = |problem: String| Err(StepError::permanent(problem));
    match on {
        WaitOn::Time => Ok((WaitKind::Timer, Vec::new())),
        WaitOn::Operator => Ok((WaitKind::Operator, Vec::new())),
        WaitOn::Signal(name) if name.is_empty() || name.starts_with(Signal::ORDER) => refuse(format!(
            "it waits for signal {name:?}: a name must not be empty, nor begin with {:?}",
            Signal::ORDER
        )),
        WaitOn::Signal(name) => Ok((WaitKind::Signal, vec![name])),
        WaitOn::Locks(names) if names.is_empty() || names.iter().any(String::is_empty) => {
            refuse("it waits for locks without naming any: name one or more".to_owned())
        }
        WaitOn::Locks(mut names) => {
            names.sort_unstable();
            names.dedup();
            Ok((WaitKind::Lock, names))
        }
    }
}
