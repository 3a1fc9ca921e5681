//! The order of a task's phases: its work, what is undone of it backwards, and its finally steps.

use drydock_core::journal::{StepEnd, Write};
use drydock_core::{StepKey, StepName};

use super::records::Ends;
use super::sim::Rule;
use crate::dag::{StepDef, UndoScope, Unwind};

/// What is wrong, by rule.
type Wrong = Option<(Rule, String)>;

impl Ends<'_> {
    /// Whether all ordinary steps have ended well.
    fn all_work_ended_well(&self) -> bool {
        self.definition.steps.iter().filter(|step| !step.finally).all(|step| self.ended_well(step))
    }

    fn is_finally(&self, key: &StepKey) -> bool {
        self.step(key.name()).is_some_and(|step| step.finally)
    }

    /// Whether an ordinary step failed.
    fn has_failed(&self) -> bool {
        let failed = |end: &StepEnd| matches!(end, StepEnd::Failed(_));
        self.by_key.iter().any(|(key, it)| failed(&it.end) && !key.is_undo() && !self.is_finally(key))
    }

    /// Whether the task was stopped: it failed, its cancellation was asked for, or it was stopped before it was brought back, and
    /// comes to that end again, because something is undone or tidied up.
    fn was_stopped(&self, cancelled: bool) -> bool {
        let past = |key: &StepKey| key.is_undo() || self.is_finally(key);
        cancelled || self.has_failed() || self.by_key.keys().any(past)
    }

    /// What there is of a step's work that has to be undone and is not, by its records.
    fn left_to_undo(&self, step: &StepDef) -> Vec<StepKey> {
        let Some(scope) = step.undo else { return Vec::new() };
        let begun = self.accepted.iter().filter_map(|write| match write {
            Write::AttemptFailed(_, it) => Some(&it.step),
            Write::StepWaits(_, it) => Some(&it.step),
            _ => None,
        });
        let ended = self.by_key.iter().filter(|(_, it)| !matches!(it.end, StepEnd::Skipped(_)));
        let done = |key: &&StepKey| {
            let end = self.by_key.get(*key).map(|it| &it.end);
            match scope {
                UndoScope::Done => matches!(end, Some(StepEnd::Done(_))),
                UndoScope::Begun => !matches!(end, Some(StepEnd::Skipped(_))),
            }
        };
        let work = ended.map(|(key, _)| key).chain(begun);
        let own = work.filter(|key| key.name() == &step.name && !key.is_undo()).filter(done);
        let mut left: Vec<StepKey> = own.map(StepKey::undoing).filter(|key| !self.is_settled(key)).collect();
        left.sort();
        left.dedup();
        left
    }

    /// What has to be undone before the task may go on to its finally steps, or end.
    fn open_undoings(&self) -> Vec<StepKey> {
        if self.definition.unwind != Unwind::Always || self.all_work_ended_well() {
            return Vec::new();
        }
        let work = self.definition.steps.iter().filter(|step| !step.finally);
        work.flat_map(|step| self.left_to_undo(step)).collect()
    }

    /// All that builds on a step.
    fn built_on(&self, step: &StepName) -> Vec<&StepDef> {
        let mut found: Vec<&StepDef> = Vec::new();
        let mut names = vec![step];
        while let Some(name) = names.pop() {
            for later in self.definition.steps.iter().filter(|later| !later.finally) {
                if later.dependencies().contains(&name) && found.iter().all(|it| it.name != later.name) {
                    found.push(later);
                    names.push(&later.name);
                }
            }
        }
        found
    }

    /// Whether a step comes after another, directly or not.
    pub(super) fn builds_on(&self, step: &StepName, other: &StepName) -> bool {
        self.built_on(other).iter().any(|it| it.name == *step)
    }

    /// Whether this body may begin beside those that run.
    pub(super) fn may_begin(&self, key: &StepKey, cancelled: bool, running: &[&StepKey]) -> Wrong {
        let finally = self.is_finally(key);
        let is_work = |key: &StepKey| !key.is_undo() && !self.is_finally(key);
        if key.is_undo() {
            self.may_undo(key, cancelled, running.iter().find(|it| is_work(it)).copied())
        } else if finally {
            let rule = Rule::FinallyLast;
            if let Some(other) = running.iter().find(|it| !self.is_finally(it)) {
                return Some((rule, format!("{key} begins while {other} runs")));
            }
            if !self.all_work_ended_well() && !self.was_stopped(cancelled) {
                return Some((rule, format!("{key} begins before the work is over")));
            }
            let open = self.open_undoings();
            (!open.is_empty()).then(|| (rule, format!("{key} begins before {}", listed(&open))))
        } else {
            let past = self.by_key.keys().chain(running.iter().copied()).find(|other| !is_work(other));
            past.map(|other| (Rule::UndoInReverse, format!("{key} begins after {other}")))
        }
    }

    fn may_undo(&self, key: &StepKey, cancelled: bool, working: Option<&StepKey>) -> Wrong {
        let rule = Rule::UndoInReverse;
        if let Some(other) = working {
            return Some((rule, format!("{key} begins while {other} runs")));
        }
        if !self.was_stopped(cancelled) {
            return Some((rule, format!("{key} begins in a task that has neither failed nor was cancelled")));
        }
        let scope = self.step(key.name()).and_then(|step| step.undo);
        let done = matches!(self.by_key.get(&key.work()).map(|it| &it.end), Some(StepEnd::Done(_)));
        if !done && scope != Some(UndoScope::Begun) {
            return Some((rule, format!("{key} begins although {} is not done", key.work())));
        }
        let later: Vec<StepKey> =
            self.built_on(key.name()).into_iter().flat_map(|step| self.left_to_undo(step)).collect();
        (!later.is_empty()).then(|| (rule, format!("{key} begins before {}", listed(&later))))
    }

    /// Whether the task may end.
    pub(super) fn may_end(&self, completed: bool) -> Wrong {
        if completed {
            let open = self.definition.steps.iter().filter(|step| !self.ended_well(step));
            let open: Vec<&str> = open.map(|step| step.name.as_str()).collect();
            if !open.is_empty() {
                return Some((Rule::Complete, format!("without checkpoints of {}", open.join(", "))));
            }
            let undone = self.by_key.keys().find(|key| key.is_undo());
            return undone.map(|key| (Rule::Complete, format!("although there is {key}")));
        }
        let open = self.open_undoings();
        if !open.is_empty() {
            return Some((Rule::UndoInReverse, format!("without {}", listed(&open))));
        }
        let last = self.definition.steps.iter().filter(|step| step.finally);
        let open: Vec<StepKey> = last
            .map(|step| StepKey::new(step.name.clone()))
            .filter(|key| !self.by_key.contains_key(key))
            .collect();
        (!open.is_empty()).then(|| (Rule::FinallyLast, format!("without {}", listed(&open))))
    }
}

fn listed(keys: &[StepKey]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
