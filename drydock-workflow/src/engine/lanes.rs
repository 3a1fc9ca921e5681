//! The lanes to the store. Each carries one batch at a time, and a task's writes never go by two at once: so they become durable in the
//! order in which they were made, and while one batch is written the next one is on its way.

use std::collections::HashSet;

use drydock_core::TaskId;
use drydock_core::journal::Write;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::message::Batch;

/// All lanes of an incarnation.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    to_flusher: mpsc::Sender<Batch>,
}

#[derive(Default)]
struct Lane {
    is_busy: bool,
    /// Whose writes it carries; not known where there is no other lane that could carry them too.
    owners: HashSet<TaskId>,
}

impl Lanes {
    pub(super) fn new(count: usize, to_flusher: mpsc::Sender<Batch>) -> Self {
        Self { lanes: (0..count).map(|_| Lane::default()).collect(), to_flusher }
    }

    /// Whether nothing is under way.
    pub(super) fn are_idle(&self) -> bool {
        !self.lanes.iter().any(|lane| lane.is_busy)
    }

    /// Whether another batch can be sent.
    pub(super) fn have_room(&self) -> bool {
        !self.lanes.iter().all(|lane| lane.is_busy)
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

    /// Sends a batch by a lane that is free. Gives it back if none is, or if the flusher is gone: this incarnation ends with it.
    pub(super) fn send(&mut self, writes: Vec<Write>) -> Result<(), Vec<Write>> {
        let alone = self.lanes.len() == 1;
        let free = self.lanes.iter_mut().enumerate().find(|(_, lane)| !lane.is_busy);
        let Some((index, lane)) = free else { return Err(writes) };
        lane.is_busy = true;
        if !alone {
            lane.owners.extend(writes.iter().map(Write::owner));
        }
        self.to_flusher.try_send(Batch { lane: index, writes }).map_err(|error| match error {
            TrySendError::Full(batch) | TrySendError::Closed(batch) => batch.writes,
        })
    }

    /// All that a lane carried was answered.
    pub(super) fn answered(&mut self, lane: usize) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.is_busy = false;
            lane.owners.clear();
        }
    }
}
