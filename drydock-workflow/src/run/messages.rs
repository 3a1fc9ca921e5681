//! What comes from outside: signals, locks, and a hand that holds the task.

use drydock_core::journal::{Mark, Request, Signal, WaitKind};
use drydock_core::{SignalId, StepKey};

use super::{Run, SlotIndex, StepState};

impl Run {
    /// A signal has come, or is told of again.
    pub fn fold_signal(&mut self, signal: Signal) {
        self.mail.arrive(signal);
    }

    /// A step has taken a signal. The record that ends its wait comes with this one.
    pub fn fold_taken(&mut self, id: SignalId, key: &StepKey) {
        let Some(signal) = self.mail.take(id, key.clone()) else { return };
        if signal.order().is_some() {
            return;
        }
        self.notes.give(key.clone(), signal);
    }

    /// The order could not be done in one go, and is to be read again.
    pub(crate) fn fold_put_back(&mut self, id: SignalId) {
        self.mail.put_back(id);
    }

    /// The task has the locks for which a step waits; the step, if it still does.
    pub fn fold_locked(&mut self, slot: SlotIndex) -> Option<SlotIndex> {
        self.wake(slot, WaitKind::Lock)
    }

    /// A step made a mark.
    pub fn fold_marked(&mut self, mark: &Mark) {
        self.notes.mark(mark);
    }

    /// Somebody holds the task, or lets it go.
    pub fn fold_paused(&mut self, pause: Option<Request>) {
        self.pause = pause;
    }

    /// Who holds the task.
    pub fn pause(&self) -> Option<&Request> {
        self.pause.as_ref()
    }

    fn wake(&mut self, slot: SlotIndex, wanted: WaitKind) -> Option<SlotIndex> {
        match self.slots.state(slot) {
            StepState::Waiting { progress, kind, .. } if *kind == wanted && !self.is_past(slot) => {
                let progress = *progress;
                self.mail.leave(slot);
                self.make_ready(slot, progress);
                Some(slot)
            }
            _ => None,
        }
    }
}
