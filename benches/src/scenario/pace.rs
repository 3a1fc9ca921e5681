//! A part of what the engine can bear: from a step's end to the next one's beginning, against raw commits of as many rows per second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use drydock_core::journal::Journal;
use drydock_workflow::{BuildErrors, Outcome, Workflow, WorkflowBuilder, step_fn};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::Bench;
use crate::Failure;
use crate::database::{Batch, Ground};
use crate::figure::{Figure, Spread, micros, number, per};
use crate::load::{Load, SMALL, STEPS, TICK, Until, at_pace, due, engine};

/// A step's output: when it was done, in microseconds of the benchmark's own clock.
#[derive(Serialize, Deserialize)]
struct Done {
    at: u64,
    filler: String,
}

type Times = Arc<Mutex<Histogram<u64>>>;

/// Ten steps that tell how long ago the one before was done.
fn workflow(clock: Instant, times: &Times) -> Result<Workflow<(), ()>, BuildErrors> {
    let done = move || Done { at: micros(clock.elapsed()), filler: "2fb5e13419fc89246865e7a30f3".to_owned() };
    let mut builder = WorkflowBuilder::<()>::new("bench/paced", 1);
    let mut last =
        builder.step("step01", step_fn(move |_, (): ()| async move { Ok(Outcome::Done(done())) })).run(());
    for step in 2..=STEPS {
        let times = Arc::clone(times);
        let next = step_fn(move |_, before: Done| {
            let since = micros(clock.elapsed()).saturating_sub(before.at);
            // A time that does not fit is over an hour.
            let _longer = times.lock().unwrap_or_else(PoisonError::into_inner).record(since).is_err();
            async move { Ok(Outcome::Done(done())) }
        });
        last = builder.step(&format!("step{step:02}"), next).run(&last);
    }
    builder.build()
}

/// How many of these steps per second the engine bears, 256 tasks at once.
async fn saturation(ground: &Ground, concurrency: usize, time: Duration) -> Result<f64, Failure> {
    let times: Times = Arc::new(Mutex::new(Histogram::new(3)?));
    let workflow = workflow(Instant::now(), &times)?;
    let store = Arc::clone(&ground.store) as Arc<dyn Journal>;
    let engine = engine(store, "bench", &workflow, concurrency * 2).await?;
    let (begun, load) = (Instant::now(), Load::new(engine.clone(), workflow, Until::Time(time)));
    Arc::clone(&load).run(concurrency).await?;
    let speed = per(load.ended() * u64::from(STEPS), begun.elapsed());
    engine.drain().await?;
    Ok(speed)
}

/// Runs tasks at so many steps per second; the 99th percentile of the time between steps, in microseconds.
async fn paced(ground: &Ground, rate: f64, time: Duration) -> Result<f64, Failure> {
    let times: Times = Arc::new(Mutex::new(Histogram::new(3)?));
    let workflow = workflow(Instant::now(), &times)?;
    let engine = engine(Arc::clone(&ground.store) as Arc<dyn Journal>, "bench", &workflow, 1).await?;
    at_pace(&engine, &workflow, rate / f64::from(STEPS), time).await?;
    engine.drain().await?;
    let p99 = times.lock().unwrap_or_else(PoisonError::into_inner).value_at_quantile(0.99);
    Ok(number(p99))
}

/// `SQLite` takes no more rows in one statement; what is due beyond that is late.
const MOST: u64 = 4_000;

/// Commits what has become due, at so many rows per second; the 99th percentile from a row's time to its commit.
async fn raw_paced(ground: &mut Ground, rate: f64, time: Duration) -> Result<Option<f64>, Failure> {
    let Some(database) = &mut ground.database else { return Ok(None) };
    let (mut batch, mut times) = (Batch::new(256, SMALL)?, Histogram::<u64>::new(3)?);
    let (begun, mut written) = (Instant::now(), 0);
    while begun.elapsed() < time {
        let rows = (due(begun, rate) - written).min(MOST);
        if rows == 0 {
            tokio::time::sleep(TICK).await;
            continue;
        }
        batch.renew(usize::try_from(rows)?);
        database.insert(&batch).await?;
        for row in written + 1..=written + rows {
            let time = Duration::from_secs_f64(number(row) / rate);
            times.record(micros(begun.elapsed().saturating_sub(time)))?;
        }
        written += rows;
    }
    Ok(Some(number(times.value_at_quantile(0.99))))
}

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let args = bench.args;
    let mut ground = bench.site.ground().await?;
    saturation(&ground, args.concurrency, args.round()).await?;
    let mut figures = Vec::new();
    for percent in [10, 50, 90] {
        let (mut own, mut raw, mut speeds) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..args.rounds() {
            // Anew each time: what the machine bears changes, and beyond it a queue only grows.
            let most = saturation(&ground, args.concurrency, args.round()).await?;
            let rate = most * f64::from(percent) / 100.0;
            speeds.push(most);
            bench.progress.now(&format!("{percent} % of {most:.0} steps/s, round {round}"));
            raw.extend(raw_paced(&mut ground, rate, args.round()).await?);
            own.push(paced(&ground, rate, args.round()).await?);
        }
        let pairs: Vec<f64> = own.iter().zip(&raw).map(|(own, raw)| own / raw).collect();
        let most = Spread::of(speeds).map_or(0.0, |speeds| speeds.median);
        let what = format!("a step at {percent} % of {most:.0} steps/s beside a raw commit, p99");
        figures
            .push(Figure::new(what, "us", Spread::of(own)).beside(Spread::of(raw)).ratio(pairs).at_most(3.0));
    }
    bench.site.clear(ground).await?;
    Ok(figures)
}
