//! The judgement of what came from outside and of what keeps tasks apart: signals, cancellations, locks.

use std::collections::{BTreeMap, BTreeSet};

use drydock::core::TaskId;
use drydock::core::journal::StepEnd;
use drydock::store::repo::TaskHistory;

use crate::driver::Report;
use crate::ledger::Line;
use crate::oracle::{Effects, Life};
use crate::outside::Books;
use crate::shapes::LOCK;

/// Each signal that was sent was taken by one step, once: so say the ledgers, and the database says the same.
pub(crate) fn signals(report: &mut Report, books: &Books, took: &[Line], histories: &[TaskHistory]) {
    let mut by_signal: BTreeMap<(TaskId, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut by_step: BTreeMap<(TaskId, &str), BTreeSet<&str>> = BTreeMap::new();
    for line in took {
        let Some((step, signal)) = line.step.split_once('/') else { continue };
        by_signal.entry((line.task, signal)).or_default().insert(step);
        by_step.entry((line.task, step)).or_default().insert(signal);
    }
    for ((task, signal), steps) in by_signal.iter().filter(|(_, steps)| steps.len() > 1) {
        report.violations.push(format!("signal {signal} of {task} was seen by {steps:?}"));
    }
    for ((task, step), signals) in by_step.iter().filter(|(_, signals)| signals.len() > 1) {
        report.violations.push(format!("{step} of {task} saw {signals:?}"));
    }
    for history in histories {
        let id = history.task.id;
        let sent = books.signals.get(&id).cloned().unwrap_or_default();
        let stored: BTreeSet<_> = history.signals.iter().map(|signal| signal.id).collect();
        if stored != sent || history.signals.len() != sent.len() {
            report.violations.push(format!("task {id} was sent {sent:?} and has {stored:?}"));
        }
        for signal in &history.signals {
            report.signals += 1;
            let name = signal.id.to_string();
            let saw = by_signal.get(&(id, name.as_str()));
            let taken_by = signal.taken_by.as_ref().map(ToString::to_string);
            if taken_by.as_deref() != saw.and_then(|steps| steps.first().copied()) {
                report
                    .violations
                    .push(format!("signal {name} was taken by {taken_by:?} and seen by {saw:?}"));
            }
        }
    }
}

/// A task that was cancelled was asked to be, or its parent was; what it did is undone, and it tidied up.
pub(crate) fn cancelled(report: &mut Report, books: &Books, history: &TaskHistory) {
    let id = history.task.id;
    report.cancelled += 1;
    let parent = history.task.parent.as_ref().map(|parent| parent.task);
    if !books.cancelled.contains(&id) && parent.is_none_or(|parent| !books.cancelled.contains(&parent)) {
        report.violations.push(format!("task {id} was cancelled, and nobody asked for it"));
    }
    if parent.is_some() {
        return;
    }
    let done = |key: &str| {
        let mut all = history.checkpoints.iter();
        all.any(|it| it.step.to_string() == key && matches!(it.end, StepEnd::Done(_)))
    };
    if done("first") != done("undo:first") {
        report.violations.push(format!("task {id} was cancelled, and its first step was not undone"));
    }
    if !done("tidy") {
        report.violations.push(format!("task {id} was cancelled, and did not tidy up"));
    }
}

/// Nothing begins in a task after its end.
pub(crate) fn after_the_end(
    report: &mut Report,
    histories: &[TaskHistory],
    effects: &Effects,
    lives: &[Life],
) {
    let ends = histories.iter().filter_map(|it| Some((it.task.id, it.task.end.as_ref()?)));
    let ends: BTreeMap<TaskId, i64> = ends.map(|(id, end)| (id, end.at.timestamp_micros())).collect();
    for ((task, step), all) in effects {
        let Some(end) = ends.get(task) else { continue };
        for effect in all {
            if effect.begin > *end && !lives[effect.life].awakes(effect.begin) {
                report.violations.push(format!("{step} of {task} began after the task's end"));
            }
        }
    }
}

/// From a task's first effect under a lock to its last, no other task has one under the same lock.
pub(crate) fn locks(report: &mut Report, effects: &Effects, lives: &[Life]) {
    let mut spans: BTreeMap<&str, Vec<(i64, i64, TaskId)>> = BTreeMap::new();
    for ((task, word), all) in effects {
        let Some(lock) = word.strip_prefix(LOCK) else { continue };
        // What begins as its process goes on after a standstill is late: it says nothing of who has the lock.
        let timely = || all.iter().filter(|effect| !lives[effect.life].awakes(effect.begin));
        let begin = timely().map(|effect| effect.begin).min();
        let until = timely().map(|effect| lives[effect.life].acts_until(effect)).max();
        if let (Some(begin), Some(until)) = (begin, until) {
            spans.entry(lock).or_default().push((begin, until, *task));
            report.locked += 1;
        }
    }
    for (lock, mut all) in spans {
        all.sort_unstable();
        let mut last: Option<(i64, TaskId)> = None;
        for (begin, until, task) in all {
            if let Some((taken_until, holder)) = last
                && begin < taken_until
            {
                report.violations.push(format!(
                    "task {task} had {lock} from {begin}, and task {holder} had it until {taken_until}"
                ));
            }
            if last.is_none_or(|(before, _)| before < until) {
                last = Some((until, task));
            }
        }
    }
}
