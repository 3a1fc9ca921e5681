//! Claims.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use drydock_core::journal::{Claim, ClaimedTask, JournalError};
use drydock_core::{Epoch, TaskId, Timestamp, WorkflowId};

use super::State;

impl State {
    pub(super) fn claim(
        &mut self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        self.fence(epoch)?;
        let ownerless = self.live.iter().filter(|(_, live)| live.owner.is_none());
        let mut free: Vec<(Reverse<i16>, Timestamp, TaskId)> = ownerless
            .filter_map(|(id, _)| self.tasks.get(id))
            .filter(|task| workflows.contains(&task.workflow))
            .map(|task| (Reverse(task.priority), task.created_at, task.id))
            .collect();
        free.sort_unstable();
        free.truncate(max);
        Ok(free.into_iter().filter_map(|(_, _, id)| self.take(epoch, at, id)).map(Ok).collect())
    }

    fn take(&mut self, epoch: Epoch, at: Timestamp, id: TaskId) -> Option<ClaimedTask> {
        let live = self.live.get_mut(&id)?;
        let resumed = live.started_at.is_some();
        live.owner = Some(epoch);
        live.fence = live.fence.next();
        live.started_at.get_or_insert(at);
        let (fence, cancellation, pause) = (live.fence, live.cancellation.clone(), live.pause.clone());
        Some(ClaimedTask { resumed, fence, cancellation, pause, ..self.with_records(id)? })
    }
}

/// The records of task `id`, in the order of their keys.
pub(super) fn of<K, T: Clone>(id: TaskId, records: &BTreeMap<K, T>, task: impl Fn(&K) -> TaskId) -> Vec<T> {
    records.iter().filter(|(key, _)| task(key) == id).map(|(_, record)| record.clone()).collect()
}
