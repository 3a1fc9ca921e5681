//! Signals: sent, told, taken.

use drydock_core::journal::{AuditRecord, Request, Signal, TaskEndKind, Verb};
use drydock_core::{Epoch, SignalId, StepKey, TaskId};

use super::State;
use crate::batch::storable;

impl State {
    pub(super) fn send(&mut self, task: TaskId, signal: &Signal) -> bool {
        let key = (task, signal.id);
        let can_come_back = signal.order().is_some()
            && self.ends.get(&task).is_some_and(|it| !matches!(it.end.kind, TaskEndKind::Completed(_)));
        if (self.live.contains_key(&task) || can_come_back) && !self.signals.contains_key(&key) {
            let sent = Signal {
                name: storable(&signal.name).into_owned(),
                sender: storable(&signal.sender).into_owned(),
                taken_by: None,
                ..signal.clone()
            };
            if let Some(order) = sent.order() {
                let request = Request { by: sent.sender.clone(), at: sent.at };
                self.log(task, AuditRecord { request, verb: Verb::Order, detail: order.to_owned() });
            }
            self.signals.insert(key, sent);
            if let Some(live) = self.live.get_mut(&task) {
                live.sleep = None;
            }
        }
        self.signals.contains_key(&key)
    }

    /// The first to take it keeps it.
    pub(super) fn take_signal(&mut self, task: TaskId, signal: SignalId, step: &StepKey) {
        if let Some(signal) = self.signals.get_mut(&(task, signal)) {
            signal.taken_by.get_or_insert_with(|| step.clone());
        }
    }

    /// All signals of a task, by time and id.
    pub(super) fn signals_of(&self, task: TaskId) -> Vec<Signal> {
        let of_it = self.signals.iter().filter(|((of, _), _)| *of == task);
        let mut signals: Vec<Signal> = of_it.map(|(_, signal)| signal.clone()).collect();
        signals.sort_by_key(|signal| (signal.at, signal.id));
        signals
    }

    /// The signals that wait for the tasks of `epoch`.
    pub(super) fn untaken(&self, epoch: Epoch) -> Vec<(TaskId, Signal)> {
        let owned = self.live.iter().filter(|(_, live)| live.owner == Some(epoch));
        let signals = owned.flat_map(|(id, _)| self.signals_of(*id).into_iter().map(|signal| (*id, signal)));
        signals.filter(|(_, signal)| signal.taken_by.is_none()).collect()
    }
}
