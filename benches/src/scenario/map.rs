//! One map over many items, and one over few.

use std::sync::Arc;
use std::time::Instant;

use drydock_core::journal::Journal;
use drydock_workflow::{BuildErrors, Outcome, Workflow, WorkflowBuilder, step_fn};

use super::Bench;
use crate::Failure;
use crate::figure::{Figure, Spread, micros, number};
use crate::load::{completed, engine};

const FEW: u64 = 1_000;

fn workflow() -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("bench/map", 1);
    let count = builder.input();
    let list = step_fn(|_, count: u64| async move { Ok(Outcome::Done((0..count).collect::<Vec<u64>>())) });
    let list = builder.step("list", list).run(&count);
    let each = builder.map("each", step_fn(|_, item: u64| async move { Ok(Outcome::Done(item)) })).run(&list);
    let sum = step_fn(|_, all: Vec<u64>| async move { Ok(Outcome::Done(all.iter().sum())) });
    let sum = builder.step("sum", sum).run(&each);
    builder.output(&sum)
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let many = bench.args.size(100_000, 2_000);
    let workflow = workflow()?;
    let ground = bench.site.ground().await?;
    let engine = engine(Arc::clone(&ground.store) as Arc<dyn Journal>, "bench", &workflow, 1).await?;
    let (mut own, mut small) = (Vec::new(), Vec::new());
    for round in 0..=bench.args.rounds() {
        for (items, into) in [(FEW, &mut small), (many, &mut own)] {
            // As many items in all, so that both take as long.
            let times = if items == FEW { (many / FEW).max(1) } else { 1 };
            let begun = Instant::now();
            for _ in 0..times {
                completed(&engine, engine.submit(&workflow, &items).await?).await?;
            }
            let each = number(micros(begun.elapsed())) / number(items * times);
            bench.progress.done(&format!("{items} items: {each:.2} us for each"));
            // The first round warms up.
            if round > 0 {
                into.push(each);
            }
        }
    }
    engine.drain().await?;
    bench.site.clear(ground).await?;
    let pairs: Vec<f64> = own.iter().zip(&small).map(|(own, small)| own / small).collect();
    let what = format!("a step of a map over {many} items beside {FEW}");
    Ok(vec![Figure::new(what, "us", Spread::of(own)).beside(Spread::of(small)).ratio(pairs).at_most(1.2)])
}
