//! Locks that the task was given before: whoever takes it over makes sure of them before anything begins. After a crash the task has
//! them still; after its end, when an operator has brought it back, others may have them by now.

use drydock_core::journal::WaitKind;

use super::notes::HELD;
use super::{Run, SlotIndex, StepState};

/// How sure the owner is of the task's locks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Regain {
    /// It has all that it was given, if any.
    #[default]
    Sure,
    /// These are to be asked for.
    Wanted(Vec<String>),
    /// They were asked for.
    Asked(Vec<String>),
}

impl Run {
    /// Whether nothing may begin because it is not certain that the task has its locks.
    pub(super) fn lacks_locks(&self) -> bool {
        self.regain != Regain::Sure
    }

    /// The locks that are to be asked for now.
    pub(super) fn locks_to_regain(&mut self) -> Option<Vec<String>> {
        let Regain::Wanted(names) = &mut self.regain else { return None };
        let names = std::mem::take(names);
        self.regain = Regain::Asked(names.clone());
        Some(names)
    }

    /// The task has the locks again that it was given before.
    pub fn fold_regained(&mut self) {
        self.regain = Regain::Sure;
    }

    /// Whether nothing is under way, and it is locks for which the task waits.
    pub fn awaits_locks(&self) -> bool {
        let waits = |state: &StepState| matches!(state, StepState::Waiting { kind: WaitKind::Lock, .. });
        self.running == 0
            && (self.lacks_locks()
                || self.has_asked_for_locks() && self.slots.all().any(|(_, slot)| waits(&slot.state)))
    }

    /// The locks of which the task's owner is not certain.
    pub(crate) fn uncertain_locks(&self) -> &[String] {
        match &self.regain {
            Regain::Sure => &[],
            Regain::Wanted(names) | Regain::Asked(names) => names,
        }
    }

    /// What a step was given, and there is no record of yet.
    pub(crate) fn unrecorded_locks(&self, slot: SlotIndex) -> Vec<String> {
        let mut names = self.note_of(slot).locked;
        names.retain(|name| !self.has_mark(slot, &held(name)));
        names
    }

    pub(super) fn find_locks(&mut self) {
        let mut names = self.notes.locks();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            self.regain = Regain::Wanted(names);
        }
    }
}

/// The mark that a step was given this lock.
pub(crate) fn held(lock: &str) -> String {
    format!("{HELD}{lock}")
}
