//! Tasks that are started, as fast as they can be; their only step waits until all are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use drydock_core::journal::Journal;
use drydock_workflow::Engine;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Bench;
use super::running::held;
use crate::Failure;
use crate::database::Starts;
use crate::figure::{Figure, Spread, per};
use crate::load::engine;
use crate::raw::LARGE;

/// Starts `tasks` tasks with `hands` calls under way at once.
pub(super) async fn start_all(
    engine: &Engine,
    workflow: &drydock_workflow::Workflow<(), ()>,
    tasks: u64,
    hands: usize,
) -> Result<Vec<drydock_core::TaskId>, Failure> {
    let (left, mut submitters) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    for _ in 0..hands {
        let (engine, workflow, left) = (engine.clone(), workflow.clone(), Arc::clone(&left));
        submitters.spawn(async move {
            let mut mine = Vec::new();
            while left.fetch_add(1, Ordering::Relaxed) < tasks {
                mine.push(engine.submit(&workflow, &()).await?);
            }
            Ok::<_, Failure>(mine)
        });
    }
    let mut all = Vec::new();
    while let Some(mine) = submitters.join_next().await {
        all.extend(mine??);
    }
    Ok(all)
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let tasks = bench.args.size(100_000, 2_000);
    let (mut own, mut raw) = (Vec::new(), Vec::new());
    for round in 0..bench.args.rounds() {
        let mut ground = bench.site.ground().await?;
        if let Some(database) = &mut ground.database {
            let (begun, mut rows) = (Instant::now(), 0);
            while rows < tasks {
                database.start(&Starts::of(LARGE)).await?;
                rows += LARGE as u64;
            }
            raw.push(per(rows, begun.elapsed()));
        }
        let (gate, opened) = watch::channel(false);
        let workflow = held(opened)?;
        let journal = Arc::clone(&ground.store) as Arc<dyn Journal>;
        let engine = engine(journal, "bench", &workflow, usize::try_from(tasks)? + 1).await?;
        let begun = Instant::now();
        let all = start_all(&engine, &workflow, tasks, bench.args.concurrency).await?;
        own.push(per(tasks, begun.elapsed()));
        bench.progress.done(&format!("round {round}: {:.0} tasks/s", per(tasks, begun.elapsed())));
        gate.send_replace(true);
        for task in all {
            crate::load::completed(&engine, task).await?;
        }
        engine.drain().await?;
        bench.site.clear(ground).await?;
    }
    let pairs: Vec<f64> = own.iter().zip(&raw).map(|(own, raw)| own / raw).collect();
    let what = format!("starts of {tasks} tasks beside their raw rows");
    Ok(vec![Figure::new(what, "/s", Spread::of(own)).beside(Spread::of(raw)).ratio(pairs).at_least(0.3)])
}
