//! Who gets a place: slots for steps, and places for tasks under a limit. The stores count, and here it is decided, once for all.

use std::collections::{BTreeMap, HashMap, HashSet};

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, SlotAnswer, SlotWish};

use crate::batch::storable;

/// A slot that a step has: the limit, the task, and the text of the step's key.
pub(crate) type Slot = (String, TaskId, String);

/// A wish as it is stored.
pub(crate) struct Wish<'a> {
    asked: &'a SlotWish,
    /// By name; of two capacities of one name the smaller counts.
    limits: BTreeMap<String, u32>,
    ticket: i64,
}

/// A ticket as it is stored.
pub(crate) fn ticket(ticket: u64) -> Result<i64, JournalError> {
    i64::try_from(ticket).map_err(|error| JournalError::Rejected(error.into()))
}

impl<'a> Wish<'a> {
    pub(crate) fn all(wishes: &'a [SlotWish]) -> Result<Vec<Self>, JournalError> {
        let of = |wish: &'a SlotWish| {
            let mut limits = BTreeMap::new();
            for (name, capacity) in &wish.limits {
                let known = limits.entry(storable(name).into_owned()).or_insert(*capacity);
                *known = (*known).min(*capacity);
            }
            Ok(Wish { asked: wish, limits, ticket: ticket(wish.ticket)? })
        };
        wishes.iter().map(of).collect()
    }

    /// The limits that any of them names, in the order in which their rows are locked.
    pub(crate) fn names(wishes: &[Self]) -> Vec<String> {
        let mut names: Vec<String> = wishes.iter().flat_map(|wish| wish.limits.keys().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Their tasks, each once.
    pub(crate) fn tasks(wishes: &[Self]) -> Vec<TaskId> {
        let mut tasks: Vec<TaskId> = wishes.iter().map(|wish| wish.asked.task).collect();
        tasks.sort_unstable();
        tasks.dedup();
        tasks
    }
}

/// So many of the sleeping tasks whose times have come are queued by one claim: a night in which a million wake at once is no reason to
/// make one claim long.
pub(crate) const WAKES: u16 = 1_000;

/// What a store knows of the limits and tasks that wishes name.
#[derive(Default)]
pub(crate) struct Slots {
    /// The tasks that the asking instance owns.
    pub(crate) tasks: HashSet<TaskId>,
    /// How many slots of each limit are taken, by live owners' steps.
    pub(crate) taken: HashMap<String, u64>,
    /// The slots that the wishing tasks' steps have from the asking instance.
    pub(crate) own: HashSet<Slot>,
}

impl Slots {
    /// What comes of each wish, one after the other, and the slots that are to be written, with the ticket of each: those that a
    /// step has already too, for it is with this ticket that it gives them back.
    pub(crate) fn grant(mut self, wishes: &[Wish<'_>]) -> (Vec<SlotAnswer>, BTreeMap<Slot, i64>) {
        let mut granted = BTreeMap::new();
        let answers = wishes.iter().map(|Wish { asked: wish, limits, ticket }| {
            if !self.tasks.contains(&wish.task) {
                return SlotAnswer::NotOwned;
            }
            let slot = |name: &String| (name.clone(), wish.task, wish.step.text().into_owned());
            let new: Vec<&String> = limits.keys().filter(|name| !self.own.contains(&slot(name))).collect();
            let full = |name: &&&String| {
                self.taken.get(**name).copied().unwrap_or(0)
                    >= limits.get(**name).copied().unwrap_or(0).into()
            };
            if let Some(full) = new.iter().find(full) {
                return SlotAnswer::Full((*full).clone());
            }
            for name in new {
                *self.taken.entry(name.clone()).or_default() += 1;
                self.own.insert(slot(name));
            }
            for name in limits.keys() {
                let last = granted.entry(slot(name)).or_insert(*ticket);
                *last = (*last).max(*ticket);
            }
            SlotAnswer::Taken
        });
        let answers = answers.collect();
        (answers, granted)
    }
}

/// How many of those that wait for a place under one limit get one: `places` is what each of them knows there to be, in the order
/// in which they are served, and `taken` how many are. Nobody overtakes.
pub(crate) fn admitted(taken: u64, places: impl IntoIterator<Item = u64>) -> usize {
    (taken..).zip(places).take_while(|(taken, places)| taken < places).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_in_order_and_nobody_overtakes() {
        let table: [(u64, &[u64], usize); 7] = [
            (0, &[], 0),
            (0, &[2, 2, 2], 2),
            (1, &[2, 2, 2], 1),
            (5, &[2, 2], 0),
            (0, &[0, 9], 0),
            (1, &[1, 9, 9], 0),
            (1, &[9, 2, 9], 1),
        ];
        for (taken, places, expected) in table {
            assert_eq!(admitted(taken, places.iter().copied()), expected, "{taken} of {places:?}");
        }
    }
}
