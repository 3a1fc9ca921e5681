//! A store that fails as a test wants: it refuses, is away, is slow, or loses its answers.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{
    Cancellation, Child, Claim, InstanceBeat, Journal, JournalError, LockAnswer, NewTask, News, Request,
    Signal, StoredWorkflow, TaskEnd, UnreadableTask, Write,
};
use drydock_core::{Epoch, InstanceName, StepKey, StepName, TaskId, Timestamp, WorkflowId};
use drydock_store::MemoryStore;
use tokio::sync::Notify;

use crate::support::until;

/// What is asked of the store.
pub(crate) enum Call<'a> {
    Append(&'a [Write]),
    Claim,
    Other,
}

/// What goes wrong with a call.
pub(crate) enum Fault {
    /// Nothing happens; the answer is that the store is away.
    Away,
    /// Nothing happens; the answer is that it never will.
    Refuse,
    /// It happens after this time.
    Slow(Duration),
    /// It happens once [`FaultyJournal::release`] is called.
    Hold,
    /// It happens, but the answer is that the store is away.
    LoseAnswer,
}

/// Something that a test turns on and off.
#[derive(Clone, Default)]
pub(crate) struct Switch(Arc<AtomicBool>);

impl Switch {
    pub(crate) fn set(&self, on: bool) {
        self.0.store(on, Ordering::SeqCst);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Turns it off, and says whether it was on.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

type Decide = dyn Fn(&Call<'_>) -> Option<Fault> + Send + Sync;

/// Stands between an engine and a memory store.
pub(crate) struct FaultyJournal {
    store: Arc<MemoryStore>,
    decide: Box<Decide>,
    appends: AtomicUsize,
    held: Switch,
    released: Notify,
    spoilt: Mutex<HashSet<TaskId>>,
}

impl FaultyJournal {
    /// `decide` says before each call what goes wrong with it.
    pub(crate) fn new(
        store: &Arc<MemoryStore>,
        decide: impl Fn(&Call<'_>) -> Option<Fault> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            store: store.clone(),
            decide: Box::new(decide),
            appends: AtomicUsize::new(0),
            held: Switch::default(),
            released: Notify::new(),
            spoilt: Mutex::default(),
        })
    }

    /// How many times something was to be appended.
    pub(crate) fn appends(&self) -> usize {
        self.appends.load(Ordering::SeqCst)
    }

    /// Waits until a call is held.
    pub(crate) async fn holds(&self) {
        until(|| self.held.is_on()).await;
    }

    /// Whoever claims the task finds that its rows cannot be read.
    pub(crate) fn spoil(&self, task: TaskId) {
        self.spoilt.lock().unwrap().insert(task);
    }

    fn spoiled(&self, claim: Claim) -> Claim {
        let task = claim?;
        if !self.spoilt.lock().unwrap().contains(&task.task.id) {
            return Ok(task);
        }
        let error = JournalError::Inconsistent {
            table: "checkpoints",
            column: "kind",
            row: task.task.id.to_string(),
            problem: "7 stands for nothing".to_owned(),
        };
        Err(UnreadableTask { task: task.task.id, error })
    }

    /// Lets the held call happen.
    pub(crate) fn release(&self) {
        self.held.set(false);
        self.released.notify_one();
    }

    async fn pass<T>(
        &self,
        call: Call<'_>,
        answer: impl Future<Output = Result<T, JournalError>> + Send,
    ) -> Result<T, JournalError> {
        if matches!(call, Call::Append(_)) {
            self.appends.fetch_add(1, Ordering::SeqCst);
        }
        match (self.decide)(&call) {
            None => answer.await,
            Some(Fault::Away) => Err(JournalError::Unavailable("the store is away".into())),
            Some(Fault::Refuse) => Err(JournalError::Rejected("the store does not like it".into())),
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                answer.await
            }
            Some(Fault::Hold) => {
                self.held.set(true);
                self.released.notified().await;
                answer.await
            }
            Some(Fault::LoseAnswer) => {
                answer.await?;
                Err(JournalError::Unavailable("the answer was lost".into()))
            }
        }
    }
}

#[async_trait]
impl Journal for FaultyJournal {
    async fn instance_join(&self, name: &InstanceName, at: Timestamp) -> Result<Epoch, JournalError> {
        self.pass(Call::Other, self.store.instance_join(name, at)).await
    }

    async fn instance_renew(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.pass(Call::Other, self.store.instance_renew(epoch)).await
    }

    async fn instance_list(&self) -> Result<Vec<InstanceBeat>, JournalError> {
        self.pass(Call::Other, self.store.instance_list()).await
    }

    async fn instance_retire(&self, epoch: Epoch, beat: i64) -> Result<bool, JournalError> {
        self.pass(Call::Other, self.store.instance_retire(epoch, beat)).await
    }

    async fn instance_leave(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.pass(Call::Other, self.store.instance_leave(epoch)).await
    }

    async fn workflow_put(&self, workflow: &StoredWorkflow) -> Result<WorkflowId, JournalError> {
        self.pass(Call::Other, self.store.workflow_put(workflow)).await
    }

    async fn workflow_list(&self) -> Result<Vec<(WorkflowId, StoredWorkflow)>, JournalError> {
        self.pass(Call::Other, self.store.workflow_list()).await
    }

    async fn task_submit(&self, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError> {
        self.pass(Call::Other, self.store.task_submit(tasks)).await
    }

    async fn task_cancel(&self, task: TaskId, request: &Cancellation) -> Result<bool, JournalError> {
        self.pass(Call::Other, self.store.task_cancel(task, request)).await
    }

    async fn task_pause(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.pass(Call::Other, self.store.task_pause(task, request)).await
    }

    async fn task_resume(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.pass(Call::Other, self.store.task_resume(task, request)).await
    }

    async fn task_reopen(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.pass(Call::Other, self.store.task_reopen(task, request)).await
    }

    async fn task_claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        let claims = self.pass(Call::Claim, self.store.task_claim(epoch, workflows, at, max)).await?;
        Ok(claims.into_iter().map(|claim| self.spoiled(claim)).collect())
    }

    async fn append(&self, epoch: Epoch, writes: &[Write]) -> Result<(), JournalError> {
        self.pass(Call::Append(writes), self.store.append(epoch, writes)).await
    }

    async fn signal_send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
        self.pass(Call::Other, self.store.signal_send(task, signal)).await
    }

    async fn lock_take(
        &self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError> {
        self.pass(Call::Other, self.store.lock_take(epoch, task, names, at)).await
    }

    async fn slot_take(
        &self,
        epoch: Epoch,
        task: TaskId,
        step: &StepKey,
        limits: &[(String, u32)],
    ) -> Result<bool, JournalError> {
        self.pass(Call::Other, self.store.slot_take(epoch, task, step, limits)).await
    }

    async fn news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError> {
        self.pass(Call::Other, self.store.news(epoch, parents)).await
    }

    async fn task_end(&self, task: TaskId) -> Result<Option<TaskEnd>, JournalError> {
        self.pass(Call::Other, self.store.task_end(task)).await
    }

    async fn child_list(&self, parent: TaskId, step: &StepName) -> Result<Vec<Child>, JournalError> {
        self.pass(Call::Other, self.store.child_list(parent, step)).await
    }
}
