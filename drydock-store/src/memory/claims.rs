//! Claims.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use drydock_core::journal::{Claim, ClaimedTask, JournalError, NewTask};
use drydock_core::{Epoch, TaskId, Timestamp, WorkflowId};

use super::{Live, Sleep, State};
use crate::places::{WAKES, admitted};

impl State {
    pub(super) fn claim(
        &mut self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        self.fence(epoch)?;
        self.wake(at);
        let queued = |live: &Live| live.owner.is_none() && live.sleep.is_none();
        let ownerless = self.live.iter().filter(|(_, live)| queued(live));
        let mut queue: Vec<&NewTask> = ownerless
            .filter_map(|(id, _)| self.tasks.get(id))
            .filter(|task| workflows.contains(&task.workflow))
            .collect();
        queue.sort_unstable_by_key(|task| (Reverse(task.priority), task.created_at, task.id));
        let mut free: Vec<&NewTask> = Vec::new();
        for (name, line) in by_limit(&queue) {
            let all = if name.is_none() {
                line.len()
            } else {
                let limits = || line.iter().filter_map(|task| task.limit.as_ref());
                admitted(self.crowd(limits().next()).size, limits().map(|limit| limit.places.into()))
            };
            free.extend(&line[..all]);
        }
        free.sort_unstable_by_key(|task| (Reverse(task.priority), task.created_at, task.id));
        let free: Vec<TaskId> = free.into_iter().take(max).map(|task| task.id).collect();
        Ok(free.into_iter().filter_map(|id| self.take(epoch, at, id)).map(Ok).collect())
    }

    /// Queues the first of those that sleep and are due.
    fn wake(&mut self, at: Timestamp) {
        let asleep = self.live.iter().filter_map(|(id, live)| Some((live.sleep?, *id)));
        let mut due: Vec<_> = asleep.filter(|(sleep, _)| *sleep <= Sleep::Until(at)).collect();
        due.sort_unstable();
        for (_, id) in due.into_iter().take(WAKES.into()) {
            if let Some(live) = self.live.get_mut(&id) {
                live.sleep = None;
            }
        }
    }

    fn take(&mut self, epoch: Epoch, at: Timestamp, id: TaskId) -> Option<ClaimedTask> {
        let live = self.live.get_mut(&id)?;
        let resumed = live.started_at.is_some() && !live.settled;
        live.owner = Some(epoch);
        live.settled = false;
        live.fence = live.fence.next();
        live.started_at.get_or_insert(at);
        let (fence, cancellation, pause) = (live.fence, live.cancellation.clone(), live.pause.clone());
        Some(ClaimedTask { resumed, fence, cancellation, pause, ..self.with_records(id)? })
    }
}

/// The tasks of a queue by their limits, in its order.
fn by_limit<'t>(queue: &[&'t NewTask]) -> BTreeMap<Option<&'t str>, Vec<&'t NewTask>> {
    let mut lines: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for task in queue {
        lines.entry(task.limit.as_ref().map(|limit| &*limit.name)).or_default().push(*task);
    }
    lines
}

/// The records of task `id`, in the order of their keys.
pub(super) fn of<K, T: Clone>(id: TaskId, records: &BTreeMap<K, T>, task: impl Fn(&K) -> TaskId) -> Vec<T> {
    records.iter().filter(|(key, _)| task(key) == id).map(|(_, record)| record.clone()).collect()
}
