//! The knobs of an instance.

use std::time::Duration;

use super::EngineError;

/// How soon [`Engine::wait`](super::Engine::wait) looks for the end of a task that another instance has.
pub(super) const WAIT_ELSEWHERE: Duration = Duration::from_millis(250);

/// It looks less and less often, down to this.
pub(super) const WAIT_LONGEST: Duration = Duration::from_secs(5);

/// Even a test's store may take some milliseconds to answer.
const SHORTEST_LEASE: Duration = Duration::from_millis(30);

/// How an instance behaves. The defaults suit a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineOptions {
    /// How long the instance may be silent before others take its tasks over. It stops its own steps before that. The others know
    /// it from the store, so instances that share one may have different leases.
    pub lease: Duration,
    /// How often it looks for work and for news from others, when nothing tells it to.
    pub poll: Duration,
    /// How many tasks it holds, not counting those that only wait for their children, and those that sleep. While it has less than a quarter of
    /// that, it runs the children of its tasks itself, and leaves none to other instances: those that share the work have less room.
    pub capacity: usize,
    /// A task all of whose steps wait for longer than this, for a signal or for an operator sleeps: it leaves the instance's memory, and
    /// whichever instance has room goes on with it when a time has come or something was sent to it. By the clock it may be
    /// late by one [`poll`](Self::poll). [`Duration::MAX`] lets only those sleep that wait for no time.
    pub park_after: Duration,
    /// How long a step may go on after its task was cancelled, or after the instance was asked to stop.
    pub grace: Duration,
    /// At most so many writes go into one commit.
    pub batch: usize,
    /// The longest output of a step, and the longest data of a fact, in bytes.
    pub output_limit: usize,
    /// How far a step is goes on record so often while it goes on, if it tells: that is what others see of it, and what is known
    /// after a crash.
    pub progress: Duration,
    /// How many messages may wait for the actor, and how many writes for the store, before callers have to wait.
    pub inbox: usize,
    /// How many events a slow receiver may lag behind.
    pub event_buffer: usize,
    /// Whether what it commits is told in the feed, which [`Engine::feed`](super::Engine::feed) reads: a row more in each commit, with a line
    /// for each of its writes. Off unless it is asked for. A feed to which not all instances of a store tell has only what the others do.
    pub feed: bool,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            poll: Duration::from_secs(1),
            capacity: 10_000,
            park_after: Duration::from_mins(1),
            grace: Duration::from_secs(30),
            batch: 1_000,
            output_limit: 1 << 20,
            progress: Duration::from_secs(10),
            inbox: 4_096,
            event_buffer: 4_096,
            feed: false,
        }
    }
}

impl EngineOptions {
    /// Refuses what no engine can work with.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let refuse = |option, problem| Err(EngineError::Options { option, problem });
        match self {
            Self { lease, .. } if *lease < SHORTEST_LEASE => {
                refuse("lease", "is too short for a store to answer in: take a second or more")
            }
            Self { poll: Duration::ZERO, .. } => refuse("poll", "must be greater than zero"),
            Self { capacity: 0, .. } => refuse("capacity", "must have room for a task"),
            Self { batch: 0, .. } => refuse("batch", "must have room for a write"),
            Self { inbox: 0, .. } => refuse("inbox", "must have room for a message"),
            Self { event_buffer: 0, .. } => refuse("event_buffer", "must have room for an event"),
            Self { .. } => Ok(()),
        }
    }
}
