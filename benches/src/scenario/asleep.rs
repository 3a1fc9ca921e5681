//! Very many tasks that sleep on timers and signals: the memory of their instance, and what it is like when many wake at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use drydock_core::TaskId;
use drydock_core::journal::Journal;
use drydock_workflow::{BuildErrors, Engine, Outcome, StepContext, Workflow, WorkflowBuilder, step_fn};
use tokio::task::JoinSet;

use super::Bench;
use super::child::until;
use crate::Failure;
use crate::counting::Counting;
use crate::figure::{Figure, Spread};
use crate::load::engine;
use crate::usage;

/// What every other task waits for.
const WORD: &str = "wake";

/// A workflow of one step that waits for a day, or for a word if its input says so; then it is counted.
fn sleeper(woken: &Arc<AtomicU64>) -> Result<Workflow<bool, ()>, BuildErrors> {
    let woken = Arc::clone(woken);
    let mut builder = WorkflowBuilder::<bool>::new("bench/asleep", 1);
    let input = builder.input();
    let sleep = step_fn(move |ctx: StepContext, by_signal: bool| {
        let woken = Arc::clone(&woken);
        async move {
            if ctx.signal().is_some() {
                woken.fetch_add(1, Ordering::Relaxed);
                return Ok(Outcome::Done(()));
            }
            let day = Duration::from_hours(24);
            Ok(if by_signal { Outcome::signal(WORD, "it sleeps") } else { Outcome::wait(day, "it sleeps") })
        }
    });
    builder.step("sleep", sleep).run(&input);
    builder.build()
}

/// Starts `tasks` tasks, every other one to wait for a signal, and gives the first `kept` of those.
async fn start(
    engine: &Engine,
    workflow: &Workflow<bool, ()>,
    tasks: u64,
    kept: usize,
    hands: usize,
) -> Result<Vec<TaskId>, Failure> {
    let (next, mut submitters) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    for _ in 0..hands {
        let (engine, workflow, next) = (engine.clone(), workflow.clone(), Arc::clone(&next));
        submitters.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= tasks {
                    return Ok::<_, Failure>(mine);
                }
                let by_signal = number % 2 == 0;
                let task = engine.submit(&workflow, &by_signal).await?;
                // All ids together would be a part of what is measured.
                if by_signal && number < 2 * kept as u64 {
                    mine.push(task);
                }
            }
        });
    }
    let mut all = Vec::with_capacity(kept);
    while let Some(mine) = submitters.join_next().await {
        all.extend(mine??);
    }
    Ok(all)
}

/// Says the word to all of them.
async fn wake(engine: &Engine, tasks: &[TaskId], hands: usize) -> Result<(), Failure> {
    let mut senders = JoinSet::new();
    for part in tasks.chunks(tasks.len().div_ceil(hands).max(1)) {
        let (engine, part) = (engine.clone(), part.to_vec());
        senders.spawn(async move {
            for task in part {
                if !engine.signal(task, WORD, &(), "bench").await? {
                    return Err(Failure::from(format!("task {task} is not there")));
                }
            }
            Ok(())
        });
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    Ok(())
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let tasks = bench.args.size(1_000_000, 2_000);
    let many = tasks.min(if bench.args.is_short() { 100 } else { 10_000 }) / 2 * 2;
    let ground = bench.site.ground().await?;
    let woken = Arc::new(AtomicU64::new(0));
    let workflow = sleeper(&woken)?;
    let journal = Counting::new(Arc::clone(&ground.store) as Arc<dyn Journal>);
    let engine = engine(journal.clone(), "bench", &workflow, 0).await?;
    let before = usage::resident()?;
    let kept = usize::try_from(many.min(tasks.div_ceil(2)))?;
    let sleepers = start(&engine, &workflow, tasks, kept, bench.args.concurrency).await?;
    until(journal.parked(), tasks).await;
    let mib = crate::figure::number(usage::resident()?.saturating_sub(before)) / f64::from(1 << 20);
    bench.progress.done(&format!("{tasks} tasks asleep"));
    journal.forget_claims();
    let begun = Instant::now();
    wake(&engine, &sleepers, bench.args.concurrency).await?;
    until(&woken, sleepers.len() as u64).await;
    let seconds = begun.elapsed().as_secs_f64();
    bench.progress.done(&format!("{} of them woken", sleepers.len()));
    let claim = Duration::from_micros(journal.claim_at(0.99)).as_secs_f64() * 1e3;
    engine.drain().await?;
    bench.site.clear(ground).await?;
    let woken = sleepers.len();
    Ok(vec![
        Figure::new(format!("memory of an instance with {tasks} tasks asleep"), "MiB", Spread::from(mib))
            .at_most(300.0),
        Figure::new(
            format!("{woken} of them woken by signals: until all have run"),
            "s",
            Spread::from(seconds),
        ),
        Figure::new("p99 of a claim meanwhile", "ms", Spread::from(claim)).at_most(50.0),
    ])
}
