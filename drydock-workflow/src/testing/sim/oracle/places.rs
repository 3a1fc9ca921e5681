//! Limits on how many steps are under way together: who has which place, and whether what runs has one.

use std::collections::BTreeMap;

use drydock_core::journal::{SlotAnswer, SlotWish};
use drydock_core::{Epoch, StepKey, TaskId};

use super::{Oracle, Rule};

/// Who has which place.
#[derive(Default)]
pub(super) struct Places {
    /// By limit, task and step; with the ticket.
    held: BTreeMap<(String, TaskId, StepKey), (Epoch, u64)>,
    /// What each step asked for last.
    asked: BTreeMap<(TaskId, StepKey), Vec<(String, u32)>>,
}

impl Oracle {
    /// The store has answered to an instance that asks for places for a step.
    pub(in super::super) fn admitted(
        &mut self,
        epoch: Epoch,
        SlotWish { task: id, step, limits, ticket }: &SlotWish,
        answer: &SlotAnswer,
    ) {
        let id = *id;
        if *answer == SlotAnswer::NotOwned {
            return;
        }
        let label = self.label(id);
        self.needs_to_own(epoch, id, "places");
        let full = limits.iter().find(|(name, places)| {
            let others = self.under_way(name).filter(|(task, of)| (*task, *of) != (id, step));
            u32::try_from(others.count()).is_ok_and(|others| others >= *places)
        });
        let full = full.map(|(name, places)| format!("all {places} places of {name} are taken"));
        self.places.asked.insert((id, step.clone()), limits.clone());
        if *answer == SlotAnswer::Taken {
            self.tally.places += 1;
            self.note(|| format!("{step} of {label} is admitted"));
            if let Some(full) = full {
                self.breach(Rule::LimitKept, format!("{step} of {label} is admitted, although {full}"));
            }
            for (name, _) in limits {
                let held =
                    self.places.held.entry((name.clone(), id, step.clone())).or_insert((epoch, *ticket));
                if held.0 != epoch || held.1 < *ticket {
                    *held = (epoch, *ticket);
                }
            }
        } else {
            self.tally.place_waits += 1;
            self.note(|| format!("{step} of {label} is not admitted"));
            if full.is_none() {
                let what = format!("{step} of {label} is not admitted, and there are places");
                self.breach(Rule::NothingWithheld, what);
            }
        }
    }

    /// The steps with a place of a limit: of living instances, and of tasks that these have.
    fn under_way<'a>(&'a self, limit: &'a str) -> impl Iterator<Item = (TaskId, &'a StepKey)> {
        let of_limit = self.places.held.iter().filter(move |((name, ..), _)| name == limit);
        of_limit
            .filter(|((_, task, _), (epoch, _))| self.is_alive(*epoch) && self.owner(*task) == Some(*epoch))
            .map(|((_, task, step), _)| (*task, step))
    }

    /// A step has given its places back.
    pub(super) fn vacated(&mut self, epoch: Epoch, id: TaskId, step: &StepKey, ticket: u64) {
        let running = |it: &super::Body| it.step == *step && it.epoch == epoch;
        let running = self.tasks.get(&id).is_some_and(|task| task.bodies.iter().any(running));
        let given = |(_, task, of): &(String, TaskId, StepKey), (holder, taken): &(Epoch, u64)| {
            (*task, of, *holder) == (id, step, epoch) && *taken <= ticket
        };
        let had = self.places.held.iter().any(|(slot, taken)| given(slot, taken));
        if running && had && !self.thawing && self.paused.is_empty() {
            let what = format!("the places of {step} of {} are given back while it runs", self.label(id));
            self.breach(Rule::LimitKept, what);
        }
        self.places.held.retain(|slot, taken| !given(slot, taken));
    }

    /// A body begins: if its step has limits, under all of them.
    pub(super) fn begins_under_limits(&mut self, epoch: Epoch, id: TaskId, step: &StepKey) {
        let Some(ends) = self.tasks.get(&id).and_then(|task| self.ends_of(task)) else { return };
        if ends.step(step.name()).is_none_or(|own| own.limits.is_empty()) {
            return;
        }
        let asked = self.places.asked.get(&(id, step.clone()));
        let has = |name: &String| {
            self.places
                .held
                .get(&(name.clone(), id, step.clone()))
                .is_some_and(|(holder, _)| *holder == epoch)
        };
        let fine = asked.is_some_and(|asked| asked.iter().all(|(name, _)| has(name)));
        if !fine && !self.thawing {
            let what = format!("{step} of {} begins without its places", self.label(id));
            self.breach(Rule::LimitKept, what);
        }
    }
}
