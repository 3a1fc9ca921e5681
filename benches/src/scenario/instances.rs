//! Four instances on one database, and one; as many tasks in all.

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

/// Steps per second of `count` instances, each with a store of its own.
async fn together(ground: &Ground, count: usize, concurrency: usize, until: Until) -> Result<f64, Failure> {
    let (mut engines, mut loads, mut running) = (Vec::new(), Vec::new(), JoinSet::new());
    for number in 0..count {
        let workflow = workflow(SMALL)?;
        let store = ground.target.store().await? as Arc<dyn Journal>;
        let engine = engine(store, &format!("bench-{number}"), &workflow, concurrency).await?;
        loads.push(Load::new(engine.clone(), workflow, until));
        engines.push(engine);
    }
    let begun = Instant::now();
    for load in &loads {
        running.spawn(Arc::clone(load).run(concurrency / count));
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
    let until = Until::Time(bench.args.round());
    let (mut many, mut one) = (Vec::new(), Vec::new());
    for round in 0..=bench.args.rounds() {
        for (count, into) in [(1, &mut one), (MANY, &mut many)] {
            let speed = together(&ground, count, bench.args.concurrency, until).await?;
            bench.progress.done(&format!("{count} instances: {speed:.0} steps/s"));
            // The first round warms up.
            if round > 0 {
                into.push(speed);
            }
        }
    }
    bench.site.clear(ground).await?;
    let pairs: Vec<f64> = many.iter().zip(&one).map(|(many, one)| many / one).collect();
    let what = format!("steps of {MANY} instances beside one");
    Ok(vec![Figure::new(what, "/s", Spread::of(many)).beside(Spread::of(one)).ratio(pairs).at_least(1.0)])
}
