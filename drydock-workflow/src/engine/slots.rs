//! Steps that wait for places under their limits. The store decides, for all instances; here it is decided who asks it, and when:
//! the first in the line, no more of them than there may be places, in one call at a time. So however many wait, a place that
//! comes free is worth about one call.
//!
//! What this instance knows it does not ask: how many places its own steps have, and which limits were full when it last looked.
//! It looks again with each poll, since others tell nobody when they give a place back, and when one is given back here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use drydock_core::journal::{JournalError, SlotAnswer, SlotWish};
use drydock_core::{StepKey, TaskId};

use super::actor::Actor;
use super::claims::odd;
use super::message::{Finished, Message};
use super::reach::Call;
use crate::outcome::StepError;
use crate::run::{SlotIndex, StepState};

/// At most so many steps ask in one call.
const WISHES: usize = 256;

/// A step's limits, as they are asked for.
type Limits = Arc<[(String, u32)]>;

/// A step's place in the line: the greatest priority first, then the oldest task. Before all of them whoever may have its places
/// already, because the store's answer was lost: nobody else can use those.
type Turn = (Rank, TaskId, SlotIndex);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    InDoubt,
    Waiting(Reverse<i16>),
}

/// Who waits, and what is known of the limits.
#[derive(Default)]
pub(super) struct Slots {
    /// Those that wait, by what they wait for.
    lines: BTreeMap<Limits, BTreeSet<Turn>>,
    waiting: BTreeMap<(TaskId, SlotIndex), (Rank, Limits)>,
    /// Those that have places, and under which limits.
    held: BTreeMap<(TaskId, SlotIndex), Limits>,
    /// How many of those there are under each limit.
    used: BTreeMap<String, u32>,
    /// Limits that had no place left when the store was last asked.
    full: BTreeSet<String>,
    /// The ticket with which each step asked last, until its task is gone.
    tickets: BTreeMap<(TaskId, SlotIndex), u64>,
    /// The last ticket.
    ticket: u64,
    /// A call is under way.
    asking: bool,
    /// The last call failed: the next look tries again.
    failed: bool,
}

impl Slots {
    fn join(&mut self, task: TaskId, slot: SlotIndex, rank: Rank, limits: Limits) {
        self.lines.entry(Arc::clone(&limits)).or_default().insert((rank, task, slot));
        self.waiting.insert((task, slot), (rank, limits));
    }

    fn leave(&mut self, task: TaskId, slot: SlotIndex) -> Option<Limits> {
        let (rank, limits) = self.waiting.remove(&(task, slot))?;
        if let Some(line) = self.lines.get_mut(&limits) {
            line.remove(&(rank, task, slot));
            if line.is_empty() {
                self.lines.remove(&limits);
            }
        }
        Some(limits)
    }

    /// How many steps wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A ticket for a step that is about to ask.
    fn ticket(&mut self, task: TaskId, slot: SlotIndex) -> u64 {
        self.ticket += 1;
        self.tickets.insert((task, slot), self.ticket);
        self.ticket
    }

    /// With which ticket a step gives back what it has, or may have; `None` when it never asked.
    pub(super) fn ticket_of(&self, task: TaskId, slot: SlotIndex) -> Option<u64> {
        self.tickets.get(&(task, slot)).copied()
    }

    fn waiting_of(&self, task: TaskId) -> Vec<SlotIndex> {
        self.waiting.range((task, 0)..=(task, SlotIndex::MAX)).map(|((_, slot), _)| *slot).collect()
    }

    fn hold(&mut self, task: TaskId, slot: SlotIndex, limits: Limits) {
        for name in names(&limits) {
            *self.used.entry(name.to_owned()).or_default() += 1;
        }
        self.held.insert((task, slot), limits);
    }

    /// A step has no place any more; whether it had one.
    fn release(&mut self, task: TaskId, slot: SlotIndex) -> bool {
        let Some(limits) = self.held.remove(&(task, slot)) else { return false };
        for name in names(&limits) {
            self.full.remove(name);
            if let Some(used) = self.used.get_mut(name) {
                *used = used.saturating_sub(1);
                if *used == 0 {
                    self.used.remove(name);
                }
            }
        }
        true
    }

    /// Whether any step of a task waits for places, or has some.
    pub(super) fn know(&self, task: TaskId) -> bool {
        let steps = (task, 0)..=(task, SlotIndex::MAX);
        self.waiting.range(steps.clone()).next().is_some() || self.held.range(steps).next().is_some()
    }

    /// Nothing of a task is here any more; whether any of its steps had a place.
    fn forget(&mut self, task: TaskId) -> bool {
        for slot in self.waiting_of(task) {
            self.leave(task, slot);
        }
        let asked: Vec<SlotIndex> =
            self.tickets.range((task, 0)..=(task, SlotIndex::MAX)).map(|((_, slot), _)| *slot).collect();
        for slot in asked {
            self.tickets.remove(&(task, slot));
        }
        let held: Vec<SlotIndex> =
            self.held.range((task, 0)..=(task, SlotIndex::MAX)).map(|((_, slot), _)| *slot).collect();
        held.into_iter().filter(|slot| self.release(task, *slot)).count() > 0
    }

