//! The engine: one instance that claims tasks, runs their steps and records what happened.
//!
//! ```text
//!   Engine (handle) ──request──▶ actor ──writes──▶ flusher ──one commit──▶ Journal
//!        ▲                       │  ▲ ◀──committed──┘                        ▲
//!        └──────events───────────┤  └──finished── crew (runs bodies)         │
//!                                └── claims, news, children ─────────────────┤
//!                                              lease (renews, watches rivals)┘
//! ```
//!
//! INVARIANT: only the actor changes the state of a task, and only after the record of the change was committed.

mod actor;
mod attempts;
mod batches;
mod brood;
mod children;
mod claims;
mod commit;
mod conclude;
mod crew;
mod desk;
mod dispatch;
mod error;
mod event;
mod feed;
mod flusher;
mod lanes;
mod lease;
mod locks;
mod marks;
mod message;
mod observed;
mod options;
mod orders;
mod parking;
mod portion;
mod reach;
mod refused;
mod registry;
mod requests;
mod retention;
mod share;
mod slots;
mod start;
mod stopping;
mod supervisor;
mod told;
mod verbs;
mod waits;

use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::{Cancellation, History, Journal, TaskEnd};
use drydock_core::{
    Classify, Clock, Disposition, Entropy, ExecutorName, InstanceName, SystemClock, SystemEntropy, TaskId,
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

pub(crate) use crew::Hold;
pub(crate) use desk::Desk;
pub use error::EngineError;
pub use event::{Event, EventKind};
pub use feed::Feed;
pub use options::EngineOptions;
pub use retention::{Archive, ArchivePages, Retention};
pub use start::TaskStart;

use crate::executor::Executor;
use crate::observe::Meters;
use crate::workflow::Workflow;
use message::Request;
use reach::Reach;
use registry::Registry;
use retention::Keeper;
use supervisor::{Ports, Supervisor};

/// How an instance ended, once it has.
type Stopped = Option<Result<(), Arc<EngineError>>>;

/// A running instance. Clones are handles of the same one; when the last is dropped, the instance stops at once, as if it had
/// crashed. [`Engine::drain`] is the orderly end.
#[derive(Clone)]
pub struct Engine {
    inbox: mpsc::Sender<Request>,
    events: broadcast::Sender<Event>,
    stopped: watch::Receiver<Stopped>,
    registry: Arc<Registry>,
    ports: Ports,
    drain: CancellationToken,
    poll: Duration,
    _alive: Arc<DropGuard>,
}

/// What an instance is made of.
#[must_use = "an engine runs once it is started"]
pub struct EngineBuilder {
    ports: Ports,
    name: InstanceName,
    options: EngineOptions,
    registry: Registry,
    recorder: Option<Arc<dyn metrics::Recorder + Send + Sync>>,
    keeper: Option<Keeper>,
    half: usize,
}

impl EngineBuilder {
    /// Offers a workflow: this instance will run its tasks. Several versions of one name may be offered: each task runs on under
    /// its own, a new one starts under that of the workflow which it is started with, and new children under the greatest.
    pub fn workflow<I, O>(mut self, workflow: &Workflow<I, O>) -> Self {
        self.registry.add(workflow.code());
        self
    }

    /// Gives the instance an executor, under the name by which workflows know it. The last of a name stands.
    pub fn executor(mut self, name: ExecutorName, executor: impl Executor) -> Self {
        self.registry.add_executor(name, Arc::new(executor));
        self
    }

    /// Says that other instances have the executor: this one starts without it, and leaves the tasks of workflows that need
    /// it to them.
    pub fn executor_elsewhere(mut self, name: ExecutorName) -> Self {
        self.registry.add_elsewhere(name);
        self
    }

    /// Replaces the machine's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.ports.clock = clock;
        self
    }

    /// Replaces the machine's random numbers.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.ports.entropy = entropy;
        self
    }

    /// Counts and measures for this recorder, and not for the one that is installed for the whole program when the engine starts.
    pub fn recorder(mut self, recorder: Arc<dyn metrics::Recorder + Send + Sync>) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Replaces the default options.
    pub fn options(mut self, options: EngineOptions) -> Self {
        self.options = options;
        self
    }

    /// Replaces the number of writes from which on a second commit is worth its while: where there is little to do, none would be.
    #[cfg(feature = "testing")]
    pub(crate) fn half(mut self, half: usize) -> Self {
        self.half = half.max(1);
        self
    }

    /// Lets this instance see to it that ended tasks go when they are old enough, and that there is room ahead for new ones: for all instances
    /// of the store, while it is the one that does. `history` is the store that the engine runs on. All instances that may do it are best
    /// told the same. Without any, everything is kept.
    pub fn retention(mut self, history: Arc<dyn History>, retention: Retention) -> Self {
        self.keeper = Some(Keeper { history, retention });
        self
    }

    /// Joins the store under the instance's name and begins to run tasks. Tasks of an earlier instance of the same name,
    /// which must be dead, are taken over at once.
    pub async fn start(mut self) -> Result<Engine, EngineError> {
        self.options.check()?;
        if let Some(keeper) = &self.keeper {
            keeper.retention.check()?;
        }
        self.registry.check()?;
        let meters = || Meters::new(self.registry.names());
        self.ports.meters = Arc::new(match &self.recorder {
            Some(recorder) => metrics::with_local_recorder(&**recorder, meters),
            None => meters(),
        });
        self.ports.reach = Reach::new(self.ports.meters.store_unanswered.clone());
        let (inbox, requests) = mpsc::channel(self.options.inbox);
        let (events, _) = broadcast::channel(self.options.event_buffer);
        let (stopped_tx, stopped) = watch::channel(None);
        let registry = Arc::new(self.registry);
        let hard = CancellationToken::new();
        let drain = CancellationToken::new();
        let poll = self.options.poll;
        let supervisor = Supervisor {
            ports: self.ports.clone(),
            name: self.name,
            options: self.options,
            keeper: self.keeper,
            half: self.half,
            registry: Arc::clone(&registry),
            requests,
            events: events.clone(),
            hard: hard.clone(),
            drain: drain.clone(),
        };
        supervisor.start(stopped_tx).await?;
        let alive = Arc::new(hard.drop_guard());
        Ok(Engine { inbox, events, stopped, registry, ports: self.ports, drain, poll, _alive: alive })
    }
}

