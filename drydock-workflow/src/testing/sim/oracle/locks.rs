//! Exclusive locks: which task holds which, which queue for one, and whether what runs under a lock has it.

use std::collections::{BTreeMap, BTreeSet};

use drydock_core::journal::{LockAnswer, WaitKind, Write};
use drydock_core::{Epoch, Fence, StepKey, StepName, TaskId};

use super::{Oracle, Rule, Task};

/// Who has which lock, and who wants it.
#[derive(Default)]
pub(super) struct Locks {
    held: BTreeMap<String, TaskId>,
    queues: BTreeSet<(String, TaskId)>,
}

impl Oracle {
    /// The store has answered to a task that asks for locks.
    pub(in super::super) fn locked(
        &mut self,
        epoch: Epoch,
        id: TaskId,
        names: &[String],
        answer: &LockAnswer,
    ) {
        let label = self.label(id);
        self.needs_to_own(epoch, id, "locks");
        let names: BTreeSet<&String> = names.iter().collect();
        let held = self.held_by_others(id, &names);
        let older = self.older_in_queues(id, &names);
        let listed = names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        self.locks.queues.retain(|(name, waiter)| *waiter != id || names.contains(name));
        match answer {
            LockAnswer::Taken => {
                self.tally.locks += 1;
                self.note(|| format!("{label} has the locks {listed}"));
                if let Some(other) = held {
                    let what = format!("{label} gets the locks {listed}, of which {other}");
                    self.breach(Rule::LockExclusive, what);
                }
                if let Some(other) = older {
                    let what = format!("{label} gets the locks {listed}, although {other}");
                    self.breach(Rule::LockFair, what);
                }
                self.locks.queues.retain(|(_, waiter)| *waiter != id);
                for name in names {
                    self.locks.held.insert(name.clone(), id);
                }
            }
            LockAnswer::Refused(_) => {
                self.tally.lock_waits += 1;
                self.note(|| format!("{label} is refused the locks {listed}"));
                if held.is_none() && older.is_none() {
                    let what = format!("{label} is refused the locks {listed}, and nobody is in its way");
                    self.breach(Rule::NothingWithheld, what);
                }
                self.locks.queues.extend(names.into_iter().map(|name| (name.clone(), id)));
            }
        }
    }

    /// A task has given all its locks back, or its end did.
    pub(super) fn unlocked(&mut self, id: TaskId, decided: Option<Fence>) {
        // What comes late says nothing of a task that was taken again.
        let given = self.tasks.get(&id).and_then(|task| task.given.keys().next_back());
        if decided.zip(given).is_some_and(|(decided, given)| *given > decided) {
            return;
        }
        self.locks.held.retain(|_, holder| *holder != id);
        self.locks.queues.retain(|(_, waiter)| *waiter != id);
    }

    fn held_by_others(&self, id: TaskId, names: &BTreeSet<&String>) -> Option<String> {
        let mut others =
            self.locks.held.iter().filter(|(name, holder)| names.contains(name) && **holder != id);
        others.next().map(|(name, holder)| format!("{name} is held by {}", self.label(*holder)))
    }

    /// A task that is older and waits for one of the names: not one that is held, nor one that waits for what `id` holds.
    fn older_in_queues(&self, id: TaskId, names: &BTreeSet<&String>) -> Option<String> {
        let age = |task: TaskId| self.tasks.get(&task).map(|it| (it.created_at, task));
        let waits_for_id = |waiter: TaskId| {
            let mut wanted = self.locks.queues.iter().filter(|(_, it)| *it == waiter);
            wanted.any(|(name, _)| self.locks.held.get(name) == Some(&id))
        };
        let may = |waiter: TaskId| self.tasks.get(&waiter).is_some_and(|it| it.end.is_none() && !it.paused);
        let mut older = self.locks.queues.iter().filter(|(name, waiter)| {
            names.contains(name) && age(*waiter) < age(id) && may(*waiter) && !waits_for_id(*waiter)
        });
        older
            .next()
            .map(|(name, waiter)| format!("{}, which is older, waits for {name}", self.label(*waiter)))
    }

    /// A body begins. Once a step was given locks, whatever builds on it runs under them.
    pub(super) fn begins_under_locks(&mut self, id: TaskId, step: &StepKey, has_locks: bool) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        if has_locks {
            let names = task.waited_for(step);
            task.guards.insert(step.name().clone(), names);
        }
        if task.guards.is_empty() {
            return;
        }
        let Some(task) = self.tasks.get(&id) else { return };
        let Some(ends) = self.ends_of(task) else { return };
        let under = |guard: &StepName| {
            if guard == step.name() { has_locks } else { ends.builds_on(step.name(), guard) }
        };
        let names = task.guards.iter().filter(|(guard, _)| under(guard)).flat_map(|(_, names)| names);
        let missing: Vec<String> =
            names.filter(|name| self.locks.held.get(*name) != Some(&id)).cloned().collect();
        if !missing.is_empty() && !self.thawing {
            let what = format!("{step} of {} begins without the locks {}", task.label, missing.join(", "));
            self.breach(Rule::LockHeld, what);
        }
    }

    /// Only its owner asks for something on behalf of a task.
    pub(super) fn needs_to_own(&mut self, epoch: Epoch, id: TaskId, what: &str) {
        if !self.is_alive(epoch) {
            self.breach(Rule::RetiredEpoch, format!("the retired epoch {epoch} is answered about {what}"));
        } else if self.owner(id) != Some(epoch) {
            let what = format!(
                "epoch {epoch} is answered about {what} of {}, which it does not own",
                self.label(id)
            );
            self.breach(Rule::OneOwner, what);
        }
    }
}

impl Task {
    /// The locks for which a step waited last.
    fn waited_for(&self, step: &StepKey) -> Vec<String> {
        let mut waits = self.accepted.iter().rev().filter_map(|write| match write {
            Write::StepWaits(_, it) if it.step == *step && it.kind == WaitKind::Lock => Some(&it.on),
            _ => None,
        });
        waits.next().cloned().unwrap_or_default()
    }
}
