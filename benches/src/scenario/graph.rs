//! A workflow of many steps, and one of few, on the store that keeps nothing: what the engine itself needs for a step.

use std::sync::Arc;
use std::time::Instant;

use drydock_core::journal::Journal;
use drydock_store::MemoryStore;
use drydock_workflow::{BuildErrors, Outcome, Workflow, WorkflowBuilder, step_fn};

use super::Bench;
use crate::Failure;
use crate::figure::{Figure, Spread, micros, number};
use crate::load::{completed, engine};

const FEW: u64 = 100;
/// How many steps stand side by side; each waits for two of the row before.
const WIDE: usize = 10;

/// A lattice of about `steps` steps.
fn lattice(name: &str, steps: u64) -> Result<Workflow<(), ()>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new(name, 1);
    let first = || step_fn(|_, (): ()| async { Ok(Outcome::Done(1_u32)) });
    let join = || step_fn(|_, (left, _): (u32, u32)| async move { Ok(Outcome::Done(left)) });
    let mut row: Vec<_> =
        (0..WIDE).map(|place| builder.step(&format!("s0-{place}"), first()).run(())).collect();
    for line in 1..usize::try_from(steps).unwrap_or(usize::MAX) / WIDE {
        row = (0..WIDE)
            .map(|place| {
                let after = (&row[place], &row[(place + 1) % WIDE]);
                builder.step(&format!("s{line}-{place}"), join()).run(after)
            })
            .collect();
    }
    builder.build()
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let many = bench.args.size(10_000, 1_000);
    let (large, small) = (lattice("bench/large", many)?, lattice("bench/small", FEW)?);
    let (mut own, mut few) = (Vec::new(), Vec::new());
    for round in 0..=bench.args.rounds() {
        for (steps, workflow, into) in [(FEW, &small, &mut few), (many, &large, &mut own)] {
            let store = Arc::new(MemoryStore::new()) as Arc<dyn Journal>;
            let engine = engine(store, "bench", workflow, 1).await?;
            let times = (10 * many / steps).max(1);
            let begun = Instant::now();
            for _ in 0..times {
                completed(&engine, engine.submit(workflow, &()).await?).await?;
            }
            let each = number(micros(begun.elapsed())) / number(steps * times);
            engine.drain().await?;
            bench.progress.done(&format!("{steps} steps: {each:.2} us for each"));
            // The first round warms up.
            if round > 0 {
                into.push(each);
            }
        }
    }
    let pairs: Vec<f64> = own.iter().zip(&few).map(|(own, few)| own / few).collect();
    let what = format!("a step of a graph of {many} beside one of {FEW}");
    Ok(vec![Figure::new(what, "us", Spread::of(own)).beside(Spread::of(few)).ratio(pairs).at_most(2.0)])
}
