//! What the engine is given to do: tasks of ten sequential steps that do nothing, a fixed number of them at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use drydock_core::InstanceName;
use drydock_core::journal::{Journal, TaskEndKind};
use drydock_workflow::observe::Page;
use drydock_workflow::{BuildErrors, Engine, EngineOptions, Outcome, Workflow, WorkflowBuilder, step_fn};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::Failure;

/// Steps of a task.
pub(crate) const STEPS: u32 = 10;
/// The bytes of a step's output, unless a scenario is about them.
pub(crate) const SMALL: usize = 60;

/// A step's output.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Output {
    step: u32,
    state: String,
    digest: String,
}

impl Output {
    /// Of `bytes` bytes as JSON, one more from step 10 on.
    pub(crate) fn of(step: u32, bytes: usize) -> Self {
        let digest = "2fb5e13419fc8924".chars().cycle().take(bytes.saturating_sub(36)).collect();
        Self { step, state: "done".to_owned(), digest }
    }

    /// What the next step makes of it.
    pub(crate) fn next(self) -> Self {
        Self { step: self.step + 1, ..self }
    }
}

/// The name of step `step`, from 1.
pub(crate) fn name(step: u32) -> String {
    format!("step{step:02}")
}

/// Ten steps, each fed by the one before, with outputs of `bytes` bytes.
pub(crate) fn workflow(bytes: usize) -> Result<Workflow<(), ()>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new("bench/ten-steps", 1);
    let first = step_fn(move |_, (): ()| async move { Ok(Outcome::Done(Output::of(1, bytes))) });
    let mut last = builder.step(&name(1), first).run(());
    for step in 2..=STEPS {
        let next = step_fn(|_, before: Output| async move { Ok(Outcome::Done(before.next())) });
        last = builder.step(&name(step), next).run(&last);
    }
    builder.build()
}

/// An instance of the engine that knows one workflow, with room for `tasks` tasks.
pub(crate) async fn engine<I, O>(
    journal: Arc<dyn Journal>,
    name: &str,
    workflow: &Workflow<I, O>,
    tasks: usize,
) -> Result<Engine, Failure> {
    engine_on(journal, name, workflow, tasks, None).await
}

/// The same, counting on a page.
pub(crate) async fn engine_on<I, O>(
    journal: Arc<dyn Journal>,
    name: &str,
    workflow: &Workflow<I, O>,
    tasks: usize,
    page: Option<&Page>,
) -> Result<Engine, Failure> {
    let capacity = EngineOptions::default().capacity.max(tasks);
    let options = EngineOptions { capacity, ..EngineOptions::default() };
    let builder = Engine::builder(journal, InstanceName::new(name)?).options(options);
    let builder = match page {
        Some(page) => builder.recorder(Arc::new(page.clone())),
        None => builder,
    };
    Ok(builder.workflow(workflow).start().await?)
}

/// Waits for a task's end, which must be a good one.
pub(crate) async fn completed(engine: &Engine, task: drydock_core::TaskId) -> Result<(), Failure> {
    match engine.wait(task).await?.kind {
        TaskEndKind::Completed(_) => Ok(()),
        other => Err(format!("task {task} did not complete: {other:?}").into()),
    }
}

/// How often what has become due is begun.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// How many have become due since `begun`, at so many per second.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count that is far below the limit"
)]
pub(crate) fn due(begun: Instant, rate: f64) -> u64 {
    (begun.elapsed().as_secs_f64() * rate) as u64
}

/// Begins so many tasks per second for that time, and waits until all have ended; how many there were.
pub(crate) async fn at_pace(
    engine: &Engine,
    workflow: &Workflow<(), ()>,
    rate: f64,
    time: Duration,
) -> Result<u64, Failure> {
    let (begun, mut started, mut running) = (Instant::now(), 0, JoinSet::new());
    let mut tick = tokio::time::interval(TICK);
    while begun.elapsed() < time {
        tick.tick().await;
        while started < due(begun, rate) {
            let (engine, workflow) = (engine.clone(), workflow.clone());
            running.spawn(async move { completed(&engine, engine.submit(&workflow, &()).await?).await });
            started += 1;
        }
        while let Some(ended) = running.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(started)
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
    async fn one(&self) -> Result<(), Failure> {
        let task = self.engine.submit(&self.workflow, &()).await?;
        completed(&self.engine, task).await?;
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
