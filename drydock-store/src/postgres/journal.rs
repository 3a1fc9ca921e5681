//! The engine's port.

use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{
    Cancellation, Child, Claim, FeedCursor, FeedPage, FeedPlace, InstanceBeat, Journal, JournalError,
    LockAnswer, NewTask, News, Offers, Request, Signal, SlotAnswer, SlotWish, StoredWorkflow, TaskEnd,
    TaskState, Write,
};
use drydock_core::{Epoch, InstanceName, StepName, TaskId, Timestamp, WorkflowId};

use super::PgStore;
use crate::error::journal_error;
use crate::row::Reader;

/// The same arguments for both statements.
const WORKFLOW_FIND: &str = "SELECT workflow_id FROM workflows WHERE hash = $1
    AND ($2::text, $3::bigint, $4::text) IS NOT NULL";
const WORKFLOW_INSERT: &str =
    "INSERT INTO workflows (hash, name, version, definition) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING RETURNING workflow_id";

#[async_trait]
impl Journal for PgStore {
    /// While one is written, the next is on its way.
    fn lanes(&self) -> usize {
        super::writer::CONNECTIONS.into()
    }

    async fn instance_join(
        &self,
        name: &InstanceName,
        at: Timestamp,
        lease: Duration,
        offers: &Offers,
    ) -> Result<Epoch, JournalError> {
        self.join(name, at, lease, offers).await
    }

    async fn instance_renew(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.renew(epoch).await
    }

    async fn instance_list(&self) -> Result<Vec<InstanceBeat>, JournalError> {
        self.beats().await
    }

    async fn instance_retire(&self, epoch: Epoch, beat: i64) -> Result<bool, JournalError> {
        self.retire(epoch, Some(beat)).await
    }

    async fn instance_leave(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.retire(epoch, None).await.map(drop)
    }

    async fn workflow_put(&self, workflow: &StoredWorkflow) -> Result<WorkflowId, JournalError> {
        // Looked for first, and once more after an insert that another was faster with: an insert that conflicts uses up a number.
        for sql in [WORKFLOW_FIND, WORKFLOW_INSERT, WORKFLOW_FIND] {
            let query = sqlx::query_scalar(sql)
                .bind(&workflow.hash[..])
                .bind(workflow.name.as_str())
                .bind(i64::from(workflow.version))
                .bind(&workflow.definition);
            if let Some(id) = query.fetch_optional(&self.control).await.map_err(journal_error)? {
                return Ok(WorkflowId::new(id));
            }
        }
        Err(JournalError::Unavailable("a workflow that was just stored is not there".into()))
    }

    async fn workflow_list(&self) -> Result<Vec<(WorkflowId, StoredWorkflow)>, JournalError> {
        let rows = sqlx::query(
            "SELECT workflow_id, name, version, hash, definition FROM workflows ORDER BY workflow_id",
        )
        .fetch_all(&self.control)
        .await
        .map_err(journal_error)?;
        rows.iter().map(|row| Reader::new("workflows", row).workflow()).collect()
    }

    async fn task_submit(&self, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError> {
        self.submit(tasks).await
    }

    async fn task_cancel(&self, task: TaskId, request: &Cancellation) -> Result<bool, JournalError> {
        self.cancel(task, request).await
    }

    async fn task_pause(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.pause(task, request).await
    }

    async fn task_resume(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.resume(task, request).await
    }

    async fn task_reopen(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.reopen(task, request).await
    }

    async fn task_claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        self.claim(epoch, workflows, at, max).await
    }

    async fn append_told(
        &self,
        epoch: Epoch,
        writes: &[Write],
        place: Option<FeedPlace>,
    ) -> Result<(), JournalError> {
        self.append_batch(epoch, writes, place).await
    }

    async fn feed_read(&self, after: &FeedCursor, limit: usize) -> Result<FeedPage, JournalError> {
        self.read_feed(after, limit).await
    }

    async fn feed_since(&self, time: Timestamp) -> Result<FeedCursor, JournalError> {
        self.since(time).await
    }

    async fn feed_trim(&self, before: Timestamp) -> Result<u64, JournalError> {
        self.trim(before).await
    }

    async fn signal_send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
        self.send(task, signal).await
    }

    async fn lock_take(
        &self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError> {
        self.lock(epoch, task, names, at).await
    }

    async fn slots_take(&self, epoch: Epoch, wishes: &[SlotWish]) -> Result<Vec<SlotAnswer>, JournalError> {
        self.take_slots(epoch, wishes).await
    }

    async fn news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError> {
        self.tell_news(epoch, parents).await
    }

    async fn task_read(&self, task: TaskId) -> Result<Option<TaskState>, JournalError> {
        self.read_state(task).await
    }

    async fn task_end(&self, task: TaskId) -> Result<Option<TaskEnd>, JournalError> {
        self.end_of(task).await
    }

    async fn child_list(&self, parent: TaskId, step: &StepName) -> Result<Vec<Child>, JournalError> {
        self.children_of(parent, step).await
    }
}
