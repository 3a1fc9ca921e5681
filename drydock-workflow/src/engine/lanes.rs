//! The lanes to the store. Each carries one batch at a time, and a task's writes never go by two at once: so they become durable in the
//! order in which they were made, while one batch waits for the disk or the network and the next one has the processor.

use std::collections::HashSet;
use std::time::Duration;

use drydock_core::TaskId;
use drydock_core::journal::Write;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;

/// A commit that takes less is hardly spent waiting: a second one beside it would only be in its way.
const LONG: Duration = Duration::from_micros(1_500);

/// One flusher, and what it is busy with.
struct Lane {
    to_flusher: mpsc::Sender<Vec<Write>>,
    /// Since when it carries a batch.
    busy: Option<Instant>,
    /// Whose writes it carries; not known where there is no other lane that could carry them too.
    owners: HashSet<TaskId>,
}

/// All lanes of an incarnation.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// How long commits take; the last ones count most.
    usual: Duration,
}

impl Lanes {
    /// One lane to each flusher.
    pub(super) fn new(flushers: impl IntoIterator<Item = mpsc::Sender<Vec<Write>>>) -> Self {
        let lane = |to_flusher| Lane { to_flusher, busy: None, owners: HashSet::new() };
        Self { lanes: flushers.into_iter().map(lane).collect(), usual: Duration::ZERO }
    }

    /// Whether nothing is under way.
    pub(super) fn are_idle(&self) -> bool {
        self.lanes.iter().all(|lane| lane.busy.is_none())
    }

    /// Whether another batch can be sent, and is better sent now than when the one under way has been answered.
    pub(super) fn have_room(&self) -> bool {
        self.are_idle() || (self.usual > LONG && self.lanes.iter().any(|lane| lane.busy.is_none()))
    }

    /// Whether something about this task may be under way.
    pub(super) fn carry(&self, task: TaskId) -> bool {
        self.lanes.iter().any(|lane| lane.owners.contains(&task))
    }

    /// How many of `writes` may be sent beside what is under way; counts no further than `enough`.
    pub(super) fn sendable(&self, writes: &[Write], enough: usize) -> usize {
        let owners = writes.chunk_by(|before, next| before.owner() == next.owner());
        let mut count = 0;
        for of_one in owners {
            if !self.carry(of_one[0].owner()) {
                count += of_one.len();
            }
            if count >= enough {
                break;
            }
        }
        count
    }

    /// Sends a batch by a lane that is free. Gives it back if none is, or if its flusher is gone: this incarnation ends with it.
    pub(super) fn send(&mut self, batch: Vec<Write>) -> Result<(), Vec<Write>> {
        let alone = self.lanes.len() == 1;
        let free = self.lanes.iter_mut().find(|lane| lane.busy.is_none());
        let Some(lane) = free else { return Err(batch) };
        lane.busy = Some(Instant::now());
        if !alone {
            lane.owners.extend(batch.iter().map(Write::owner));
        }
        lane.to_flusher.try_send(batch).map_err(|error| match error {
            TrySendError::Full(batch) | TrySendError::Closed(batch) => batch,
        })
    }

    /// What a lane carried was answered; `last`, when that was all.
    pub(super) fn answered(&mut self, lane: usize, last: bool) {
        if let Some(lane) = self.lanes.get_mut(lane).filter(|_| last)
            && let Some(since) = lane.busy.take()
        {
            lane.owners.clear();
            self.usual = (self.usual * 3 + since.elapsed()) / 4;
        }
    }
}
