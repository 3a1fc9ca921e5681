//! Tasks that only wait for what is far off are let go: they sleep in the store, and take no room here. Whichever instance claims a
//! task when something has woken it goes on with it.
//!
//! INVARIANT: between the decision and its commit nothing is done for the task, and nothing else is written about it. What
//! comes to it meanwhile is in the store, which keeps it awake then.

use std::collections::HashSet;

use drydock_core::journal::{Parking, Write};
use drydock_core::{TaskId, after};

use super::EventKind;
use super::actor::{Actor, answer};
use super::lanes::Lanes;

/// How a task is on its way to sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// It is not.
    Awake,
    /// The record is on its way to the store.
    Parking,
    /// The store refuses that record for ever: it stays.
    Refused,
}

impl Actor {
    /// A task was planned: it may have nothing more to do for a while.
    pub(super) fn may_rest(&mut self, task: TaskId) {
        if self.lives.get(&task).is_some_and(|live| live.rest == Rest::Awake && live.run.is_idle()) {
            self.sleepy.push(task);
        }
    }

    /// Lets those tasks go that have been planned since the last time, and of which nothing is on its way.
    pub(super) fn park(&mut self, lanes: &Lanes) {
        let mut sleepy = std::mem::take(&mut self.sleepy);
        // Whoever has the tasks of an instance that leaves finds out for itself.
        if sleepy.is_empty() || self.draining {
            return;
        }
        sleepy.sort_unstable();
        sleepy.dedup();
        let earliest = after(self.ports.clock.now(), self.options.park_after);
        let asked: HashSet<TaskId> = self.marking.keys().map(|(task, ..)| *task).collect();
        sleepy.retain(|task| {
            let live = self.lives.get(task).filter(|live| live.rest == Rest::Awake);
            let idle = live.filter(|live| live.attempts.is_empty() && live.broods.is_empty());
            let known_elsewhere =
                self.slots.know(*task) || asked.contains(task) || self.early.contains_key(task);
            !known_elsewhere && idle.is_some_and(|live| live.run.sleep(earliest).is_some())
        });
        if sleepy.is_empty() {
            return;
        }
        let written: HashSet<TaskId> = self.writes.iter().map(Write::owner).collect();
        for task in sleepy {
            if written.contains(&task) || lanes.carry(task) {
                // Again when that is committed.
                self.sleepy.push(task);
            } else if let Some(live) = self.lives.get_mut(&task)
                && let Some(sleep) = live.run.sleep(earliest)
            {
                live.rest = Rest::Parking;
                let (fence, signals, doubt) = (live.fence, sleep.signals, sleep.doubt);
                let parking = Parking { fence, signals, wake_at: sleep.until, doubt };
                self.writes.push(Write::TaskParked(task, parking));
            }
        }
    }

    /// A task is let go. If something has come to it meanwhile it is queued by now, and may be claimed here again.
    pub(super) fn on_parked(&mut self, task: TaskId, parking: Parking) {
        if self.lives.get(&task).is_none_or(|live| live.fence != parking.fence) {
            return;
        }
        let Some(live) = self.lives.remove(&task) else { return };
        live.workflow.meters.tasks_parked.increment(1);
        live.abort();
        for (at, slot) in live.run.timers() {
            self.timers.remove(&(at, task, slot));
        }
        self.paused.remove(&task);
        self.emit(task, || EventKind::TaskParked { until: parking.wake_at });
        for watcher in self.watchers.remove(&task).unwrap_or_default() {
            answer(watcher, None);
        }
        if let Some(claimed) = self.early.remove(&task).flatten() {
            self.on_claimed_task(&claimed);
        }
    }

    /// There is room, and what was let go may be queued already.
    pub(super) fn look_after_parking(&mut self) {
        if self.look_again {
            self.look();
        } else {
            self.claim_soon();
        }
    }

    /// The store never takes the record that lets a task go: it stays, and goes on.
    pub(super) fn stay_awake(&mut self, task: TaskId) {
        if let Some(live) = self.lives.get_mut(&task) {
            live.rest = Rest::Refused;
            self.advance(task);
        }
    }
}
