//! Claims, and the news of what others did.

use std::collections::{BTreeMap, BTreeSet};

use drydock_core::journal::{Cancellation, ChildEnd, ClaimedTask, JournalError, News, Parent};
use drydock_core::{Epoch, StepName, TaskId, Timestamp, WorkflowId};

use super::State;
use crate::batch::storable;

impl State {
    pub(super) fn claim(
        &mut self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<ClaimedTask>, JournalError> {
        self.fence(epoch)?;
        let ownerless = self.live.iter().filter(|(_, live)| live.owner.is_none());
        let mut free: Vec<(Timestamp, TaskId)> = ownerless
            .filter_map(|(id, _)| self.tasks.get(id))
            .filter(|task| workflows.contains(&task.workflow))
            .map(|task| (task.created_at, task.id))
            .collect();
        free.sort_unstable();
        free.truncate(max);
        Ok(free.into_iter().filter_map(|(_, id)| self.take(epoch, at, id)).collect())
    }

    fn take(&mut self, epoch: Epoch, at: Timestamp, id: TaskId) -> Option<ClaimedTask> {
        let live = self.live.get_mut(&id)?;
        let resumed = live.started_at.is_some();
        live.owner = Some(epoch);
        live.started_at.get_or_insert(at);
        let cancellation = live.cancellation.clone();
        let messages = self.messages.keys().filter(|(task, _)| *task == id).map(|(_, seq)| seq + 1).max();
        Some(ClaimedTask {
            task: self.tasks.get(&id)?.clone(),
            resumed,
            cancellation,
            checkpoints: of(id, &self.checkpoints, |(task, _)| *task),
            attempts: of(id, &self.attempts, |(task, _, _)| *task),
            waits: of(id, &self.waits, |(task, _)| *task),
            messages: messages.unwrap_or(0),
        })
    }

    pub(super) fn cancel(&mut self, id: TaskId, request: &Cancellation) -> bool {
        if !self.live.contains_key(&id) {
            return false;
        }
        let mut seen = BTreeSet::from([id]);
        let mut tasks = vec![id];
        while let Some(id) = tasks.pop() {
            tasks.extend(self.children(id).filter(|child| seen.insert(*child)));
            if let Some(live) = self.live.get_mut(&id) {
                let by = storable(&request.by).into_owned();
                live.cancellation.get_or_insert(Cancellation { by, at: request.at });
            }
        }
        true
    }

    pub(super) fn news(&self, epoch: Epoch, parents: &[TaskId]) -> News {
        let owned = self.live.iter().filter(|(_, live)| live.owner == Some(epoch));
        let cancelled = owned.filter_map(|(id, live)| Some((*id, live.cancellation.clone()?))).collect();
        let mut open_children = Vec::new();
        let mut parents = parents.to_vec();
        parents.sort_unstable();
        parents.dedup();
        for parent in parents {
            let open = self.children(parent).filter(|child| self.live.contains_key(child)).count();
            if let Ok(open @ 1..) = u64::try_from(open) {
                open_children.push((parent, open));
            }
        }
        News { cancelled, open_children }
    }

    pub(super) fn child_ends(&self, parent: TaskId, step: &StepName) -> Vec<ChildEnd> {
        let mut ends: Vec<ChildEnd> = Vec::new();
        for task in self.tasks.values() {
            if let (Some(of), Some(ended)) = (&task.parent, self.ends.get(&task.id))
                && (of.task, &of.step) == (parent, step)
            {
                ends.push(ChildEnd { index: of.index, task: task.id, end: ended.end.clone() });
            }
        }
        ends.sort_by_key(|end| (end.index, end.task));
        ends
    }

    pub(super) fn children(&self, parent: TaskId) -> impl Iterator<Item = TaskId> {
        let is_child = move |of: &Parent| of.task == parent;
        self.tasks.values().filter(move |task| task.parent.as_ref().is_some_and(is_child)).map(|task| task.id)
    }
}

/// The records of task `id`, in the order of their keys.
pub(super) fn of<K, T: Clone>(id: TaskId, records: &BTreeMap<K, T>, task: impl Fn(&K) -> TaskId) -> Vec<T> {
    records.iter().filter(|(key, _)| task(key) == id).map(|(_, record)| record.clone()).collect()
}
