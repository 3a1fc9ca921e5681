//! A queue of attempts for workers elsewhere: they take, renew and answer; whoever falls silent loses the job.
//!
//! The queue lives in the instance that has the task. A job is handed out under a lease of its own, with a ticket that is good for this
//! one run: when the lease ends, or the instance loses the task, or the step's time is over, the ticket is void and a late answer is
//! refused with [`Gone`]. How workers reach the queue is not its business; the server puts it behind HTTP.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::{Clock, Entropy, Payload, SystemClock, SystemEntropy};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use uuid::Uuid;

use super::wire::{JobDocument, Line};
use super::{Executor, Job};
use crate::outcome::{StepError, StepResult};

/// How a queue behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueOptions {
    /// How long a worker may be silent before its job is given to another.
    pub lease: Duration,
    /// How many jobs may wait for a worker; more attempts fail, and are tried again as their retry policy says.
    pub waiting_max: usize,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), waiting_max: 10_000 }
    }
}

/// A job in a worker's hands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ticket {
    /// Names this run of the job; a further run has another.
    pub ticket: Uuid,
    /// In how many seconds the worker must have renewed.
    pub lease_seconds: f64,
    /// The job.
    pub job: JobDocument,
}

/// The answer to a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Whether the task is being cancelled: the worker should stop and answer.
    pub cancelled: bool,
}

/// The ticket is void: the job was answered, given to another, or is not wanted any more. The worker stops, and nothing of what it
/// answered was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ticket is void: the job was answered, given to another worker, or is not wanted any more")]
pub struct Gone;

/// An [`Executor`] whose jobs are done by workers that come for them. Clones are the same queue.
#[derive(Clone)]
pub struct WorkQueue(Arc<Shared>);

struct Shared {
    options: QueueOptions,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    jobs: Mutex<Jobs>,
    /// Nudges workers that wait for a job.
    arrived: Notify,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Uuid>,
    all: HashMap<Uuid, Entry>,
}

struct Entry {
    job: Job,
    document: JobDocument,
    /// When the worker that has it must have renewed; nothing while it waits.
    lease: Option<Instant>,
    outcome: oneshot::Sender<StepResult<Payload>>,
}

impl Default for WorkQueue {
    fn default() -> Self {
        Self::new(QueueOptions::default())
    }
}

impl WorkQueue {
    /// An empty queue.
    pub fn new(options: QueueOptions) -> Self {
        Self::with_ports(options, Arc::new(SystemClock), Arc::new(SystemEntropy))
    }

    /// The same with another clock and other random numbers, for tests.
    pub fn with_ports(options: QueueOptions, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let (jobs, arrived) = (Mutex::default(), Notify::new());
        Self(Arc::new(Shared { options, entropy, clock, jobs, arrived }))
    }

    /// How many jobs wait for a worker, and how many are in workers' hands.
    pub fn len(&self) -> (usize, usize) {
        let jobs = self.jobs();
        let waiting = jobs.all.values().filter(|entry| entry.lease.is_none()).count();
        (waiting, jobs.all.len() - waiting)
    }

    /// Whether nobody wants anything.
    pub fn is_empty(&self) -> bool {
        self.jobs().all.is_empty()
    }

    /// Takes the oldest job that waits; waits for one for up to `patience`, and gives nothing when none came.
    ///
    /// Cancel-safe: a dropped call took nothing.
    pub async fn take(&self, patience: Duration) -> Option<Ticket> {
        let until = Instant::now() + patience;
        loop {
            let arrived = self.0.arrived.notified();
            tokio::pin!(arrived);
            // From here on a nudge is not lost, although nobody awaits it yet.
            arrived.as_mut().enable();
            if let Some(ticket) = self.try_take() {
                return Some(ticket);
            }
            tokio::time::timeout_at(until, arrived).await.ok()?;
        }
    }

    fn try_take(&self) -> Option<Ticket> {
        let mut jobs = self.jobs();
        while let Some(ticket) = jobs.waiting.pop_front() {
            if let Some(entry) = jobs.all.get_mut(&ticket) {
                entry.lease = Some(Instant::now() + self.0.options.lease);
                let lease_seconds = self.0.options.lease.as_secs_f64();
                return Some(Ticket { ticket, lease_seconds, job: entry.document.clone() });
            }
        }
        None
    }

