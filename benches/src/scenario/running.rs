//! Many tasks, each inside a slow step: the memory of an instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use drydock_core::journal::Journal;
use drydock_workflow::{BuildErrors, Outcome, StepError, Workflow, WorkflowBuilder, step_fn};
use tokio::sync::watch;

use super::Bench;
use super::child::until;
use super::start::start_all;
use crate::Failure;
use crate::figure::{Figure, Spread, share};
use crate::load::{completed, engine};
use crate::usage;

/// A workflow of one step that goes on once it is let.
pub(super) fn held(opened: watch::Receiver<bool>) -> Result<Workflow<(), ()>, BuildErrors> {
    held_and_counted(opened, &Arc::default())
}

pub(super) fn held_and_counted(
    opened: watch::Receiver<bool>,
    inside: &Arc<AtomicU64>,
) -> Result<Workflow<(), ()>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new("bench/held", 1);
    let inside = Arc::clone(inside);
    let hold = step_fn(move |_, (): ()| {
        let (mut opened, inside) = (opened.clone(), Arc::clone(&inside));
        async move {
            inside.fetch_add(1, Ordering::Relaxed);
            let gone = opened.wait_for(|open| *open).await.is_err();
            if gone { Err(StepError::permanent("the benchmark is over")) } else { Ok(Outcome::Done(())) }
        }
    });
    builder.step("hold", hold).run(());
    builder.build()
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let tasks = bench.args.size(100_000, 2_000);
    let ground = bench.site.ground().await?;
    let (gate, opened) = watch::channel(false);
    let inside = Arc::new(AtomicU64::new(0));
    let workflow = held_and_counted(opened, &inside)?;
    let engine = engine(
        Arc::clone(&ground.store) as Arc<dyn Journal>,
        "bench",
        &workflow,
        usize::try_from(tasks)? + 1_000,
    )
    .await?;
    // What all instances need, whatever they do, is there once some tasks have run.
    let few = start_all(&engine, &workflow, 500, bench.args.concurrency).await?;
    let before = usage::resident()?;
    let mut all = start_all(&engine, &workflow, tasks, bench.args.concurrency).await?;
    all.extend(few);
    until(&inside, all.len() as u64).await;
    let kib = share(usage::resident()?.saturating_sub(before), tasks) / 1024.0;
    bench.progress.done(&format!("{tasks} tasks inside a step"));
    gate.send_replace(true);
    for task in all {
        completed(&engine, task).await?;
    }
    engine.drain().await?;
    bench.site.clear(ground).await?;
    let what = format!("memory of a task inside a step, of {tasks}");
    Ok(vec![Figure::new(what, "KiB", Spread::from(kib)).at_most(6.0)])
}
