//! One task with many children on two instances, against as many steps without.

use std::sync::Arc;
use std::time::Instant;

use drydock_core::InstanceName;
use drydock_core::journal::Journal;
use drydock_workflow::{
    BuildErrors, ChildOutcome, ChildResult, Engine, Outcome, StepError, Workflow, WorkflowBuilder, step_fn,
};

use super::Bench;
use crate::Failure;
use crate::figure::{Figure, Spread, per};
use crate::load::{SMALL, Until, completed};
use crate::raw::{self, Round};

fn child() -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("bench/child", 1);
    let input = builder.input();
    let step =
        builder.step("only", step_fn(|_, item: u64| async move { Ok(Outcome::Done(item)) })).run(&input);
    builder.output(&step)
}

fn parent(child: &Workflow<u64, u64>) -> Result<Workflow<Vec<u64>, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<Vec<u64>>::new("bench/parent", 1);
    let items = builder.input();
    let all = builder.children("all", child).run(&items);
    let count = step_fn(|_, ends: Vec<ChildResult<u64>>| async move {
        let all = ends.len();
        let good =
            ends.into_iter().filter(|end| matches!(end.end, ChildOutcome::Completed(_))).count() as u64;
        if good == all as u64 {
            Ok(Outcome::Done(good))
        } else {
            Err(StepError::permanent("children failed"))
        }
    });
    let count = builder.step("count", count).run(&all);
    builder.output(&count)
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let count = bench.args.size(10_000, 500);
    let child = child()?;
    let parent = parent(&child)?;
    let mut ground = bench.site.ground().await?;
    let (mut own, mut steps): (Vec<f64>, Vec<Round>) = (Vec::new(), Vec::new());
    for round in 0..=bench.args.rounds() {
        let plain = raw::load(
            &mut ground,
            SMALL,
            bench.args.concurrency,
            Until::Time(bench.args.round()),
            &bench.progress,
        )
        .await?;
        let mut engines = Vec::new();
        for name in ["bench-a", "bench-b"] {
            let store = ground.target.store().await? as Arc<dyn Journal>;
            let builder = Engine::builder(store, InstanceName::new(name)?);
            engines.push(builder.workflow(&child).workflow(&parent).start().await?);
        }
        let begun = Instant::now();
        let task = engines[0].submit(&parent, &(0..count).collect()).await?;
        completed(&engines[0], task).await?;
        let speed = per(count, begun.elapsed());
        for engine in engines {
            engine.drain().await?;
        }
        bench.progress.done(&format!("{speed:.0} children/s, {:.0} steps/s", plain.speed()));
        // The first round warms up.
        if round > 0 {
            own.push(speed);
            steps.push(plain);
        }
    }
    bench.site.clear(ground).await?;
    let pairs: Vec<f64> = own.iter().zip(&steps).map(|(own, steps)| own / steps.speed()).collect();
    let what = format!("ends of {count} children on two instances beside steps");
    let steps = Spread::of(steps.iter().map(Round::speed));
    Ok(vec![Figure::new(what, "/s", Spread::of(own)).beside(steps).ratio(pairs).at_least(0.3)])
}
