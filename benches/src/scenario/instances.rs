//! Four instances on one database, each as busy as one alone; and with as many tasks in all, so that their commits are small.

use std::sync::Arc;
use std::time::Instant;

use drydock_core::journal::Journal;
use tokio::task::JoinSet;

use super::Bench;
use crate::Failure;
use crate::database::Ground;
use crate::figure::{Figure, Spread, per};
use crate::load::{Load, SMALL, STEPS, Until, engine, workflow};

const MANY: usize = 4;

/// Steps per second of `count` instances, each with a store of its own and `tasks` tasks at once.
async fn together(ground: &Ground, count: usize, tasks: usize, until: Until) -> Result<f64, Failure> {
    let (mut engines, mut loads, mut running) = (Vec::new(), Vec::new(), JoinSet::new());
    for number in 0..count {
        let workflow = workflow(SMALL)?;
        let store = ground.target.store().await? as Arc<dyn Journal>;
        let engine = engine(store, &format!("bench-{number}"), &workflow, tasks).await?;
        loads.push(Load::new(engine.clone(), workflow, until));
        engines.push(engine);
    }
    let begun = Instant::now();
    for load in &loads {
        running.spawn(Arc::clone(load).run(tasks));
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    let elapsed = begun.elapsed();
    for engine in engines {
        engine.drain().await?;
    }
    Ok(per(loads.iter().map(|load| load.ended()).sum::<u64>() * u64::from(STEPS), elapsed))
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let ground = bench.site.ground().await?;
    let (until, tasks) = (Until::Time(bench.args.round()), bench.args.concurrency);
    let (mut one, mut busy, mut shared) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=bench.args.rounds() {
        for (count, each, into) in
            [(1, tasks, &mut one), (MANY, tasks, &mut busy), (MANY, tasks / MANY, &mut shared)]
        {
            let speed = together(&ground, count, each, until).await?;
            bench.progress.done(&format!("{count} instances, {each} tasks each: {speed:.0} steps/s"));
            // The first round warms up.
            if round > 0 {
                into.push(speed);
            }
        }
    }
    bench.site.clear(ground).await?;
    let beside_one = |what: String, many: Vec<f64>| {
        let pairs: Vec<f64> = many.iter().zip(&one).map(|(many, one)| many / one).collect();
        let one = Spread::of(one.iter().copied());
        Figure::new(what, "/s", Spread::of(many)).beside(one).ratio(pairs)
    };
    Ok(vec![
        beside_one(format!("steps of {MANY} instances beside one, all as busy"), busy).at_least(1.0),
        beside_one(format!("the same, with one's {tasks} tasks among them"), shared),
    ])
}
