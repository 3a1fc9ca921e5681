//! What is said to tasks from outside: cancellations, pauses, signals, and that one is brought back.

use drydock_core::journal::{Request, Signal, TaskEndKind};
use drydock_core::{SignalId, StepKey, TaskId};

use super::{Oracle, Rule};

impl Oracle {
    /// A task and all its descendants.
    fn family(&self, root: TaskId) -> Vec<TaskId> {
        let mut found = vec![root];
        let mut next = 0;
        while let Some(task) = found.get(next) {
            let children = self.tasks.get(task).into_iter().flat_map(|task| task.children.values().copied());
            found.extend(children.collect::<Vec<_>>());
            next += 1;
        }
        found
    }

    /// The end of a task, and of its descendants, was asked for.
    pub(in super::super) fn cancelled(&mut self, task: TaskId) {
        for task in self.family(task) {
            if let Some(task) = self.tasks.get_mut(&task) {
                task.cancelled = true;
                task.asleep = None;
            }
        }
    }

    /// A task is held, or may go on.
    pub(in super::super) fn paused(&mut self, task: TaskId, paused: bool) {
        let label = self.label(task);
        self.note(|| format!("{label} {}", if paused { "is paused" } else { "may go on" }));
        for task in self.family(task) {
            if let Some(task) = self.tasks.get_mut(&task) {
                task.paused = paused && task.end.is_none();
                task.held_by = task.held_by.filter(|_| paused);
            }
        }
    }

    /// A task was brought back, unless this request did so before.
    pub(in super::super) fn reopened(&mut self, id: TaskId, request: &Request) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let failed = task.end.as_ref().is_some_and(|end| !matches!(end.kind, TaskEndKind::Completed(_)));
        if !failed || task.reopened.contains(request) {
            return;
        }
        task.reopened.push(request.clone());
        task.end = None;
        (task.cancelled, task.paused) = (false, false);
        self.tally.reopened += 1;
        let label = self.label(id);
        self.note(|| format!("{label} is brought back"));
    }

    /// A signal was sent.
    pub(in super::super) fn signalled(&mut self, id: TaskId, signal: &Signal) {
        let label = self.label(id);
        self.note(|| format!("{label} is sent {:?}", signal.name));
        if let Some(task) = self.tasks.get_mut(&id)
            && task.sent.insert(signal.id)
        {
            task.asleep = None;
        }
        if signal.order().is_none()
            && let Some(task) = self.tasks.get_mut(&id)
        {
            task.signals.entry(signal.id).or_default();
        }
    }

    /// A step took a signal.
    pub(super) fn signal_taken(&mut self, id: TaskId, signal: SignalId, step: &StepKey) {
        let Some(taken) = self.tasks.get_mut(&id).and_then(|task| task.signals.get_mut(&signal)) else {
            return;
        };
        let before = taken.get_or_insert_with(|| step.clone()).clone();
        self.tally.signals += 1;
        if before != *step {
            let what = format!("{step} of {} takes a signal that {before} has taken", self.label(id));
            self.breach(Rule::SignalOnce, what);
        }
    }
}
