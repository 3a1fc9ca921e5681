//! An instance that is killed with many tasks under way: how long until all of them run again.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use drydock_core::journal::Journal;
use drydock_workflow::EngineOptions;
use tokio::sync::watch;

use super::Bench;
use super::child::{Part, Process, until};
use super::running::held_and_counted;
use crate::Failure;
use crate::database::Kind;
use crate::figure::{Figure, Spread};
use crate::load::engine;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let tasks = bench.args.size(10_000, 300);
    let ground = bench.site.ground().await?;
    let target = ground.target.clone();
    let part = |begins| Part { target: target.clone(), name: "bench-a".to_owned(), begins, has: tasks };
    let mut process = Process::ready(bench, &part(tasks)).await?;
    let mut again = Vec::new();
    for round in 0..bench.args.rounds() {
        process.kill()?;
        let begun = Instant::now();
        process = Process::ready(bench, &part(0)).await?;
        again.push(begun.elapsed().as_secs_f64());
        bench.progress.done(&format!("round {round}: restarted after {:?}", begun.elapsed()));
    }
    let what = format!("killed with {tasks} tasks, restarted: until all run again");
    let mut figures = vec![Figure::new(what, "s", Spread::of(again)).at_most(2.0)];
    if bench.kind == Kind::Postgres {
        let (_gate, opened) = watch::channel(false);
        let inside = Arc::new(AtomicU64::new(0));
        let workflow = held_and_counted(opened, &inside)?;
        let store = Arc::clone(&ground.store) as Arc<dyn Journal>;
        let heir = engine(store, "bench-b", &workflow, usize::try_from(tasks)? + 1).await?;
        process.kill()?;
        let begun = Instant::now();
        until(&inside, tasks).await;
        let seconds = begun.elapsed().as_secs_f64();
        bench.progress.done(&format!("taken over after {:?}", begun.elapsed()));
        let beyond = seconds - EngineOptions::default().lease.as_secs_f64();
        let what = "killed, taken over: until all run again, beyond the lease";
        figures.push(Figure::new(what, "s", Spread::from(beyond)).at_most(2.0));
        drop(heir);
    } else {
        process.kill()?;
    }
    bench.site.clear(ground).await?;
    Ok(figures)
}
