//! A journal that counts what the engine asks of the one below it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use drydock_core::journal::{
    Cancellation, Child, Claim, FeedCursor, FeedPage, FeedPlace, InstanceBeat, Journal, JournalError,
    LockAnswer, NewTask, News, Offers, Request, Signal, SlotAnswer, SlotWish, StoredWorkflow, TaskEnd,
    TaskState, Write,
};
use drydock_core::{Epoch, InstanceName, StepName, TaskId, Timestamp, WorkflowId};

use crate::figure::{micros, number};

/// Passes everything on, and counts batches and the writes in them.
pub(crate) struct Counting {
    below: Arc<dyn Journal>,
    appends: AtomicU64,
    writes: AtomicU64,
    steps: AtomicU64,
    micros: AtomicU64,
    calls: AtomicU64,
    parked: AtomicU64,
    /// How long each claim took, in microseconds.
    claims: Mutex<Vec<u64>>,
}

impl Counting {
    pub(crate) fn new(below: Arc<dyn Journal>) -> Arc<Self> {
        Arc::new(Self {
            below,
            appends: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            micros: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            parked: AtomicU64::new(0),
            claims: Mutex::default(),
        })
    }

    /// How many batches were written so far.
    pub(crate) fn appends(&self) -> u64 {
        self.appends.load(Ordering::Relaxed)
    }

    /// How many writes were in them.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// How long they took in all. One follows the other, so this is the time in which a commit was under way.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }

    /// How often the engine called, for whatever.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many tasks were let go to sleep.
    pub(crate) const fn parked(&self) -> &AtomicU64 {
        &self.parked
    }

    /// From here on claims are measured anew.
    pub(crate) fn forget_claims(&self) {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What such a share of the claims did not exceed, in microseconds; 0 when there was none.
    pub(crate) fn claim_at(&self, quantile: f64) -> u64 {
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner).clone();
        claims.sort_unstable();
        let slower = claims
            .iter()
            .enumerate()
            .find(|(place, _)| number(*place as u64 + 1) >= quantile * number(claims.len() as u64));
        slower.map_or(0, |(_, micros)| *micros)
    }

    /// The store below, for one more call.
    fn below(&self) -> &dyn Journal {
        self.calls.fetch_add(1, Ordering::Relaxed);
        &*self.below
    }

    /// How many of these were checkpoints.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Journal for Counting {
    fn lanes(&self) -> usize {
        self.below().lanes()
    }

    async fn append_told(
        &self,
        epoch: Epoch,
        writes: &[Write],
        place: Option<FeedPlace>,
    ) -> Result<(), JournalError> {
        let begun = Instant::now();
        self.below().append_told(epoch, writes, place).await?;
        self.micros.fetch_add(micros(begun.elapsed()), Ordering::Relaxed);
        let steps = writes.iter().filter(|write| matches!(write, Write::StepEnded(..))).count();
        let parked = writes.iter().filter(|write| matches!(write, Write::TaskParked(..))).count();
        self.parked.fetch_add(parked as u64, Ordering::Relaxed);
        self.appends.fetch_add(1, Ordering::Relaxed);
        self.writes.fetch_add(writes.len() as u64, Ordering::Relaxed);
        self.steps.fetch_add(steps as u64, Ordering::Relaxed);
        Ok(())
    }

    async fn feed_read(&self, after: &FeedCursor, limit: usize) -> Result<FeedPage, JournalError> {
        self.below.feed_read(after, limit).await
    }

    async fn feed_since(&self, time: Timestamp) -> Result<FeedCursor, JournalError> {
        self.below.feed_since(time).await
    }

    async fn feed_trim(&self, before: Timestamp) -> Result<u64, JournalError> {
        self.below.feed_trim(before).await
    }

    async fn instance_join(
        &self,
        name: &InstanceName,
        at: Timestamp,
        lease: Duration,
        offers: &Offers,
    ) -> Result<Epoch, JournalError> {
        self.below().instance_join(name, at, lease, offers).await
    }

    async fn instance_renew(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.below().instance_renew(epoch).await
    }

    async fn instance_list(&self) -> Result<Vec<InstanceBeat>, JournalError> {
        self.below().instance_list().await
    }

    async fn instance_retire(&self, epoch: Epoch, beat: i64) -> Result<bool, JournalError> {
        self.below().instance_retire(epoch, beat).await
    }

    async fn instance_leave(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.below().instance_leave(epoch).await
    }

    async fn workflow_put(&self, workflow: &StoredWorkflow) -> Result<WorkflowId, JournalError> {
        self.below().workflow_put(workflow).await
    }

    async fn workflow_list(&self) -> Result<Vec<(WorkflowId, StoredWorkflow)>, JournalError> {
        self.below().workflow_list().await
    }

    async fn task_submit(&self, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError> {
        self.below().task_submit(tasks).await
    }

    async fn task_cancel(&self, task: TaskId, request: &Cancellation) -> Result<bool, JournalError> {
        self.below().task_cancel(task, request).await
    }

    async fn task_pause(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.below().task_pause(task, request).await
    }

    async fn task_resume(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.below().task_resume(task, request).await
    }

    async fn task_reopen(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.below().task_reopen(task, request).await
    }

    async fn task_claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        let begun = Instant::now();
        let claimed = self.below().task_claim(epoch, workflows, at, max).await;
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).push(micros(begun.elapsed()));
        claimed
    }

    async fn signal_send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
        self.below().signal_send(task, signal).await
    }

    async fn lock_take(
        &self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError> {
        self.below().lock_take(epoch, task, names, at).await
    }

    async fn slots_take(&self, epoch: Epoch, wishes: &[SlotWish]) -> Result<Vec<SlotAnswer>, JournalError> {
        self.below().slots_take(epoch, wishes).await
    }

    async fn news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError> {
        self.below().news(epoch, parents).await
    }

    async fn task_read(&self, task: TaskId) -> Result<Option<TaskState>, JournalError> {
        self.below().task_read(task).await
    }

    async fn task_end(&self, task: TaskId) -> Result<Option<TaskEnd>, JournalError> {
        self.below().task_end(task).await
    }

    async fn child_list(&self, parent: TaskId, step: &StepName) -> Result<Vec<Child>, JournalError> {
        self.below().child_list(parent, step).await
    }
}
