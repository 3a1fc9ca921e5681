//! Locks that tasks hold. The store decides, for all instances; who was refused asks again with each poll, and when something
//! was given back here.

use std::sync::Arc;

use drydock_core::journal::{JournalError, LockAnswer, TaskEnd, Write};
use drydock_core::{Payload, TaskId, Timestamp};

use super::actor::{Actor, Live};
use super::claims::odd;
use super::message::Message;
use super::reach::Call;
use crate::run::{SlotIndex, StepState, held};

impl Actor {
    /// Asks for the locks for which a step waits, or that the task had before.
    pub(super) fn ask_locks(&mut self, task: TaskId, slot: Option<SlotIndex>, names: Vec<String>) {
        let (journal, epoch, now) = (Arc::clone(&self.ports.journal), self.epoch, self.ports.clock.now());
        self.tell_later(async move {
            let answer = journal.lock_take(epoch, task, &names, now).await;
            Message::Locked { task, slot, names, answer }
        });
    }

    pub(super) fn on_locked(
        &mut self,
        task: TaskId,
        slot: Option<SlotIndex>,
        names: Vec<String>,
        answer: Result<LockAnswer, JournalError>,
    ) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        match self.ports.reach.heard(Call::Lock, answer) {
            Ok(LockAnswer::Taken) => {
                match slot {
                    None => live.run.fold_regained(),
                    Some(slot) if live.run.fold_locked(slot, names).is_some() => {}
                    Some(_) => return,
                }
                return self.advance(task);
            }
            Ok(LockAnswer::Refused(_)) => self.ports.meters.locks_refused.increment(1),
            Err(error) => odd(&error, "locks could not be asked for"),
        }
        self.locks_wanted.insert((task, slot), names);
    }

    /// Somebody gave locks back, or it is time to look.
    pub(super) fn ask_locks_again(&mut self) {
        for ((task, slot), names) in std::mem::take(&mut self.locks_wanted) {
            // A step that waits no more, or whose task is over, wants none.
            let waits = |live: &Live| {
                slot.is_none_or(|slot| matches!(live.run.step(slot), StepState::Waiting { .. }))
            };
            if self.lives.get(&task).is_some_and(waits) {
                self.ask_locks(task, slot, names);
            }
        }
    }

    /// Records which locks a step was given, with its end: the task wants them again if it is brought back after its own.
    pub(super) fn record_locks(&mut self, task: TaskId, slot: SlotIndex, at: Timestamp) {
        let Some(live) = self.lives.get(&task) else { return };
        for name in live.run.unrecorded_locks(slot) {
            self.mark(task, slot, &held(&name), Payload::NULL, at);
        }
    }

    /// Records the end of a task, with which it gives back its locks.
    pub(super) fn record_task_end(&mut self, task: TaskId, end: TaskEnd) {
        let Some(live) = self.lives.get(&task) else { return };
        let fence = Some(live.fence);
        if live.run.has_asked_for_locks() {
            self.writes.push(Write::LocksFreed(task, fence));
        }
        self.writes.push(Write::TaskEnded(task, fence, end));
    }
}
