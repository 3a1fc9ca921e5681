//! The crew: hands that begin bodies. Each hand polls one body after the other for the first time. Most bodies of quick steps end there and
//! then, and cost no task of their own; a body that has to wait for something is spawned, and goes on by itself.
//!
//! A body is polled by a hand and never by the actor: one that computes for long, or blocks its thread, is in the way of nobody but
//! those that wait for the same hand, and these get another one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drydock_core::{Payload, Timestamp};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::message::{Finished, Message};
use crate::context::StepContext;
use crate::outcome::StepResult;
use crate::run::SlotIndex;

/// A hand that is at work for so long while bodies wait gets another beside it, up to one for each thread.
const SLICE: Duration = Duration::from_micros(100);

/// When nobody has taken a body for so long while some wait, all hands are held up in bodies that block their threads.
const HELD_UP: Duration = Duration::from_millis(5);

/// An attempt that is to begin.
pub(super) struct Job {
    pub(super) slot: SlotIndex,
    pub(super) ctx: StepContext,
    pub(super) body: BoxFuture<'static, StepResult<Payload>>,
    pub(super) started_at: Timestamp,
}

impl Job {
    fn finished(&self, result: StepResult<Payload>) -> Message {
        let (task, told) = (self.ctx.task(), self.ctx.take_told());
        Message::Finished(Finished { task, slot: self.slot, result, told, started_at: self.started_at })
    }
}

/// The hands of one incarnation.
pub(super) struct Crew(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// How many hands are set to work while none is held up.
    most: usize,
    inbox: mpsc::Sender<Message>,
    spawned: TaskTracker,
    all: CancellationToken,
}

struct Queue {
    waiting: VecDeque<Job>,
    hands: usize,
    /// When a hand last took a body.
    taken: Instant,
}

impl Crew {
    /// Hands that report to `inbox`, until `all` is cancelled.
    pub(super) fn new(inbox: mpsc::Sender<Message>, spawned: TaskTracker, all: CancellationToken) -> Self {
        let queue = Mutex::new(Queue { waiting: VecDeque::new(), hands: 0, taken: Instant::now() });
        let most = Handle::current().metrics().num_workers();
        Self(Arc::new(Shared { queue, most, inbox, spawned, all }))
    }

    /// Has these bodies begun, in this order. To be called now and then without any too: if all hands are held up, those that wait get
    /// another one.
    pub(super) fn begin(&self, jobs: &mut Vec<Job>) {
        let mut queue = self.0.queue();
        let held_up = !queue.waiting.is_empty() && queue.taken.elapsed() >= HELD_UP;
        if held_up || (queue.hands == 0 && !jobs.is_empty()) {
            queue.taken = Instant::now();
            Shared::set_to_work(&self.0, &mut queue);
        }
        queue.waiting.extend(jobs.drain(..));
    }

    /// How many bodies wait for a hand.
    pub(super) fn waiting(&self) -> usize {
        self.0.queue().waiting.len()
    }

    /// Forgets those that wait.
    pub(super) fn dismiss(&self) {
        let waiting = std::mem::take(&mut self.0.queue().waiting);
        // Whatever else is dropped with a body is not dropped under the lock.
        drop(waiting);
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_to_work(this: &Arc<Self>, queue: &mut Queue) {
        queue.hands += 1;
        let hand = Hand { shared: Arc::clone(this), counted: true };
        this.spawned.spawn(hand.work());
    }

    /// Spawns what is left of a body.
    fn spawn(this: &Arc<Self>, mut job: Job) {
        let (shared, ctx) = (Arc::clone(this), job.ctx.clone());
        let task = this.spawned.spawn(async move {
            let result = tokio::select! {
                biased;
                () = shared.all.cancelled() => return,
                result = &mut job.body => result,
            };
            // A closed inbox means that this incarnation is over; the next owner runs the step again.
            let _over = shared.inbox.send(job.finished(result)).await.is_err();
        });
        ctx.hold().spawned(task.abort_handle());
    }
}

/// A hand at work. Whatever ends it, it is counted no more.
struct Hand {
    shared: Arc<Shared>,
    counted: bool,
}

impl Hand {
    async fn work(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut begun = Instant::now();
        while let Some(mut job) = self.next(&mut begun) {
            if shared.all.is_cancelled() {
                return;
            }
            if !job.ctx.hold().begin() {
                continue;
            }
            match (&mut job.body).now_or_never() {
                // What it waits for wakes the task that it gets now.
                None => Shared::spawn(&shared, job),
                Some(result) => {
                    job.ctx.hold().end();
                    if shared.inbox.send(job.finished(result)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// The next body; meanwhile another hand is called, if this one has been at it for long.
    fn next(&mut self, begun: &mut Instant) -> Option<Job> {
        let now = Instant::now();
        let mut queue = self.shared.queue();
        let Some(job) = queue.waiting.pop_front() else {
            // At once: whoever has something from here on must see that nobody comes for it.
            queue.hands -= 1;
            self.counted = false;
            return None;
        };
        queue.taken = now;
        if now - *begun >= SLICE && !queue.waiting.is_empty() && queue.hands < self.shared.most {
            *begun = now;
            Shared::set_to_work(&self.shared, &mut queue);
        }
        Some(job)
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        if self.counted {
            self.shared.queue().hands -= 1;
        }
    }
}

/// How an attempt that is under way is stopped.
#[derive(Default)]
pub(crate) struct Hold(Mutex<Held>);

#[derive(Default)]
struct Held {
    stopped: bool,
    /// A hand has it.
    in_hand: bool,
    task: Option<AbortHandle>,
}

impl Hold {
    /// The body runs no further, once it next waits for anything.
    pub(crate) fn stop(&self) {
        let mut held = self.held();
        held.stopped = true;
        if let Some(task) = &held.task {
            task.abort();
        }
    }

    /// Whether the body has a thread, or may get one.
    pub(crate) fn is_busy(&self) -> bool {
        let held = self.held();
        held.in_hand || held.task.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// A hand takes it, unless it was stopped before.
    fn begin(&self) -> bool {
        let mut held = self.held();
        held.in_hand = !held.stopped;
        held.in_hand
    }

    fn end(&self) {
        self.held().in_hand = false;
    }

    /// It goes on by itself, unless it was stopped meanwhile.
    fn spawned(&self, task: AbortHandle) {
        let mut held = self.held();
        held.in_hand = false;
        if held.stopped {
            task.abort();
        }
        held.task = Some(task);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
