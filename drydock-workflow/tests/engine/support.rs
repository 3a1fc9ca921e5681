//! What the tests share: a clock that follows tokio's, an engine over a memory store, and a log of what steps did.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::journal::{TaskEnd, TaskEndKind};
use drydock_core::{Clock, InstanceName, Timestamp};
use drydock_store::MemoryStore;
use drydock_workflow::{Engine, EngineBuilder, EngineOptions};
use tokio::time::Instant;

/// Moves with tokio's time, so that pausing one pauses both.
pub(crate) struct TokioClock {
    origin: Instant,
    start: Timestamp,
}

impl TokioClock {
    pub(crate) fn new() -> Arc<Self> {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        Arc::new(Self { origin: Instant::now(), start })
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.start + self.origin.elapsed()
    }
}

/// A world: one store, one clock, as many instances as a test wants.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<TokioClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()), clock: TokioClock::new() }
    }

    pub(crate) fn instance(&self, name: &str) -> EngineBuilder {
        Engine::builder(self.store.clone(), InstanceName::new(name).unwrap())
            .clock(self.clock.clone())
            .options(EngineOptions { lease: Duration::from_secs(9), ..EngineOptions::default() })
    }
}

/// What steps did, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The output of a completed task, as text.
pub(crate) fn output(end: &TaskEnd) -> String {
    match &end.kind {
        TaskEndKind::Completed(output) => String::from_utf8(output.as_bytes().to_vec()).unwrap(),
        other => panic!("not completed: {other:?}"),
    }
}

/// Why a task failed.
pub(crate) fn failure(end: &TaskEnd) -> String {
    match &end.kind {
        TaskEndKind::Failed(failure) => failure.message.clone(),
        other => panic!("not failed: {other:?}"),
    }
}
