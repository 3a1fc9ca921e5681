//! A wall clock that somebody sets: waits follow it, and nothing else does.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use drydock_core::{Clock, RetryPolicy, Timestamp};
use drydock_workflow::{EngineOptions, Outcome, StepContext, StepError, Workflow, step_fn};
use tokio::time::Instant;

use crate::support::{Log, TokioClock, World, output, single, single_with, within, works};

const DAY: i64 = 24 * 3600;

/// A clock that can be set.
struct Adjustable {
    clock: Arc<TokioClock>,
    seconds: AtomicI64,
}

impl Adjustable {
    fn new(world: &World) -> Arc<Self> {
        Arc::new(Self { clock: world.clock.clone(), seconds: AtomicI64::new(0) })
    }

    fn set(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for Adjustable {
    fn now(&self) -> Timestamp {
        self.clock.now() + TimeDelta::seconds(self.seconds.load(Ordering::SeqCst))
    }
}

/// Waits for an hour, once.
fn waits() -> Workflow<(), ()> {
    let waits = step_fn(|ctx: StepContext, (): ()| async move {
        if ctx.may_have_run() {
            return Ok(Outcome::Done(()));
        }
        Ok(Outcome::wait(Duration::from_hours(1), "an hour"))
    });
    single("waits", waits)
}

/// Fails once, and is tried again an hour later.
fn retries() -> Workflow<(), ()> {
    let retries = step_fn(|ctx: StepContext, (): ()| async move {
        if ctx.attempt() == 1 { Err(StepError::retryable("busy")) } else { Ok(Outcome::Done(())) }
    });
    let hour = Duration::from_hours(1);
    let policy = RetryPolicy { jitter: 0.0, ..RetryPolicy::attempts(2).delays(hour, hour) };
    single_with("retries", retries, |step| step.retry(policy))
}

/// How many minutes the task takes when the clock is set, by so many seconds, after ten minutes and after twenty.
async fn minutes(workflow: Workflow<(), ()>, jumps: [i64; 2]) -> u64 {
    let world = World::new();
    let clock = Adjustable::new(&world);
    // Long days: few polls.
    let minute = Duration::from_mins(1);
    let options = EngineOptions { poll: minute, lease: minute, ..EngineOptions::default() };
    let builder = world.instance("a").clock(clock.clone()).options(options).workflow(&workflow);
    let engine = builder.start().await.unwrap();
    let begun = Instant::now();
    let task = engine.submit(&workflow, &()).await.unwrap();
    let (end, ()) = tokio::join!(within(Duration::from_hours(48), engine.wait(task)), async {
        for seconds in jumps {
            tokio::time::sleep(Duration::from_mins(10)).await;
            clock.set(seconds);
        }
    });
    output(&end.expect("the task hangs").unwrap());
    begun.elapsed().as_secs() / 60
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_lengthens_a_wait_by_the_jump_and_no_more() {
    assert_eq!(minutes(waits(), [-DAY, -DAY]).await, 25 * 60);
    assert_eq!(minutes(retries(), [-DAY, -DAY]).await, 25 * 60);
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_and_forth_changes_nothing() {
    assert_eq!(minutes(waits(), [-DAY, 0]).await, 60);
    assert_eq!(minutes(retries(), [-DAY, 0]).await, 60);
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_forth_is_noticed_with_the_next_poll() {
    assert_eq!(minutes(waits(), [DAY, DAY]).await, 20);
}

#[tokio::test(start_paused = true)]
async fn neither_leases_nor_steps_under_way_follow_the_wall_clock() {
    for jump in [DAY, -DAY] {
        let log = Log::default();
        let workflow = works(&log);
        let world = World::new();
        let (set, other) = (Adjustable::new(&world), world.clock.clone());
        let engine = world.instance("a").clock(set.clone()).workflow(&workflow).start().await.unwrap();
        let _rival = world.instance("b").clock(other).workflow(&workflow).start().await.unwrap();
        let epoch = world.beat("a").await.epoch;
        let begun = Instant::now();
        let task = engine.submit(&workflow, &600).await.unwrap();
        log.reaches(1).await;
        set.set(jump);
        output(&engine.wait(task).await.unwrap());
        assert_eq!(begun.elapsed().as_secs(), 600);
        assert_eq!(world.beat("a").await.epoch, epoch);
        assert_eq!(log.lines(), ["begins 600"]);
    }
}
