//! Signals that were sent to the task and that no step has taken, and which waiting step is to have which.

use std::collections::HashSet;

use drydock_core::journal::{ClaimedTask, Signal};
use drydock_core::{SignalId, StepKey};

use super::orders::{ORDER, Order};
use super::SlotIndex;

/// The signals that nobody has taken, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Mail {
    open: Vec<Signal>,
    /// Signals that a step is about to take, and the steps: the record is on the way.
    promised: HashSet<SignalId>,
    waiting: Vec<(SlotIndex, String)>,
}

impl Mail {
    pub(super) fn of(claimed: &ClaimedTask) -> Self {
        let open = claimed.signals.iter().filter(|signal| signal.taken_by.is_none()).cloned().collect();
        Self { open, ..Self::default() }
    }

    /// A signal has come; the store tells of it again and again until it is taken.
    pub(super) fn arrive(&mut self, signal: Signal) {
        if self.open.iter().all(|known| known.id != signal.id) {
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
        let free = self.open.iter().filter(|signal| !self.promised.contains(&signal.id));
        let (id, place) = free
            .filter_map(|signal| {
                let place = self.waiting.iter().position(|(_, name)| *name == signal.name)?;
                Some((signal.id, place))
            })
            .next()?;
        let (slot, _) = self.waiting.remove(place);
        self.promised.insert(id);
        Some((slot, id))
    }

    /// A signal was taken, says its record.
    pub(super) fn take(&mut self, id: SignalId, by: StepKey) -> Option<Signal> {
        self.promised.remove(&id);
        let place = self.open.iter().position(|signal| signal.id == id)?;
        Some(Signal { taken_by: Some(by), ..self.open.remove(place) })
    }

    /// The oldest order that nobody has obeyed, if it can be read; one that cannot is no order.
    pub(super) fn next_order(&mut self) -> Option<(Signal, Order)> {
        let orders = self.open.iter().filter(|signal| signal.name == ORDER);
        let free = orders.filter(|signal| !self.promised.contains(&signal.id));
        let (signal, order) = free
            .filter_map(|signal| signal.payload.decode::<Order>().ok().map(|order| (signal.clone(), order)))
            .next()?;
        self.promised.insert(signal.id);
        Some((signal, order))
    }

    pub(super) fn has_orders(&self) -> bool {
        self.open.iter().any(|signal| signal.name == ORDER)
    }
}
