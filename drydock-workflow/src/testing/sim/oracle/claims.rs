//! Who owns what: instances that join and are retired, and the tasks that they take.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use drydock_core::journal::{Claim, ClaimedTask, Write};
use drydock_core::{Epoch, Fence, StepKey, TaskId};

use super::{Incarnation, Oracle, Rule};

impl Oracle {
    /// An instance has joined; what it was before is retired.
    pub(in super::super) fn joined(&mut self, instance: u32, epoch: Epoch) {
        self.note(|| format!("i{instance} joins as epoch {epoch}"));
        let earlier: Vec<Epoch> = self
            .epochs
            .iter()
            .filter(|(_, it)| it.alive && it.instance == instance)
            .map(|(epoch, _)| *epoch)
            .collect();
        for epoch in earlier {
            self.retired(epoch);
        }
        self.epochs.insert(epoch, Incarnation { instance, alive: true });
    }

    /// An epoch is over, by whoever's will.
    pub(in super::super) fn retired(&mut self, epoch: Epoch) {
        let Some(incarnation) = self.epochs.get_mut(&epoch) else { return };
        if !std::mem::replace(&mut incarnation.alive, false) {
            return;
        }
        let instance = incarnation.instance;
        self.note(|| format!("epoch {epoch} of i{instance} is retired"));
        let mut late = Vec::new();
        for task in self.tasks.values_mut() {
            if task.owner == Some(epoch) {
                task.owner = None;
            }
            let running = task.bodies.iter().filter(|body| body.epoch == epoch);
            late.extend(running.map(|body| format!("{} of {}", body.step, task.label)));
        }
        if !self.paused.contains(&instance) {
            for body in late {
                self.breach(
                    Rule::LateBody,
                    format!("{body} still runs on i{instance} while epoch {epoch} is retired"),
                );
            }
        }
    }

    pub(super) fn is_alive(&self, epoch: Epoch) -> bool {
        self.epochs.get(&epoch).is_some_and(|incarnation| incarnation.alive)
    }

    /// Tasks were given to an instance.
    pub(in super::super) fn claimed(&mut self, epoch: Epoch, tasks: &[Claim]) {
        if !tasks.is_empty() && !self.is_alive(epoch) {
            self.breach(Rule::RetiredEpoch, format!("epoch {epoch} was given tasks after it was retired"));
        }
        self.ranked(epoch, tasks);
        // What cannot be read is for the claiming instance to give up.
        for claimed in tasks.iter().flatten() {
            self.created(&claimed.task, None);
            let id = claimed.task.id;
            let label = self.label(id);
            let resumed = self.awakened(id);
            let Some(task) = self.tasks.get_mut(&id) else { continue };
            let ended = task.end.is_some();
            let before = task.owner.replace(epoch);
            task.held_by = task.paused.then_some(epoch);
            let greatest = task.given.keys().next_back().copied().unwrap_or(Fence::UNCLAIMED);
            task.given.insert(claimed.fence, epoch);
            self.tally.takeovers += u64::from(resumed);
            self.note(|| format!("epoch {epoch} takes {label}"));
            if ended {
                self.breach(Rule::OneOwner, format!("{label} was given to epoch {epoch} after its end"));
            }
            if let Some(owner) = before.filter(|owner| self.is_alive(*owner)) {
                self.breach(
                    Rule::OneOwner,
                    format!("{label} was given to epoch {epoch}, while epoch {owner} has it"),
                );
            }
            if claimed.fence <= greatest {
                let what = format!(
                    "{label} was given to epoch {epoch} with fence {}, after {greatest} was given",
                    claimed.fence
                );
                self.breach(Rule::FenceGrows, what);
            }
            self.compare(claimed);
            if resumed != claimed.resumed {
                let what = format!("{label}: whether it was begun before is told wrongly ({resumed})");
                self.breach(Rule::NothingForgotten, what);
            }
        }
    }

    /// No task was passed over for one of less priority, or a younger one.
    fn ranked(&mut self, epoch: Epoch, tasks: &[Claim]) {
        let rank = |id: &TaskId| self.tasks.get(id).map(|it| (Reverse(it.priority), it.created_at, *id));
        let given: BTreeSet<TaskId> = tasks.iter().flatten().map(|claimed| claimed.task.id).collect();
        let free = self.tasks.iter().filter(|(_, it)| it.is_queued());
        let first = free.map(|(id, _)| id).filter(|id| !given.contains(id)).filter_map(rank).min();
        let (Some(first), Some(last)) = (first, given.iter().filter_map(rank).max()) else { return };
        if first < last {
            let (passed, taken) = (self.label(first.2), self.label(last.2));
            let what = format!("epoch {epoch} was given {taken} before {passed}");
            self.breach(Rule::PriorityFirst, what);
        }
    }

    /// What a claim brings is what was committed.
    fn compare(&mut self, claimed: &ClaimedTask) {
        let Some(task) = self.tasks.get(&claimed.task.id) else { return };
        let mut steps: BTreeSet<StepKey> = task.ends.keys().cloned().collect();
        let mut attempts = BTreeSet::new();
        let mut waits = BTreeSet::new();
        let mut marks = BTreeSet::new();
        for write in &task.accepted {
            match write {
                Write::AttemptFailed(_, failed) | Write::StepReopened(_, failed) => {
                    attempts.insert((failed.step.clone(), failed.attempt));
                }
                Write::StepWaits(_, wait) => {
                    waits.insert(wait.step.clone());
                }
                Write::Marked(_, mark) => {
                    marks.insert((mark.step.clone(), mark.name.clone()));
                }
                _ => {}
            }
        }
        let mut lost: Vec<String> = Vec::new();
        for end in &claimed.checkpoints {
            steps.remove(&end.step);
        }
        for failed in &claimed.attempts {
            attempts.remove(&(failed.step.clone(), failed.attempt));
        }
        for wait in &claimed.waits {
            waits.remove(&wait.step);
        }
        for mark in &claimed.marks {
            marks.remove(&(mark.step.clone(), mark.name.clone()));
        }
        lost.extend(steps.iter().map(|step| format!("the end of {step}")));
        // Of ended steps, attempts and waits need not be brought.
        let open = |step: &StepKey| !claimed.checkpoints.iter().any(|end| end.step == *step);
        let attempts = attempts.iter().filter(|(step, _)| open(step));
        lost.extend(attempts.map(|(step, attempt)| format!("attempt {attempt} of {step}")));
        lost.extend(waits.iter().filter(|step| open(step)).map(|step| format!("the wait of {step}")));
        lost.extend(
            marks.iter().filter(|(step, _)| open(step)).map(|(step, name)| format!("mark {name} of {step}")),
        );
        for (id, taken) in &task.signals {
            let found = claimed.signals.iter().find(|signal| signal.id == *id);
            if found.is_none_or(|signal| signal.taken_by != *taken) {
                lost.push(format!("a signal that was taken by {taken:?}"));
            }
        }
        if !lost.is_empty() {
            let what = format!("a claim of {} does not bring {}", task.label, lost.join(", "));
            self.breach(Rule::NothingForgotten, what);
        }
    }

    /// Whose a task is, for the trace.
    pub(super) fn owner(&self, task: TaskId) -> Option<Epoch> {
        self.tasks.get(&task).and_then(|task| task.owner)
    }
}
