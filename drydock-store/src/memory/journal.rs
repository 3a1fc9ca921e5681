//! The engine's port: each call takes the lock once.

use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{
    Cancellation, Child, Claim, FeedCursor, FeedPage, FeedPlace, InstanceBeat, Journal, JournalError,
    LockAnswer, NewTask, News, Offers, Request, Signal, SlotAnswer, SlotWish, StoredWorkflow, TaskEnd,
    TaskState, Write,
};
use drydock_core::{Epoch, InstanceName, StepName, TaskId, Timestamp, WorkflowId};

use super::MemoryStore;

#[async_trait]
impl Journal for MemoryStore {
    /// As Postgres: what is tried out here holds there.
    fn lanes(&self) -> usize {
        2
    }

    async fn instance_join(
        &self,
        name: &InstanceName,
        _at: Timestamp,
        lease: Duration,
        offers: &Offers,
    ) -> Result<Epoch, JournalError> {
        Ok(self.state().join(name, lease, offers))
    }

    async fn instance_renew(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.state().renew(epoch)
    }

    async fn instance_list(&self) -> Result<Vec<InstanceBeat>, JournalError> {
        Ok(self.state().beats())
    }

    async fn instance_retire(&self, epoch: Epoch, beat: i64) -> Result<bool, JournalError> {
        Ok(self.state().retire(epoch, beat))
    }

    async fn instance_leave(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.state().leave(epoch);
        Ok(())
    }

    async fn workflow_put(&self, workflow: &StoredWorkflow) -> Result<WorkflowId, JournalError> {
        let mut state = self.state();
        if let Some((id, _)) = state.workflows.iter().find(|(_, stored)| stored.hash == workflow.hash) {
            return Ok(*id);
        }
        let id = WorkflowId::new(state.workflows.keys().next_back().map_or(0, |last| last.get()) + 1);
        state.workflows.insert(id, workflow.clone());
        Ok(id)
    }

    async fn workflow_list(&self) -> Result<Vec<(WorkflowId, StoredWorkflow)>, JournalError> {
        Ok(self.state().workflows.iter().map(|(id, workflow)| (*id, workflow.clone())).collect())
    }

    async fn task_submit(&self, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError> {
        Ok(self.state().submit(tasks))
    }

    async fn task_cancel(&self, task: TaskId, request: &Cancellation) -> Result<bool, JournalError> {
        Ok(self.state().cancel(task, request))
    }

    async fn task_pause(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        Ok(self.state().pause(task, request))
    }

    async fn task_resume(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        Ok(self.state().resume(task, request))
    }

    async fn task_reopen(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        Ok(self.state().reopen(task, request))
    }

    async fn task_claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        self.state().claim(epoch, workflows, at, max)
    }

    async fn append_told(
        &self,
        epoch: Epoch,
        writes: &[Write],
        place: Option<FeedPlace>,
    ) -> Result<(), JournalError> {
        self.state().append(epoch, writes, place)
    }

    async fn feed_read(&self, after: &FeedCursor, limit: usize) -> Result<FeedPage, JournalError> {
        self.state().feed(after, limit)
    }

    async fn feed_since(&self, time: Timestamp) -> Result<FeedCursor, JournalError> {
        self.state().feed_since(time)
    }

    async fn feed_trim(&self, before: Timestamp) -> Result<u64, JournalError> {
        Ok(self.state().trim(before))
    }

    async fn signal_send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
        Ok(self.state().send(task, signal))
    }

    async fn lock_take(
        &self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError> {
        self.state().lock(epoch, task, names, at)
    }

    async fn slots_take(&self, epoch: Epoch, wishes: &[SlotWish]) -> Result<Vec<SlotAnswer>, JournalError> {
        self.state().take_slots(epoch, wishes)
    }

    async fn news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError> {
        Ok(self.state().news(epoch, parents))
    }

    async fn task_read(&self, task: TaskId) -> Result<Option<TaskState>, JournalError> {
        self.state().read(task)
    }

    async fn task_end(&self, task: TaskId) -> Result<Option<TaskEnd>, JournalError> {
        Ok(self.state().ends.get(&task).map(|ended| ended.end.clone()))
    }

    async fn child_list(&self, parent: TaskId, step: &StepName) -> Result<Vec<Child>, JournalError> {
        Ok(self.state().child_list(parent, step))
    }
}