    /// Who asks next: the first of each line whose limits may have places, as far as is known here.
    fn first(&self) -> Asked {
        let open = |limits: &&Limits| names(limits).iter().all(|name| !self.full.contains(*name));
        let mut lines: Vec<_> = self
            .lines
            .iter()
            .filter(|(limits, _)| open(limits))
            .map(|(limits, line)| (limits, line.iter()))
            .collect();
        let mut heads: BinaryHeap<Reverse<(Turn, usize)>> = BinaryHeap::new();
        for (place, (_, line)) in lines.iter_mut().enumerate() {
            heads.extend(line.next().map(|turn| Reverse((*turn, place))));
        }
        let mut asked: BTreeMap<&str, u32> = BTreeMap::new();
        let mut first = Vec::new();
        while first.len() < WISHES
            && let Some(Reverse(((rank, task, slot), place))) = heads.pop()
        {
            let (limits, line) = &mut lines[place];
            let fits = limits.iter().all(|(name, places)| {
                let used = self.used.get(name).copied().unwrap_or(0);
                used.saturating_add(asked.get(&**name).copied().unwrap_or(0)) < *places
            });
            // Nobody behind it fits either.
            if fits {
                for name in names(limits) {
                    *asked.entry(name).or_default() += 1;
                }
                first.push((task, slot, rank, Arc::clone(limits)));
                heads.extend(line.next().map(|turn| Reverse((*turn, place))));
            }
        }
        first
    }
}

/// The names of some limits, each once.
fn names(limits: &[(String, u32)]) -> BTreeSet<&str> {
    limits.iter().map(|(name, _)| &**name).collect()
}

/// Steps that ask in one call.
pub(super) type Asked = Vec<(TaskId, SlotIndex, Rank, Limits)>;

impl Actor {
    /// A step wants a place under each of its limits.
    pub(super) fn want_slots(&mut self, task: TaskId, slot: SlotIndex, limits: Vec<(String, u32)>) {
        let Some(live) = self.lives.get(&task) else { return };
        self.slots.join(task, slot, Rank::Waiting(Reverse(live.priority)), limits.into());
        self.ask_slots();
    }

    /// Asks for those who are first, unless that is under way.
    fn ask_slots(&mut self) {
        if self.slots.asking || self.slots.failed {
            return;
        }
        let (mut wishes, mut asked) = (Vec::new(), Asked::new());
        for wish in self.slots.first() {
            let (task, slot, _, limits) = &wish;
            self.slots.leave(*task, *slot);
            if let Some(live) = self.lives.get(task) {
                let (step, ticket) = (live.run.key(*slot), self.slots.ticket(*task, *slot));
                wishes.push(SlotWish { task: *task, step, limits: limits.to_vec(), ticket });
                asked.push(wish);
            }
        }
        if asked.is_empty() {
            return;
        }
        self.slots.asking = true;
        let (journal, epoch) = (Arc::clone(&self.ports.journal), self.epoch);
        self.tell_later(async move {
            let answer = journal.slots_take(epoch, &wishes).await;
            Message::Admitted { asked, answer }
        });
    }

    pub(super) fn on_admitted(&mut self, asked: Asked, answer: Result<Vec<SlotAnswer>, JournalError>) {
        self.slots.asking = false;
        match self.ports.reach.heard(Call::Lock, answer) {
            Ok(answers) => {
                for ((task, slot, rank, limits), answer) in asked.into_iter().zip(answers) {
                    match answer {
                        SlotAnswer::Taken => self.on_slot(task, slot, limits),
                        SlotAnswer::Full(name) => {
                            self.ports.meters.slots_refused.increment(1);
                            // A store may call a limit by another name than the step does. Then nothing is known here that would keep
                            // the step from asking again at once, and again.
                            self.slots.failed |= !names(&limits).contains(&*name);
                            self.slots.full.insert(name);
                            self.wait_on(task, slot, rank, limits);
                        }
                        SlotAnswer::NotOwned => {
                            tracing::warn!(task.id = %task, "the store gives a step no place: another has its task");
                        }
                    }
                }
                self.ask_slots();
            }
            Err(error) => {
                odd(&error, "places under limits could not be asked for");
                self.slots.failed = true;
                for (task, slot, _, limits) in asked {
                    self.wait_on(task, slot, Rank::InDoubt, limits);
                }
            }
        }
    }

    /// A step has its places: its attempt begins, unless its task was stopped meanwhile.
    fn on_slot(&mut self, task: TaskId, slot: SlotIndex, limits: Limits) {
        let now = self.ports.clock.now();
        let Some(live) = self.lives.get(&task) else { return };
        let StepState::Running(progress) = *live.run.step(slot) else { return };
        let stopped = live.run.cancellation().is_some() && live.run.is_work(slot);
        self.slots.hold(task, slot, limits);
        if stopped {
            // Gives back what it has got.
            self.conclude(Finished::failed(task, slot, StepError::cancelled(), now));
        } else {
            self.begin_admitted(task, slot, progress, now);
        }
    }

