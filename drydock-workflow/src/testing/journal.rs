//! A journal between an engine and its store, through which a test sees all calls and makes them go wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{
    Cancellation, Child, Claim, FeedCursor, FeedPage, FeedPlace, InstanceBeat, Journal, JournalError,
    LockAnswer, NewTask, News, Offers, Request, Signal, SlotAnswer, SlotWish, StoredWorkflow, TaskEnd,
    TaskState, Write,
};
use drydock_core::{Epoch, InstanceName, StepName, TaskId, Timestamp, WorkflowId};
use tokio::sync::{Notify, futures::Notified};

/// What is asked of the store.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Call<'a> {
    /// An instance joins.
    Join(&'a InstanceName),
    /// A lease is renewed.
    Renew(Epoch),
    /// The instances are looked at.
    Instances,
    /// A rival, or oneself, is retired.
    Retire(Epoch),
    /// An instance leaves.
    Leave(Epoch),
    /// Tasks are queued.
    Submit(&'a [NewTask]),
    /// A task is to be cancelled.
    Cancel(TaskId),
    /// A task is to be held.
    Pause(TaskId),
    /// A task may go on.
    Resume(TaskId),
    /// A task that has ended is to be brought back.
    Reopen(TaskId, &'a Request),
    /// A signal, or an operator's order, is sent to a task.
    Signal(TaskId, &'a Signal),
    /// Tasks are to be taken.
    Claim(Epoch),
    /// Writes are to be committed.
    Append {
        /// Whose.
        epoch: Epoch,
        /// Which.
        writes: &'a [Write],
        /// Where the feed tells of them.
        place: Option<FeedPlace>,
    },
    /// Exclusive locks are asked for.
    Lock {
        /// By whom.
        epoch: Epoch,
        /// For which task.
        task: TaskId,
        /// Their names.
        names: &'a [String],
    },
    /// What happened to an instance's tasks is asked for.
    News(Epoch),
    /// How the children of a task's step ended is asked for.
    Children(TaskId, &'a StepName),
    /// Slots are to be taken.
    Slots {
        /// By whose steps.
        epoch: Epoch,
        /// Which.
        wishes: &'a [SlotWish],
    },
    /// Any other question.
    Other,
}

/// What the store answered.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The number of the instance that joined.
    Joined(Epoch),
    /// Whether a rival was retired, or a task was there for what was asked of it.
    Told(bool),
    /// The tasks that were taken; what is changed here is what the caller gets.
    Claimed(&'a mut Vec<Claim>),
    /// Whether the locks were taken; what is changed here is what the caller gets.
    Locked(&'a mut LockAnswer),
    /// Which steps got slots; what is changed here is what the caller gets.
    Admitted(&'a mut Vec<SlotAnswer>),
    /// The children; what is changed here is what the caller gets.
    Children(&'a mut Vec<Child>),
    /// The news; what is changed here is what the caller gets.
    News(&'a mut News),
    /// It was done.
    Done,
    /// It was not, or nobody knows.
    Failed(&'a JournalError),
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
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
    /// It happens, and the answer comes after this time.
    AnswerLate(Duration),
    /// It happens twice.
    Twice,
    /// Nothing happens, and no answer comes.
    Hang,
    /// It happens, but no answer comes.
    HangAfter,
    /// A broken store: nothing happens, but the answer is that it did. A call that has no such answer finds the store away.
    Pretend,
    /// A broken store: a renewal or an append counts as another epoch's.
    As(Epoch),
}

/// Decides what goes wrong, and sees what comes of it.
pub trait Tamper: Send + Sync + 'static {
    /// Before a call reaches the store.
    fn before(&self, call: &Call<'_>) -> Option<Fault>;

    /// When the store has answered, and before the caller hears it.
    fn after(&self, _call: &Call<'_>, _answer: Answer<'_>) {}
}

struct Decide<F>(F);

impl<F: Fn(&Call<'_>) -> Option<Fault> + Send + Sync + 'static> Tamper for Decide<F> {
    fn before(&self, call: &Call<'_>) -> Option<Fault> {
        (self.0)(call)
    }
}

impl<T: Tamper> Tamper for Arc<T> {
    fn before(&self, call: &Call<'_>) -> Option<Fault> {
        (**self).before(call)
    }

    fn after(&self, call: &Call<'_>, answer: Answer<'_>) {
        (**self).after(call, answer);
    }
}

/// Stands between an engine and a store.
///
/// Calls are as cancel-safe as the store's: a dropped call may or may not have happened.
pub struct FaultyJournal {
    store: Arc<dyn Journal>,
    tamper: Box<dyn Tamper>,
    appends: AtomicUsize,
    held: AtomicBool,
    holds: Notify,
    released: Notify,
}

impl FaultyJournal {
    /// A journal over `store`; `decide` says before each call what goes wrong with it.
    pub fn new(
        store: Arc<dyn Journal>,
        decide: impl Fn(&Call<'_>) -> Option<Fault> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::watched(store, Decide(decide))
    }

    /// The same, where the answers are seen too.
    pub fn watched(store: Arc<dyn Journal>, tamper: impl Tamper) -> Arc<Self> {
        Arc::new(Self {
            store,
            tamper: Box::new(tamper),
            appends: AtomicUsize::new(0),
            held: AtomicBool::new(false),
            holds: Notify::new(),
            released: Notify::new(),
        })
    }

    /// How many times something was to be appended.
    pub fn appends(&self) -> usize {
        self.appends.load(Ordering::SeqCst)
    }

    /// Waits until a call is held by [`Fault::Hold`]. Cancel-safe.
    pub async fn holds(&self) {
        loop {
            let news: Notified<'_> = self.holds.notified();
            if self.held.load(Ordering::SeqCst) {
                return;
            }
            news.await;
        }
    }

    /// Lets the held call happen.
    pub fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
        self.released.notify_one();
    }

    /// Makes a call, with what goes wrong with it. `pretended` is the answer of a store that only says so; `view` shows the answer.
    async fn pass<T, Fut>(
        &self,
        call: Call<'_>,
        pretended: Option<T>,
        make: impl Fn(Option<Epoch>) -> Fut,
        view: fn(&mut T) -> Answer<'_>,
    ) -> Result<T, JournalError>
    where
        Fut: Future<Output = Result<T, JournalError>>,
    {
        if matches!(call, Call::Append { .. }) {
            self.appends.fetch_add(1, Ordering::SeqCst);
        }
        let fault = self.tamper.before(&call);
        let mut answer = match fault {
            Some(Fault::Away) => Err(away("the store is away")),
            Some(Fault::Refuse) => Err(JournalError::Rejected("the store does not like it".into())),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Pretend) => pretended.ok_or_else(|| away("the store has nothing to say")),
            Some(Fault::As(epoch)) => make(Some(epoch)).await,
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                make(None).await
            }
            Some(Fault::Hold) => {
                self.held.store(true, Ordering::SeqCst);
                self.holds.notify_waiters();
                self.released.notified().await;
                make(None).await
            }
            Some(Fault::Twice) => match make(None).await {
                Ok(_) => make(None).await,
                Err(error) => Err(error),
            },
            Some(Fault::LoseAnswer | Fault::AnswerLate(_) | Fault::HangAfter) | None => make(None).await,
        };
        self.tamper.after(&call, answer.as_mut().map_or_else(|error| Answer::Failed(error), view));
        match fault {
            Some(Fault::LoseAnswer) => answer.and(Err(away("the answer was lost"))),
            Some(Fault::HangAfter) => std::future::pending().await,
            Some(Fault::AnswerLate(time)) => {
                tokio::time::sleep(time).await;
                answer
            }
            _ => answer,
        }
    }

    /// A call of which only the caller needs to see the answer.
    async fn pass_other<T, Fut>(&self, make: impl Fn() -> Fut) -> Result<T, JournalError>
    where
        Fut: Future<Output = Result<T, JournalError>>,
    {
        self.pass(Call::Other, None, |_| make(), |_| Answer::Done).await
    }
}

fn away(text: &str) -> JournalError {
    JournalError::Unavailable(text.into())
}

#[async_trait]
impl Journal for FaultyJournal {
    async fn instance_join(
        &self,
        name: &InstanceName,
        at: Timestamp,
        lease: Duration,
        offers: &Offers,
    ) -> Result<Epoch, JournalError> {
        let make = |_| self.store.instance_join(name, at, lease, offers);
        self.pass(Call::Join(name), None, make, |epoch| Answer::Joined(*epoch)).await
    }

    async fn instance_renew(&self, epoch: Epoch) -> Result<(), JournalError> {
        let make = |other: Option<Epoch>| self.store.instance_renew(other.unwrap_or(epoch));
        self.pass(Call::Renew(epoch), Some(()), make, |()| Answer::Done).await
    }

    async fn instance_list(&self) -> Result<Vec<InstanceBeat>, JournalError> {
        self.pass(Call::Instances, None, |_| self.store.instance_list(), |_| Answer::Done).await
    }

    async fn instance_retire(&self, epoch: Epoch, beat: i64) -> Result<bool, JournalError> {
        let make = |_| self.store.instance_retire(epoch, beat);
        self.pass(Call::Retire(epoch), Some(true), make, |told| Answer::Told(*told)).await
    }

    async fn instance_leave(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.pass(Call::Leave(epoch), Some(()), |_| self.store.instance_leave(epoch), |()| Answer::Done).await
    }

    async fn workflow_put(&self, workflow: &StoredWorkflow) -> Result<WorkflowId, JournalError> {
        self.pass_other(|| self.store.workflow_put(workflow)).await
    }

    async fn workflow_list(&self) -> Result<Vec<(WorkflowId, StoredWorkflow)>, JournalError> {
        self.pass_other(|| self.store.workflow_list()).await
    }

    async fn task_submit(&self, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError> {
        let pretended = tasks.iter().map(|task| task.id).collect();
        self.pass(Call::Submit(tasks), Some(pretended), |_| self.store.task_submit(tasks), |_| Answer::Done)
            .await
    }

    async fn task_cancel(&self, task: TaskId, request: &Cancellation) -> Result<bool, JournalError> {
        let make = |_| self.store.task_cancel(task, request);
        self.pass(Call::Cancel(task), Some(true), make, |told| Answer::Told(*told)).await
    }

    async fn task_pause(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        let make = |_| self.store.task_pause(task, request);
        self.pass(Call::Pause(task), Some(true), make, |told| Answer::Told(*told)).await
    }

    async fn task_resume(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        let make = |_| self.store.task_resume(task, request);
        self.pass(Call::Resume(task), Some(true), make, |told| Answer::Told(*told)).await
    }

    async fn task_reopen(&self, task: TaskId, request: &Request) -> Result<bool, JournalError> {
        let make = |_| self.store.task_reopen(task, request);
        self.pass(Call::Reopen(task, request), Some(true), make, |told| Answer::Told(*told)).await
    }

    async fn signal_send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
        let make = |_| self.store.signal_send(task, signal);
        self.pass(Call::Signal(task, signal), Some(true), make, |told| Answer::Told(*told)).await
    }

    async fn lock_take(
        &self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError> {
        let make = |_| self.store.lock_take(epoch, task, names, at);
        self.pass(Call::Lock { epoch, task, names }, None, make, |answer| Answer::Locked(answer)).await
    }

    async fn slots_take(&self, epoch: Epoch, wishes: &[SlotWish]) -> Result<Vec<SlotAnswer>, JournalError> {
        let make = |_| self.store.slots_take(epoch, wishes);
        self.pass(Call::Slots { epoch, wishes }, None, make, |answers| Answer::Admitted(answers)).await
    }

    async fn task_read(&self, task: TaskId) -> Result<Option<TaskState>, JournalError> {
        self.pass_other(|| self.store.task_read(task)).await
    }

    async fn task_claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        let make = |_| self.store.task_claim(epoch, workflows, at, max);
        self.pass(Call::Claim(epoch), Some(Vec::new()), make, |taken| Answer::Claimed(taken)).await
    }

    async fn append_told(
        &self,
        epoch: Epoch,
        writes: &[Write],
        place: Option<FeedPlace>,
    ) -> Result<(), JournalError> {
        let make = |other: Option<Epoch>| self.store.append_told(other.unwrap_or(epoch), writes, place);
        self.pass(Call::Append { epoch, writes, place }, Some(()), make, |()| Answer::Done).await
    }

    async fn feed_read(&self, after: &FeedCursor, limit: usize) -> Result<FeedPage, JournalError> {
        self.pass_other(|| self.store.feed_read(after, limit)).await
    }

    async fn feed_since(&self, time: Timestamp) -> Result<FeedCursor, JournalError> {
        self.pass_other(|| self.store.feed_since(time)).await
    }

    async fn feed_trim(&self, before: Timestamp) -> Result<u64, JournalError> {
        self.pass_other(|| self.store.feed_trim(before)).await
    }

    async fn news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError> {
        let make = |_| self.store.news(epoch, parents);
        self.pass(Call::News(epoch), None, make, |news| Answer::News(news)).await
    }

    async fn task_end(&self, task: TaskId) -> Result<Option<TaskEnd>, JournalError> {
        self.pass_other(|| self.store.task_end(task)).await
    }

    async fn child_list(&self, parent: TaskId, step: &StepName) -> Result<Vec<Child>, JournalError> {
        let make = |_| self.store.child_list(parent, step);
        self.pass(Call::Children(parent, step), None, make, |children| Answer::Children(children)).await
    }
}
