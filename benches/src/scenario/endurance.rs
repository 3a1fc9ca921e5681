//! A steady part of what the engine can bear, for long: the table of living tasks must not grow, or dead rows pile up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use drydock_core::journal::Journal;
use drydock_workflow::{BuildErrors, Outcome, StepContext, Workflow, WorkflowBuilder, step_fn};

use super::Bench;
use crate::Failure;
use crate::database::Worn;
use crate::figure::{Figure, Spread, number, per, share};
use crate::load::{Output, SMALL, STEPS, at_pace, engine, name};

/// How long a task sleeps in the middle. Its row changes then, and goes from one index to the next.
const NAP: Duration = Duration::from_secs(1);

/// Ten steps that do nothing, but that the fifth sleeps first.
fn workflow() -> Result<Workflow<(), ()>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new("bench/enduring", 1);
    let first = step_fn(|_, (): ()| async { Ok(Outcome::Done(Output::of(1, SMALL))) });
    let mut last = builder.step(&name(1), first).run(());
    for step in 2..=STEPS {
        let next = step_fn(move |ctx: StepContext, before: Output| async move {
            if step == STEPS / 2 && ctx.elapsed() < NAP {
                return Ok(Outcome::wait(NAP, "it sleeps"));
            }
            Ok(Outcome::Done(before.next()))
        });
        last = builder.step(&name(step), next).run(&last);
    }
    builder.build()
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let args = bench.args;
    let rate = args.size(2_000, 50);
    let mut ground = bench.site.ground().await?;
    let workflow = workflow()?;
    let store = Arc::clone(&ground.store) as Arc<dyn Journal>;
    let engine = engine(store, "bench", &workflow, usize::try_from(rate)? * 4).await?;
    let (mut speeds, mut left) = (Vec::new(), Vec::<Worn>::new());
    // The first round fills the table to its size.
    for round in 0..=args.rounds() {
        let begun = Instant::now();
        let tasks = at_pace(&engine, &workflow, number(rate), args.round()).await?;
        let speed = per(tasks * u64::from(STEPS), begun.elapsed());
        let worn = match &mut ground.database {
            Some(database) => database.worn().await?,
            None => None,
        };
        let Some(worn) = worn else { continue };
        let Worn { dead, size } = worn;
        bench
            .progress
            .done(&format!("round {round}: {speed:.0} steps/s, {dead} dead rows, {} KiB", size / 1024));
        if round > 0 {
            speeds.push(speed);
            left.push(worn);
        }
    }
    engine.drain().await?;
    bench.site.clear(ground).await?;
    // As many at the end as at the beginning, and not only one of each: a vacuum is soon over.
    let (early, late) =
        (left.iter().take(left.len().div_ceil(4)), left.iter().rev().take(left.len().div_ceil(4)));
    let size = |worn: &Worn| share(worn.size, 1024);
    Ok(vec![
        Figure::new("steps", "/s", Spread::of(speeds)),
        Figure::new(
            "table of living tasks and its indexes, last quarter of the rounds beside the first",
            "KiB",
            Spread::of(late.map(size)),
        )
        .beside(Spread::of(early.map(size)))
        .at_most(1.5),
        Figure::new(
            "dead rows in all tables, after each round",
            "",
            Spread::of(left.iter().map(|worn| number(worn.dead))),
        ),
    ])
}