    /// Renews a worker's hold on its job.
    pub fn renew(&self, ticket: Uuid) -> Result<Beat, Gone> {
        let mut jobs = self.jobs();
        let entry = jobs.all.get_mut(&ticket).filter(|entry| entry.is_held()).ok_or(Gone)?;
        entry.lease = Some(Instant::now() + self.0.options.lease);
        Ok(Beat { cancelled: entry.job.ctx.cancelled().is_cancelled() })
    }

    /// Takes a worker's lines: messages and the like, which renew its hold, and perhaps the outcome, with which the ticket ends.
    pub fn answer(&self, ticket: Uuid, lines: Vec<Line>) -> Result<(), Gone> {
        self.renew(ticket)?;
        for line in lines {
            let mut jobs = self.jobs();
            let entry = jobs.all.get(&ticket).ok_or(Gone)?;
            if let Some(outcome) = line.apply(&entry.job).unwrap_or_else(|problem| Some(Err(problem))) {
                let entry = jobs.all.remove(&ticket).ok_or(Gone)?;
                return entry.outcome.send(outcome).map_err(|_| Gone);
            }
        }
        Ok(())
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the answer, or until the worker that has the job has been silent for its lease.
    async fn outcome(&self, ticket: Uuid, mut answer: oneshot::Receiver<StepResult<Payload>>) -> Ended {
        loop {
            let lease = self.jobs().all.get(&ticket).and_then(|entry| entry.lease);
            // While it waits for a worker there is no lease to watch; one that is taken meanwhile has a whole one left.
            let look = lease.unwrap_or_else(|| Instant::now() + self.0.options.lease);
            tokio::select! {
                biased;
                outcome = &mut answer => {
                    return outcome.map_or(Ended::Lost, Ended::Answered);
                }
                () = tokio::time::sleep_until(look) => {
                    let mut jobs = self.jobs();
                    let silent = jobs.all.get(&ticket).is_some_and(|entry| {
                        entry.lease.is_some_and(|lease| lease <= Instant::now())
                    });
                    if silent {
                        jobs.all.remove(&ticket);
                        return Ended::Lost;
                    }
                }
            }
        }
    }
}

impl Entry {
    fn is_held(&self) -> bool {
        self.lease.is_some_and(|lease| lease > Instant::now())
    }
}

enum Ended {
    Answered(StepResult<Payload>),
    /// The worker fell silent.
    Lost,
}

/// Voids the ticket when the attempt is over, however it came to that.
struct Void<'a>(&'a WorkQueue, Uuid);

impl Drop for Void<'_> {
    fn drop(&mut self) {
        let mut jobs = self.0.jobs();
        if jobs.all.remove(&self.1).is_some_and(|entry| entry.lease.is_none()) {
            jobs.waiting.retain(|waiting| *waiting != self.1);
        }
    }
}

#[async_trait]
impl Executor for WorkQueue {
    async fn run(&self, job: Job) -> StepResult<Payload> {
        let ticket = self.0.entropy.uuid_v7(self.0.clock.now());
        let document = JobDocument::of(&job)?;
        let cancelled = job.ctx.cancelled().clone();
        let (outcome, answer) = oneshot::channel();
        {
            let mut jobs = self.jobs();
            if jobs.waiting.len() >= self.0.options.waiting_max {
                return Err(StepError::retryable("too many jobs wait for a worker of this queue already"));
            }
            jobs.all.insert(ticket, Entry { job, document, lease: None, outcome });
            jobs.waiting.push_back(ticket);
        }
        let _void = Void(self, ticket);
        self.0.arrived.notify_one();
        let ended = self.outcome(ticket, answer);
        tokio::pin!(ended);
        tokio::select! {
            biased;
            ended = &mut ended => return ended.result(),
            () = cancelled.cancelled() => {}
        }
        // Nobody has it: nobody needs to be told. A worker that has it hears of the cancellation when it renews.
        let held = self.jobs().all.get(&ticket).is_some_and(Entry::is_held);
        if held { ended.await.result() } else { Err(StepError::cancelled()) }
    }
}

impl Ended {
    fn result(self) -> StepResult<Payload> {
        match self {
            Self::Answered(outcome) => outcome,
            Self::Lost => Err(StepError::retryable("its worker fell silent")),
        }
    }
}
