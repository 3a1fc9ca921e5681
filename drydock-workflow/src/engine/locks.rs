//! Locks that tasks hold. The store decides, for all instances; who was refused asks again with each poll, and when something
//! was given back here.

use std::sync::Arc;

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, LockAnswer, TaskEnd, Write};

use super::actor::Actor;
use super::claims::odd;
use super::message::Message;
use super::reach::Call;
use crate::run::{SlotIndex, StepState};

impl Actor {
    /// Asks for the locks for which a step waits.
    pub(super) fn ask_locks(&mut self, task: TaskId, slot: SlotIndex, names: Vec<String>) {
        let (journal, epoch, now) = (Arc::clone(&self.ports.journal), self.epoch, self.ports.clock.now());
        self.tell_later(async move {
            let answer = journal.lock_take(epoch, task, &names, now).await;
            Message::Locked { task, slot, names, answer }
        });
    }

    pub(super) fn on_locked(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        names: Vec<String>,
        answer: Result<LockAnswer, JournalError>,
    ) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        match self.ports.reach.heard(Call::Lock, answer) {
            Ok(LockAnswer::Taken) => {
                if live.run.fold_locked(slot).is_some() {
                    self.advance(task);
                }
                return;
            }
            Ok(LockAnswer::Refused(_)) => {}
            Err(error) => odd(&error, "locks could not be asked for"),
        }
        self.locks_wanted.insert((task, slot), names);
    }

    /// Somebody gave locks back, or it is time to look.
    pub(super) fn ask_locks_again(&mut self) {
        for ((task, slot), names) in std::mem::take(&mut self.locks_wanted) {
            // A step that waits no more, or whose task is over, wants none.
            if self
                .lives
                .get(&task)
                .is_some_and(|live| matches!(live.run.step(slot), StepState::Waiting { .. }))
            {
                self.ask_locks(task, slot, names);
            }
        }
    }

    /// Records the end of a task, with which it gives back its locks.
    pub(super) fn record_task_end(&mut self, task: TaskId, end: TaskEnd) {
        let Some(live) = self.lives.get(&task) else { return };
        let fence = Some(live.fence);
        if live.run.has_asked_for_locks() {
            self.writes.push(Write::LocksFreed(task));
        }
        self.writes.push(Write::TaskEnded(task, fence, end));
    }
}
