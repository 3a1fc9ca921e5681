//! What comes from outside: signals, locks, and a hand that holds the task.

use drydock_core::journal::{Mark, Request, Signal, WaitKind};
use drydock_core::{Payload, SignalId, StepKey, StepName};

use super::{LOCKS, Note, Run, SlotIndex, StepState};

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

    /// An order opens a step before it can be done, and is to be read again when the step is open.
    pub(crate) fn fold_opens_first(&mut self, order: SignalId) {
        self.mail.opens_first(order);
    }

    /// The task has the locks for which a step waits; the step, if it still does.
    pub fn fold_locked(&mut self, slot: SlotIndex, names: Vec<String>) -> Option<SlotIndex> {
        let woken = self.wake(slot, WaitKind::Lock)?;
        self.notes.lock(self.key(woken), names);
        Some(woken)
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

    /// What a step has for its next call.
    pub(crate) fn note_of(&self, slot: SlotIndex) -> Note {
        if self.notes.is_empty() { Note::default() } else { self.notes.get(&self.key(slot)) }
    }

    /// Whether a step made the engine's own mark of this name.
    pub(crate) fn has_mark(&self, slot: SlotIndex, name: &str) -> bool {
        self.notes.has_mark(&self.key(slot), name)
    }

    /// Whether the task may hold locks, or queue for some.
    pub(crate) fn has_asked_for_locks(&self) -> bool {
        self.notes.any_mark(LOCKS)
    }

    /// The output of a step that `slot` follows, directly or not; nothing when it gave none.
    pub(crate) fn output_before(&self, slot: SlotIndex, step: &StepName) -> Option<Payload> {
        let wanted = self.dag.index_of(step)?;
        if !self.dag.follows(self.step_of(slot), wanted) {
            return None;
        }
        matches!(self.step(wanted), StepState::Done(_) | StepState::Mapped).then(|| self.output_of(wanted))
    }

    /// How many slots there are.
    pub(crate) fn slot_count(&self) -> usize {
        self.slots.all().count()
    }
}
