//! Steps that wait for places under their limits do not storm the store, and none is forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use drydock_core::{Clock, TaskId, Timestamp};
use drydock_workflow::testing::{Call, Fault, FaultyJournal};
use drydock_workflow::{Engine, EngineOptions, Outcome, Workflow, step_fn};
use tokio::time::Instant;

use crate::support::{Log, TokioClock, World, single_with, within};

/// How often places were asked for, and for how many steps in all.
#[derive(Clone, Default)]
struct Asked(Arc<(AtomicUsize, AtomicUsize)>);

impl Asked {
    fn journal(&self, world: &World) -> Arc<FaultyJournal> {
        let asked = self.clone();
        FaultyJournal::new(world.store.clone(), move |call| {
            if let Call::Slots { wishes, .. } = call {
                asked.0.0.fetch_add(1, Ordering::SeqCst);
                asked.0.1.fetch_add(wishes.len(), Ordering::SeqCst);
            }
            None
        })
    }

    fn counts(&self) -> (usize, usize) {
        (self.0.0.load(Ordering::SeqCst), self.0.1.load(Ordering::SeqCst))
    }
}

/// Ten seconds under a limit of four.
fn limited(log: &Log) -> Workflow<u32, u32> {
    let log = log.clone();
    let work = step_fn(move |_, n: u32| {
        let log = log.clone();
        async move {
            log.note(format!("{n}"));
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(Outcome::Done(n))
        }
    });
    single_with("limited", work, |step| step.limit("maas", 4))
}

async fn submit(
    engine: &Engine,
    workflow: &Workflow<u32, u32>,
    numbers: std::ops::Range<u32>,
) -> Vec<TaskId> {
    let mut tasks = Vec::new();
    for n in numbers {
        tasks.push(engine.submit(workflow, &n).await.unwrap());
    }
    tasks
}

/// A hundred steps for four places: about one call for each place that comes free, and none while nothing does.
#[tokio::test(start_paused = true)]
async fn a_place_that_comes_free_is_worth_one_call_however_many_wait() {
    for poll in [Duration::from_millis(100), Duration::from_hours(1)] {
        let (log, asked, world) = (Log::default(), Asked::default(), World::new());
        let workflow = limited(&log);
        let options = EngineOptions { poll, ..EngineOptions::default() };
        let builder = world.instance_over(asked.journal(&world), "a").options(options);
        let engine = builder.workflow(&workflow).start().await.unwrap();
        let begun = Instant::now();
        for task in submit(&engine, &workflow, 0..100).await {
            engine.wait(task).await.unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(253), "{:?}", begun.elapsed());
        let (calls, steps) = asked.counts();
        assert!(calls <= 100 && steps == 100, "{calls} calls for {steps} steps");
    }
}

/// Two instances whose clocks differ by a day. What one gives back the other finds with its next poll: one call each time, for
/// no more steps than there are places. The greater priority goes first, and nobody is forgotten.
#[tokio::test(start_paused = true)]
async fn instances_share_the_places_with_a_call_per_poll() {
    let (log, world) = (Log::default(), World::new());
    let workflow = limited(&log);
    let asked = [Asked::default(), Asked::default()];
    let one = world.instance_over(asked[0].journal(&world), "a").workflow(&workflow).start().await.unwrap();
    let ahead = Arc::new(Ahead(world.clock.clone()));
    let two = world.instance_over(asked[1].journal(&world), "b").clock(ahead).workflow(&workflow);
    let two = two.start().await.unwrap();
    let begun = Instant::now();
    let mut tasks = submit(&one, &workflow, 0..20).await;
    tasks.extend(submit(&two, &workflow, 20..40).await);
    tasks.push(one.task(&workflow, &99).priority(1).submit().await.unwrap());
    for task in tasks {
        within(Duration::from_mins(10), one.wait(task)).await.expect("a step was forgotten").unwrap();
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    assert!(seconds < 150, "{seconds}");
    let place = log.lines().iter().position(|line| line == "99").unwrap();
    assert!(place <= 8, "{place} of {:?}", log.lines());
    for asked in asked {
        let (calls, steps) = asked.counts();
        assert!(
            calls <= seconds + 60 && steps <= 4 * calls,
            "{calls} calls for {steps} steps in {seconds} s"
        );
    }
}

struct Ahead(Arc<TokioClock>);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now() + TimeDelta::days(1)
    }
}

/// Those that wait get the places when the dead instance's lease is over.
#[tokio::test(start_paused = true)]
async fn the_places_of_a_dead_instance_are_found() {
    let (log, asked, world) = (Log::default(), Asked::default(), World::new());
    let workflow = limited(&log);
    let one = world.instance("a").workflow(&workflow).start().await.unwrap();
    submit(&one, &workflow, 0..4).await;
    log.reaches(4).await;
    let two = world.instance_over(asked.journal(&world), "b").workflow(&workflow).start().await.unwrap();
    let tasks = submit(&two, &workflow, 4..8).await;
    drop(one);
    for task in tasks {
        within(Duration::from_mins(2), two.wait(task)).await.expect("a place was lost").unwrap();
    }
}

/// The store is away, or its answers are lost, for a while: what waits is asked for again, a step that got a place without
/// knowing it too.
#[tokio::test(start_paused = true)]
async fn who_got_no_answer_asks_again_with_the_next_poll() {
    let (log, world) = (Log::default(), World::new());
    let workflow = limited(&log);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let journal = FaultyJournal::new(world.store.clone(), move |call| match call {
        Call::Slots { .. } => match counted.fetch_add(1, Ordering::SeqCst) {
            0 | 3 => Some(Fault::LoseAnswer),
            1 | 4 => Some(Fault::Away),
            _ => None,
        },
        _ => None,
    });
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let begun = Instant::now();
    for task in submit(&engine, &workflow, 0..12).await {
        within(Duration::from_mins(5), engine.wait(task)).await.expect("a step was forgotten").unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(45), "{:?}", begun.elapsed());
    assert!(calls.load(Ordering::SeqCst) <= 16, "{calls:?}");
}
