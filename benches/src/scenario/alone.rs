//! One task with nothing beside it: from one step's end to the next one's beginning, against a raw commit of one row.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use drydock_core::journal::Journal;
use drydock_workflow::{BuildErrors, Outcome, Workflow, WorkflowBuilder, step_fn};
use hdrhistogram::Histogram;

use super::Bench;
use crate::Failure;
use crate::database::Batch;
use crate::figure::{Figure, Spread, micros, number};
use crate::load::{Output, SMALL, completed, engine};

/// Steps of the task that is alone.
const STEPS: u32 = 100;
/// Steps of a task that are not measured.
const FIRST: u32 = 10;

/// When the last step ended, and the times between steps so far.
pub(super) struct Times {
    last: Option<Instant>,
    pub(super) micros: Histogram<u64>,
}

pub(super) type Watch = Arc<Mutex<Times>>;

pub(super) fn watch() -> Result<Watch, Failure> {
    Ok(Arc::new(Mutex::new(Times { last: None, micros: Histogram::new(3)? })))
}

/// A chain whose steps tell how long it was since the one before.
fn chain(watch: &Watch) -> Result<Workflow<(), ()>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new("bench/chain", 1);
    let first = step_fn(|_, (): ()| async { Ok(Outcome::Done(Output::of(1, SMALL))) });
    let mut last = builder.step("first", first).run(());
    for step in 2..=STEPS {
        let watch = Arc::clone(watch);
        let next = step_fn(move |_, before: Output| {
            let mut times = watch.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(since) = times.last.replace(Instant::now()).filter(|_| step > FIRST) {
                // A time that does not fit is over an hour.
                let _longer = times.micros.record(micros(since.elapsed())).is_err();
            }
            async move { Ok(Outcome::Done(before)) }
        });
        last = builder.step(&format!("step{step:03}"), next).run(&last);
    }
    builder.build()
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let mut ground = bench.site.ground().await?;
    let times = watch()?;
    let workflow = chain(&times)?;
    let engine = engine(Arc::clone(&ground.store) as Arc<dyn Journal>, "bench", &workflow, 1).await?;
    let mut batch = Batch::new(1, SMALL)?;
    let (mut own, mut raw) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for round in 0..=bench.args.rounds() {
        *times.lock().unwrap_or_else(PoisonError::into_inner) =
            Times { last: None, micros: Histogram::new(3)? };
        let tasks = bench.args.size(10, 2);
        for task in 0..tasks {
            bench.progress.now(&format!("round {round}, task {task} of {tasks}"));
            completed(&engine, engine.submit(&workflow, &()).await?).await?;
        }
        let mut commits = Histogram::<u64>::new(3)?;
        if let Some(database) = &mut ground.database {
            for _ in 0..tasks * u64::from(STEPS) {
                batch.renew(1);
                let begun = Instant::now();
                database.insert(&batch).await?;
                commits.record(micros(begun.elapsed()))?;
            }
        }
        // The first round warms up.
        if round > 0 {
            let times = times.lock().unwrap_or_else(PoisonError::into_inner);
            for (place, quantile) in [0.5, 0.99].into_iter().enumerate() {
                own[place].push(number(times.micros.value_at_quantile(quantile)));
                raw[place].extend((!commits.is_empty()).then(|| number(commits.value_at_quantile(quantile))));
            }
        }
    }
    engine.drain().await?;
    bench.site.clear(ground).await?;
    let figure = |name: &str, place: usize| {
        let ratios = own[place].iter().zip(&raw[place]).map(|(own, raw)| own / raw);
        Figure::new(name, "us", Spread::of(own[place].iter().copied()))
            .beside(Spread::of(raw[place].iter().copied()))
            .ratio(ratios.collect::<Vec<_>>())
    };
    Ok(vec![figure("one step beside a raw commit, p50", 0).at_most(1.5), figure("the same, p99", 1)])
}