impl Engine {
    /// An instance called `name` over `journal`.
    pub fn builder(journal: Arc<dyn Journal>, name: InstanceName) -> EngineBuilder {
        let ports = Ports {
            journal,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            reach: Reach::new(metrics::Counter::noop()),
            meters: Arc::new(Meters::silent()),
        };
        let (options, registry, half) = (EngineOptions::default(), Registry::default(), batches::HALF);
        EngineBuilder { ports, name, options, registry, recorder: None, keeper: None, half }
    }

    /// Asks for a task's cancellation, on behalf of `by`; whichever instance has it will see. `false` when it has ended or
    /// does not exist.
    pub async fn cancel(&self, task: TaskId, by: &str) -> Result<bool, EngineError> {
        let request = Cancellation { by: by.to_owned(), at: self.ports.clock.now() };
        let known = self.ports.journal.task_cancel(task, &request).await?;
        // The news would come with the next poll; this is sooner. A full inbox may lose the hint.
        let _hint_lost = self.inbox.try_send(Request::Look).is_err();
        Ok(known)
    }

    /// Waits until a task has ended, wherever it runs; for ever, if there is no such task. Goes on over a store that is away and
    /// over a lost lease. Of an end on another instance it hears after some time, as long as it has waited by then but five
    /// seconds at most. An error says that this instance has stopped, or that the store cannot be used. Cancel-safe.
    pub async fn wait(&self, task: TaskId) -> Result<TaskEnd, EngineError> {
        let mut pause = Duration::ZERO;
        loop {
            // The actor answers when the task ends here; it answers `None` when it does not have the task.
            let asked = self.ask(|reply| Request::Watch { task, reply }).await;
            if let Ok(Some(end)) = asked {
                return Ok(end);
            }
            match self.ports.journal.task_end(task).await {
                Ok(Some(end)) => return Ok(end),
                Ok(None) => {}
                Err(error) if error.disposition() == Disposition::Retryable => {}
                Err(error) => return Err(error.into()),
            }
            if let Err(error @ EngineError::Stopped) = asked {
                return Err(error);
            }
            // It may come to this instance and end here, which is heard at once; of others only the store knows. It is asked
            // less and less often: of the tasks for which thousands wait, most sleep for long.
            pause = (pause * 2).clamp(options::WAIT_ELSEWHERE, options::WAIT_LONGEST);
            let ends_here = self.ask(|reply| Request::Await { task, reply });
            if let Ok(Ok(Some(end))) = tokio::time::timeout(pause, ends_here).await {
                return Ok(end);
            }
        }
    }

    /// What happens from now on, in this instance. A receiver that falls behind loses the oldest events.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// The orderly end: no new work begins; attempts under way may finish, within the options' grace; then the instance
    /// leaves, and others may have its tasks. Waits are durable and are not waited for.
    pub async fn drain(&self) -> Result<(), EngineError> {
        self.drain.cancel();
        // A closed inbox means that it has stopped already.
        let _stopped = self.inbox.send(Request::Drain).await.is_err();
        self.stopped().await
    }

    /// Waits until the instance has stopped, and says why if it was not asked to. Cancel-safe.
    pub async fn stopped(&self) -> Result<(), EngineError> {
        let mut stopped = self.stopped.clone();
        match stopped.wait_for(Option::is_some).await {
            Ok(end) => match &*end {
                Some(Err(error)) => Err(EngineError::Ended(Arc::clone(error))),
                Some(Ok(())) | None => Ok(()),
            },
            Err(_) => Err(EngineError::Stopped),
        }
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, EngineError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(message(reply)).await.map_err(|_| EngineError::Stopped)?;
        answer.await.map_err(|_| EngineError::Interrupted)
    }
}
