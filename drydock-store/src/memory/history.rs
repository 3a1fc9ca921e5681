//! What of the history may go, what an archive gets of it, and how it goes.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{
    ArchivedTask, AuditRecord, Due, History, Hold, Horizon, JournalError, Piece, Removal,
};
use drydock_core::{Epoch, TaskId, Timestamp};

use super::{MemoryStore, State};
use crate::archive::cut;

#[async_trait]
impl History for MemoryStore {
    async fn duty_take(&self, epoch: Epoch, duty: &str) -> Result<bool, JournalError> {
        let mut state = self.state();
        state.fence(epoch)?;
        let alive = |holder: &Epoch| state.instances.get(holder).is_some_and(|instance| instance.alive);
        if state.duties.get(duty).is_some_and(|holder| *holder != epoch && alive(holder)) {
            return Ok(false);
        }
        state.duties.insert(duty.to_owned(), epoch);
        Ok(true)
    }

    /// There is one room for all.
    async fn history_extend(&self, _: Timestamp, _: Duration, _: u32) -> Result<u32, JournalError> {
        Ok(0)
    }

    async fn history_due(
        &self,
        horizon: &Horizon,
        after: Option<TaskId>,
        most: usize,
    ) -> Result<Due, JournalError> {
        let state = self.state();
        let mut due = Due::default();
        let roots = state.tasks.values().filter(|task| {
            task.parent.as_ref().is_none_or(|parent| !state.tasks.contains_key(&parent.task))
                && after.is_none_or(|after| task.id > after)
                && !state.too_young(task.id, horizon)
        });
        let roots: Vec<TaskId> = roots.map(|task| task.id).take(most).collect();
        due.next = roots.last().copied().filter(|_| roots.len() >= most);
        let trees = roots.into_iter().map(|root| state.tree(root));
        cut(trees.filter(|tree| !tree.iter().any(|task| state.too_young(*task, horizon))), &mut due);
        Ok(due)
    }

    async fn history_read(
        &self,
        piece: &Piece,
        after: Option<TaskId>,
        most: usize,
    ) -> Result<Vec<ArchivedTask>, JournalError> {
        let state = self.state();
        let mut tasks: Vec<TaskId> = match piece {
            Piece::Span { first, beyond } => state.ends.range(*first..*beyond).map(|(id, _)| *id).collect(),
            Piece::Tasks(tasks) => tasks.iter().filter(|id| state.ends.contains_key(id)).copied().collect(),
        };
        tasks.sort_unstable();
        let page = tasks.into_iter().filter(|id| after.is_none_or(|after| *id > after)).take(most);
        page.filter_map(|id| state.archived(id).transpose()).collect()
    }

    async fn history_remove(
        &self,
        epoch: Epoch,
        piece: &Piece,
        horizon: &Horizon,
    ) -> Result<Removal, JournalError> {
        let mut state = self.state();
        state.fence(epoch)?;
        let Piece::Tasks(tasks) = piece else {
            return Err(JournalError::Rejected("memory has no partitions: its tasks go one by one".into()));
        };
        let family = tasks.iter().flat_map(|task| state.tree(*task));
        if let Some(live) = family.into_iter().find(|task| state.live.contains_key(task)) {
            return Ok(Removal::Held(Hold::Live(live)));
        }
        let there = |task: &&TaskId| state.tasks.contains_key(task);
        if let Some(young) = tasks.iter().filter(there).find(|task| state.too_young(**task, horizon)) {
            return Ok(Removal::Held(Hold::Young(*young)));
        }
        state.remove(&tasks.iter().copied().collect());
        Ok(Removal::Gone)
    }

    async fn history_tidy(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.state().fence(epoch)
    }
}

impl State {
    /// It has not ended, or not long enough ago, for its own part.
    fn too_young(&self, id: TaskId, horizon: &Horizon) -> bool {
        let (Some(task), Some(ended)) = (self.tasks.get(&id), self.ends.get(&id)) else { return true };
        let name = self.workflows.get(&task.workflow).map(|workflow| &workflow.name);
        let before = name.map_or(horizon.usual, |name| horizon.of(name));
        before.is_none_or(|before| ended.end.at >= before)
    }

    /// A task and its descendants, parents first.
    fn tree(&self, root: TaskId) -> Vec<TaskId> {
        let (mut tree, mut seen, mut at) = (vec![root], BTreeSet::from([root]), 0);
        while let Some(task) = tree.get(at).copied() {
            tree.extend(self.children(task).filter(|child| seen.insert(*child)));
            at += 1;
        }
        tree
    }

    fn archived(&self, id: TaskId) -> Result<Option<ArchivedTask>, JournalError> {
        let Some(state) = self.read(id)? else { return Ok(None) };
        let Some(end) = state.end else { return Ok(None) };
        let mut task = state.task;
        task.cancellation = self.ends.get(&id).and_then(|ended| ended.cancellation.clone());
        let of_it = self.audit.iter().filter(|(task, _)| *task == id);
        let mut audit: Vec<AuditRecord> = of_it.map(|(_, line)| line.clone()).collect();
        audit.sort_by_key(|line| (line.request.at, line.verb));
        let messages = self.messages.range((id, 0)..=(id, u32::MAX)).map(|(_, message)| message.clone());
        let facts = self.facts.range((id, 0)..=(id, u32::MAX)).map(|(_, fact)| fact.clone());
        Ok(Some(ArchivedTask {
            task,
            workflow: state.workflow,
            version: state.version,
            end,
            messages: messages.collect(),
            facts: facts.collect(),
            audit,
        }))
    }

    fn remove(&mut self, gone: &BTreeSet<TaskId>) {
        self.tasks.retain(|id, _| !gone.contains(id));
        self.ends.retain(|id, _| !gone.contains(id));
        self.keys.retain(|_, id| !gone.contains(id));
        self.checkpoints.retain(|(id, _), _| !gone.contains(id));
        self.attempts.retain(|(id, ..), _| !gone.contains(id));
        self.waits.retain(|(id, _), _| !gone.contains(id));
        self.marks.retain(|(id, ..), _| !gone.contains(id));
        self.signals.retain(|(id, _), _| !gone.contains(id));
        self.audit.retain(|(id, _)| !gone.contains(id));
        self.messages.retain(|(id, _), _| !gone.contains(id));
        self.facts.retain(|(id, _), _| !gone.contains(id));
        self.progress.retain(|(id, _), _| !gone.contains(id));
        self.lock_queue.retain(|(_, id), _| !gone.contains(id));
        self.slots.retain(|(_, id, _), _| !gone.contains(id));
    }
}
