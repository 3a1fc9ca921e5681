//! Locks that tasks hold, and limits that steps share. The store decides, for all instances; who was refused asks again with each poll, and
//! when something was given back here.

use std::sync::Arc;

use drydock_core::journal::{JournalError, LockAnswer, TaskEnd, Write};
use drydock_core::{Payload, TaskId, Timestamp};

use super::actor::{Actor, Live};
use super::claims::odd;
use super::message::{Finished, Message};
use super::reach::Call;
use crate::outcome::StepError;
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
            Ok(LockAnswer::Refused(_)) => {}
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
        if self.lives.get(&task).is_some_and(|live| live.run.has_asked_for_locks()) {
            self.writes.push(Write::LocksFreed(task));
        }
        self.writes.push(Write::TaskEnded(task, end));
    }

    /// Asks for a place under each of the step's limits.
    pub(super) fn ask_slots(&mut self, task: TaskId, slot: SlotIndex, limits: Vec<(String, u32)>) {
        let Some(live) = self.lives.get(&task) else { return };
        let (journal, epoch, step) = (Arc::clone(&self.ports.journal), self.epoch, live.run.key(slot));
        self.tell_later(async move {
            let answer = journal.slot_take(epoch, task, &step, &limits).await;
            Message::Admitted { task, slot, limits, answer }
        });
    }

    pub(super) fn on_admitted(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        limits: Vec<(String, u32)>,
        answer: Result<bool, JournalError>,
    ) {
        let now = self.ports.clock.now();
        let Some(live) = self.lives.get(&task) else { return };
        let StepState::Running(progress) = *live.run.step(slot) else { return };
        let stopped = live.run.cancellation().is_some() && live.run.is_work(slot);
        if stopped {
            // Gives back what it may have got.
            return self.conclude(Finished::failed(task, slot, StepError::cancelled(), now));
        }
        match self.ports.reach.heard(Call::Lock, answer) {
            Ok(true) => return self.begin_admitted(task, slot, progress, now),
            Ok(false) => {}
            Err(error) => odd(&error, "a place under a limit could not be asked for"),
        }
        self.slots_wanted.insert((task, slot), limits);
    }

    /// Somebody gave a place back, or it is time to look. The oldest task asks first.
    pub(super) fn ask_slots_again(&mut self) {
        for ((task, slot), limits) in std::mem::take(&mut self.slots_wanted) {
            self.ask_slots(task, slot, limits);
        }
    }

    /// Steps of a task that is being stopped wait for no place any more.
    pub(super) fn leave_queues(&mut self, task: TaskId) {
        let Some(live) = self.lives.get(&task) else { return };
        let waiting = self.slots_wanted.range((task, 0)..=(task, SlotIndex::MAX));
        let stopped: Vec<SlotIndex> =
            waiting.map(|((_, slot), _)| *slot).filter(|slot| live.run.is_work(*slot)).collect();
        let now = self.ports.clock.now();
        for slot in stopped {
            self.slots_wanted.remove(&(task, slot));
            self.conclude(Finished::failed(task, slot, StepError::cancelled(), now));
        }
    }
}
