//! What a step has for its next call beside its input: what it kept, what it did once and for all, the signal it was given.

use std::collections::{BTreeMap, HashMap};

use drydock_core::journal::{ClaimedTask, Mark, Signal};
use drydock_core::{Payload, StepKey};

/// How the engine's own marks begin; a step's own may not.
pub(crate) const OWN_MARKS: &str = "drydock:";
/// An irreversible step was begun: its first attempt by this name, others with their number.
const BEGUN: &str = "drydock:begun";

/// The mark of an irreversible step that this attempt was begun.
pub(crate) fn begun(attempt: u32) -> String {
    if attempt > 1 { format!("{BEGUN}:{attempt}") } else { BEGUN.to_owned() }
}

/// Whether it is the mark of an attempt that was begun.
pub(crate) fn is_begun(mark: &str) -> bool {
    mark.starts_with(BEGUN)
}

/// The step asked for locks, which the task's end has to free.
pub(crate) const LOCKS: &str = "drydock:locks";

/// How the mark begins that a step was given a lock, whose name follows. The task has it to its end, and wants it again when it is
/// brought back after that.
pub(super) const HELD: &str = "drydock:lock:";

/// Whether a mark tells of locks, and so outlives its step.
pub(crate) fn is_of_lock(mark: &str) -> bool {
    mark == LOCKS || mark.starts_with(HELD)
}

/// A step's notes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) scratch: Option<Payload>,
    pub(crate) marks: BTreeMap<String, Payload>,
    pub(crate) signal: Option<Signal>,
    /// The wait that is over was one for these locks, and the task has them.
    pub(crate) locked: Vec<String>,
}

/// The notes of all steps that have any: few do.
#[derive(Debug, Default)]
pub(super) struct Notes(HashMap<StepKey, Note>);

impl Notes {
    /// All that is on record.
    pub(super) fn of(claimed: &ClaimedTask) -> Self {
        let mut notes = Self::default();
        for wait in &claimed.waits {
            notes.keep(&wait.step, wait.scratch.clone());
        }
        for mark in &claimed.marks {
            notes.mark(mark);
        }
        // By time: of several signals that a step took, it has the last.
        for signal in &claimed.signals {
            if let Some(step) = &signal.taken_by
                && signal.order().is_none()
            {
                notes.give(step.clone(), signal.clone());
            }
        }
        notes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, step: &StepKey) -> Note {
        self.0.get(step).cloned().unwrap_or_default()
    }

    pub(super) fn has_mark(&self, step: &StepKey, name: &str) -> bool {
        self.0.get(step).is_some_and(|note| note.marks.contains_key(name))
    }

    /// Whether any step made a mark of this name.
    pub(super) fn any_mark(&self, name: &str) -> bool {
        self.0.values().any(|note| note.marks.contains_key(name))
    }

    /// A wait replaces what the one before kept.
    pub(super) fn keep(&mut self, step: &StepKey, scratch: Option<Payload>) {
        match self.0.get_mut(step) {
            Some(note) => (note.scratch, note.locked) = (scratch, Vec::new()),
            None if scratch.is_some() => {
                self.0.insert(step.clone(), Note { scratch, ..Note::default() });
            }
            None => {}
        }
    }

    /// The first mark of a name stands.
    pub(super) fn mark(&mut self, mark: &Mark) {
        let note = self.0.entry(mark.step.clone()).or_default();
        note.marks.entry(mark.name.clone()).or_insert_with(|| mark.value.clone());
    }

    pub(super) fn lock(&mut self, step: StepKey, names: Vec<String>) {
        self.0.entry(step).or_default().locked = names;
    }

    /// All locks that steps were given, by their marks.
    pub(super) fn locks(&self) -> Vec<String> {
        let marks = self.0.values().flat_map(|note| note.marks.keys());
        marks.filter_map(|name| name.strip_prefix(HELD)).map(str::to_owned).collect()
    }

    pub(super) fn give(&mut self, step: StepKey, signal: Signal) {
        self.0.entry(step).or_default().signal = Some(signal);
    }

    /// A step that has ended needs its notes no more, but for those that the task's end asks for.
    pub(super) fn forget(&mut self, step: &StepKey) {
        if let Some(note) = self.0.get_mut(step) {
            note.marks.retain(|name, _| is_of_lock(name));
            *note = Note { marks: std::mem::take(&mut note.marks), ..Note::default() };
            if note.marks.is_empty() {
                self.0.remove(step);
            }
        }
    }
}
