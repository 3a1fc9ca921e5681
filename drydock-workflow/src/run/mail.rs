//! Signals that were sent to the task and that no step has taken, and which waiting step is to have which.

use std::collections::HashSet;

use drydock_core::journal::{ClaimedTask, Signal};
use drydock_core::{SignalId, StepKey};

use super::SlotIndex;
use super::orders::Order;

/// The signals that nobody has taken, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Mail {
    open: Vec<Signal>,
    /// Signals that are taken: news that were asked for before may still tell of them.
    taken: HashSet<SignalId>,
    /// Signals that a step is about to take, and the steps: the record is on the way.
    promised: HashSet<SignalId>,
    waiting: Vec<(SlotIndex, String)>,
    /// The order that opens a step before it can be done.
    opening: Option<SignalId>,
}

impl Mail {
    pub(super) fn of(claimed: &ClaimedTask) -> Self {
        let (taken, open): (Vec<Signal>, Vec<Signal>) =
            claimed.signals.iter().cloned().partition(|signal| signal.taken_by.is_some());
        Self { open, taken: taken.iter().map(|signal| signal.id).collect(), ..Self::default() }
    }

    /// A signal has come; the store tells of it again and again until it is taken.
    pub(super) fn arrive(&mut self, signal: Signal) {
        if !self.taken.contains(&signal.id) && self.open.iter().all(|known| known.id != signal.id) {
            self.open.push(signal);
            self.open.sort_by_key(|signal| (signal.at, signal.id));
        }
    }

    /// `slot` waits for a signal of this name.
    pub(super) fn wait(&mut self, slot: SlotIndex, name: String) {
        self.waiting.push((slot, name));
    }

    /// `slot` waits no more.
    pub(super) fn leave(&mut self, slot: SlotIndex) {
        self.waiting.retain(|(waiting, _)| *waiting != slot);
    }

    /// The next pair of a signal and a step that waits for it; from here on both are each other's.
    pub(super) fn match_one(&mut self) -> Option<(SlotIndex, SignalId)> {
        if self.open.is_empty() || self.waiting.is_empty() {
            return None;
        }
        let mut free = self.open.iter().filter(|signal| !self.promised.contains(&signal.id));
        let (id, place) = free.find_map(|signal| {
            let place = self.waiting.iter().position(|(_, name)| *name == signal.name)?;
            Some((signal.id, place))
        })?;
        let slot = self.waiting[place].0;
        self.leave(slot);
        self.promised.insert(id);
        Some((slot, id))
    }

    /// A signal was taken, says its record.
    pub(super) fn take(&mut self, id: SignalId, by: StepKey) -> Option<Signal> {
        self.promised.remove(&id);
        self.taken.insert(id);
        let place = self.open.iter().position(|signal| signal.id == id)?;
        Some(Signal { taken_by: Some(by), ..self.open.remove(place) })
    }

    /// The oldest order, unless one is being obeyed: the next is read when what came of that one is on record.
    pub(super) fn next_order(&mut self) -> Option<(Signal, Order)> {
        if self.orders().any(|(signal, _)| self.promised.contains(&signal.id)) {
            return None;
        }
        let (signal, order) = self.orders().next()?;
        let signal = signal.clone();
        self.promised.insert(signal.id);
        Some((signal, order))
    }

    /// An order opens a step that failed, and is to be read again when that is on record.
    pub(super) fn opens_first(&mut self, id: SignalId) {
        self.opening = Some(id);
    }

    /// A step that failed is open again.
    pub(super) fn opened(&mut self) {
        if let Some(id) = self.opening.take() {
            self.promised.remove(&id);
        }
    }

    /// Whether nothing of it is on its way: no signal is being taken, and no order obeyed or to be obeyed.
    pub(super) fn is_settled(&self) -> bool {
        self.promised.is_empty() && self.opening.is_none() && !self.has_orders()
    }

    /// How many signals are known, taken or not.
    pub(super) fn known(&self) -> u64 {
        u64::try_from(self.open.len() + self.taken.len()).unwrap_or(u64::MAX)
    }

    /// Whether there are orders that are not done; one that cannot be read is none.
    pub(super) fn has_orders(&self) -> bool {
        self.orders().next().is_some()
    }

    fn orders(&self) -> impl Iterator<Item = (&Signal, Order)> {
        let orders = self.open.iter().filter(|signal| signal.order().is_some());
        orders.filter_map(|signal| signal.payload.decode().ok().map(|order| (signal, order)))
    }
}