    /// A step that got no place goes on waiting, unless its task was stopped meanwhile.
    fn wait_on(&mut self, task: TaskId, slot: SlotIndex, rank: Rank, limits: Limits) {
        let Some(live) = self.lives.get(&task) else { return };
        if live.run.cancellation().is_some() && live.run.is_work(slot) {
            // It may have got one all the same, if the answer was lost.
            let now = self.ports.clock.now();
            self.conclude(Finished::failed(task, slot, StepError::cancelled(), now));
        } else if matches!(live.run.step(slot), StepState::Running(_)) {
            self.slots.join(task, slot, rank, limits);
        }
    }

    /// It is time to look what others have given back.
    pub(super) fn ask_slots_again(&mut self) {
        self.slots.full.clear();
        self.slots.failed = false;
        self.ask_slots();
    }

    /// A step has given its places back, for all to see.
    pub(super) fn on_slots_freed(&mut self, task: TaskId, step: &StepKey) {
        let slot = self.lives.get(&task).and_then(|live| live.run.slot_of(step));
        if slot.is_some_and(|slot| self.slots.release(task, slot)) {
            self.ask_slots();
        }
    }

    /// A task has ended, and none of its steps has a place any more.
    pub(super) fn forget_slots(&mut self, task: TaskId) {
        if self.slots.forget(task) {
            self.ask_slots();
        }
    }

    /// Steps of a task that is being stopped wait for no place any more.
    pub(super) fn leave_queues(&mut self, task: TaskId) {
        let Some(live) = self.lives.get(&task) else { return };
        let waiting = self.slots.waiting_of(task);
        let stopped: Vec<SlotIndex> = waiting.into_iter().filter(|slot| live.run.is_work(*slot)).collect();
        let now = self.ports.clock.now();
        for slot in stopped {
            self.slots.leave(task, slot);
            self.conclude(Finished::failed(task, slot, StepError::cancelled(), now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(n: u128) -> TaskId {
        TaskId::from_uuid(uuid::Uuid::from_u128(n))
    }

    fn limits(all: &[(&str, u32)]) -> Limits {
        all.iter().map(|(name, places)| ((*name).to_owned(), *places)).collect()
    }

    fn waiting(priority: i16) -> Rank {
        Rank::Waiting(Reverse(priority))
    }

    fn first(slots: &Slots) -> Vec<TaskId> {
        slots.first().into_iter().map(|(task, ..)| task).collect()
    }

    #[test]
    fn the_first_of_the_line_ask_and_no_more_than_there_may_be_places() {
        let mut slots = Slots::default();
        for n in 0..500 {
            slots.join(task(n), 0, waiting(i16::from(n == 7)), limits(&[("maas", 4)]));
        }
        assert_eq!(first(&slots), [7, 0, 1, 2].map(task));
        for n in [7, 0, 1] {
            let taken = slots.leave(task(n), 0).unwrap();
            slots.hold(task(n), 0, taken);
        }
        assert_eq!(first(&slots), [task(2)], "three are here");
        slots.full.insert("maas".to_owned());
        assert_eq!(first(&slots), []);
        assert!(slots.release(task(7), 0) && !slots.release(task(7), 0));
        assert_eq!(first(&slots), [2, 3].map(task), "one was given back here");
        assert!(slots.forget(task(0)) && !slots.forget(task(2)));
        assert_eq!(first(&slots), [3, 4, 5].map(task));
        slots.join(task(900), 0, Rank::InDoubt, limits(&[("maas", 4)]));
        assert_eq!(first(&slots), [900, 3, 4].map(task), "its answer was lost, and it may have a place");
    }

    #[test]
    fn who_waits_for_several_limits_keeps_nobody_who_waits_for_one() {
        let mut slots = Slots::default();
        slots.join(task(1), 0, waiting(0), limits(&[("bmc", 1), ("maas", 3)]));
        slots.join(task(2), 0, waiting(0), limits(&[("bmc", 1), ("maas", 3)]));
        slots.join(task(3), 0, waiting(0), limits(&[("maas", 3)]));
        slots.join(task(4), 0, waiting(0), limits(&[("maas", 3), ("maas", 2)]));
        slots.join(task(5), 0, waiting(0), limits(&[("maas", 3)]));
        slots.join(task(6), 0, waiting(0), limits(&[("maas", 3)]));
        assert_eq!(first(&slots), [1, 3, 5].map(task));
        slots.full.insert("bmc".to_owned());
        assert_eq!(first(&slots), [3, 4, 5].map(task));
    }

    #[test]
    fn one_call_does_not_ask_for_more_than_its_share() {
        let mut slots = Slots::default();
        for n in 0..1000 {
            slots.join(task(n), 0, waiting(0), limits(&[("wide", 5000)]));
        }
        assert_eq!(first(&slots).len(), WISHES);
    }
}
