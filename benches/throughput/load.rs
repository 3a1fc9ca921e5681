//! What the engine is given to do: tasks of ten sequential steps that do nothing, a fixed number of them at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use drydock_core::journal::TaskEndKind;
use drydock_workflow::{BuildErrors, Engine, Outcome, Workflow, WorkflowBuilder, step_fn};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::Failure;

/// Steps of a task.
pub(crate) const STEPS: u32 = 10;

/// A step's output; 60 bytes of JSON, 61 for the last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Output {
    step: u32,
    state: String,
    digest: String,
}

impl Output {
    pub(crate) fn of(step: u32) -> Self {
        Self { step, state: "done".to_owned(), digest: "2fb5e13419fc89246865e7a3".to_owned() }
    }
}

/// The name of step `step`, from 1.
pub(crate) fn name(step: u32) -> String {
    format!("step{step:02}")
}

/// Ten steps, each fed by the one before.
pub(crate) fn workflow() -> Result<Workflow<(), ()>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new("bench/ten-steps", 1);
    let first = step_fn(|_, (): ()| async { Ok(Outcome::Done(Output::of(1))) });
    let mut last = builder.step(&name(1), first).run(());
    for step in 2..=STEPS {
        let next = step_fn(|_, before: Output| async move { Ok(Outcome::Done(Output::of(before.step + 1))) });
        last = builder.step(&name(step), next).run(&last);
    }
    builder.build()
}

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// No task begins after this time.
    Time(Duration),
    /// So many tasks in all.
    Tasks(u64),
}

/// The tasks under way, shared by all who submit them.
pub(crate) struct Load {
    engine: Engine,
    workflow: Workflow<(), ()>,
    begun: Instant,
    until: Until,
    started: AtomicU64,
    ended: AtomicU64,
}

impl Load {
    pub(crate) fn new(engine: Engine, workflow: Workflow<(), ()>, until: Until) -> Arc<Self> {
        let (started, ended) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { engine, workflow, begun: Instant::now(), until, started, ended })
    }

    /// How many tasks have ended so far.
    pub(crate) fn ended(&self) -> u64 {
        self.ended.load(Ordering::Relaxed)
    }

    /// Keeps `concurrency` tasks under way until it is time, and returns when the last has ended.
    pub(crate) async fn run(self: Arc<Self>, concurrency: usize) -> Result<(), Failure> {
        let mut submitters = JoinSet::new();
        for _ in 0..concurrency {
            let load = Arc::clone(&self);
            submitters.spawn(async move {
                while load.goes_on() {
                    load.one().await?;
                }
                Ok::<(), Failure>(())
            });
        }
        while let Some(ended) = submitters.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// One task, from its submission to its end.
    pub(crate) async fn one(&self) -> Result<(), Failure> {
        let task = self.engine.submit(&self.workflow, &()).await?;
        match self.engine.wait(task).await?.kind {
            TaskEndKind::Completed(_) => {}
            other => return Err(format!("task {task} did not complete: {other:?}").into()),
        }
        self.ended.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn goes_on(&self) -> bool {
        match self.until {
            Until::Time(limit) => self.begun.elapsed() < limit,
            Until::Tasks(limit) => self.started.fetch_add(1, Ordering::Relaxed) < limit,
        }
    }
}
