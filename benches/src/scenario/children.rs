//! One task with many children on two instances, against as many steps without.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use drydock_core::InstanceName;
use drydock_core::journal::Journal;
use drydock_workflow::{
    BuildErrors, ChildOutcome, ChildResult, Engine, Outcome, StepError, Workflow, WorkflowBuilder, step_fn,
};

use super::Bench;
use crate::Failure;
use crate::database::Ground;
use crate::figure::{Figure, Spread, per, share};
use crate::load::{SMALL, Until, completed};
use crate::raw::{self, Round};

/// A child whose only step counts itself: so it is seen who ran it.
fn child(ran: Arc<AtomicU64>) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("bench/child", 1);
    let input = builder.input();
    let only = step_fn(move |_, item: u64| {
        ran.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Outcome::Done(item)) }
    });
    let step = builder.step("only", only).run(&input);
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

/// One of the two instances.
struct Side {
    engine: Engine,
    parent: Workflow<Vec<u64>, u64>,
    /// How many children it ran.
    ran: Arc<AtomicU64>,
}

impl Side {
    async fn start(ground: &Ground, name: &str) -> Result<Self, Failure> {
        let ran = Arc::new(AtomicU64::new(0));
        let child = child(Arc::clone(&ran))?;
        let parent = parent(&child)?;
        let store = ground.target.store().await? as Arc<dyn Journal>;
        let builder = Engine::builder(store, InstanceName::new(name)?);
        let engine = builder.workflow(&child).workflow(&parent).start().await?;
        Ok(Self { engine, parent, ran })
    }

    async fn lead(&self, count: u64) -> Result<(), Failure> {
        let task = self.engine.submit(&self.parent, &(0..count).collect()).await?;
        completed(&self.engine, task).await
    }
}

/// How many children end in a second, and which part of them the instance ran that is not their parent's.
async fn family(ground: &Ground, count: u64) -> Result<(f64, f64), Failure> {
    let helper = Side::start(ground, "bench-helper").await?;
    let leader = Side::start(ground, "bench-leader").await?;
    // Connections are made, and the two have seen each other.
    leader.lead(count.div_ceil(10)).await?;
    let before = helper.ran.load(Ordering::Relaxed);
    let begun = Instant::now();
    leader.lead(count).await?;
    let speed = per(count, begun.elapsed());
    let helped = helper.ran.load(Ordering::Relaxed) - before;
    for side in [leader, helper] {
        side.engine.drain().await?;
    }
    Ok((speed, share(helped, count)))
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let count = bench.args.size(10_000, 500);
    let mut ground = bench.site.ground().await?;
    let (mut own, mut helped, mut steps): (Vec<f64>, Vec<f64>, Vec<Round>) = Default::default();
    for round in 0..=bench.args.rounds() {
        let plain = raw::load(
            &mut ground,
            SMALL,
            bench.args.concurrency,
            Until::Time(bench.args.round()),
            &bench.progress,
        )
        .await?;
        let (speed, part) = family(&ground, count).await?;
        bench.progress.done(&format!(
            "{speed:.0} children/s, {:.0} % of them elsewhere, {:.0} steps/s",
            part * 100.0,
            plain.speed()
        ));
        // The first round warms up.
        if round > 0 {
            own.push(speed);
            helped.push(part);
            steps.push(plain);
        }
    }
    bench.site.clear(ground).await?;
    let pairs: Vec<f64> = own.iter().zip(&steps).map(|(own, steps)| own / steps.speed()).collect();
    let what = format!("ends of {count} children on two instances beside steps");
    let steps = Spread::of(steps.iter().map(Round::speed));
    Ok(vec![
        Figure::new(what, "/s", Spread::of(own)).beside(steps).ratio(pairs).at_least(0.3),
        Figure::new("part of them that the other instance ran", "", Spread::of(helped)),
    ])
}
