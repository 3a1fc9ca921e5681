//! A store that refuses records: the others are kept, and whoever is affected is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::TaskId;
use drydock_core::journal::{Checkpoint, JournalError, StepEnd, Write};
use drydock_workflow::testing::{Answer, Tamper};
use drydock_workflow::{
    EngineError, EngineOptions, Outcome, StepContext, Workflow, WorkflowBuilder, step_fn,
};
use serde_json::value::RawValue;

use crate::faulty::{Call, Fault, FaultyJournal};
use crate::support::{Log, World, failure, nothing, output, single, within, works};

fn two_steps() -> Workflow<(), ()> {
    let step = || step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
    let mut builder = WorkflowBuilder::<()>::new("two-steps", 1);
    let first = builder.step("first", step()).run(());
    builder.step("second", step()).run(&first);
    builder.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_write_is_lost_when_a_batch_is_split() {
    let world = World::new();
    // Slow, so that much gathers; then too much at once.
    let journal = FaultyJournal::new(world.store.clone(), |call| match call {
        Call::Append { writes, .. } => {
            let ends = writes.iter().filter(|write| matches!(write, Write::StepEnded(..))).count();
            Some(if ends > 3 { Fault::Refuse } else { Fault::Slow(Duration::from_millis(5)) })
        }
        _ => None,
    });
    let workflow = two_steps();
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let submitted = futures::future::join_all((0..40).map(|_| engine.submit(&workflow, &()))).await;
    for task in submitted {
        let end = within(Duration::from_mins(1), engine.wait(task.unwrap())).await;
        output(&end.expect("a task never ended").unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn large_outputs_share_several_commits() {
    const MIB: usize = 1 << 20;
    let text = RawValue::from_string(format!("\"{}\"", "x".repeat(10 * MIB))).unwrap();
    let large = step_fn(move |_, (): ()| {
        let text = text.clone();
        async move { Ok(Outcome::Done(text)) }
    });
    let mut builder = WorkflowBuilder::<()>::new("large", 1);
    let large = builder.step("large", large).run(());
    builder.step("after", step_fn(|_, (): ()| async { Ok(Outcome::Done(())) })).after(&large).run(());
    let workflow = builder.build().unwrap();
    let world = World::new();
    // Slow, so that much gathers.
    let heaviest = Arc::new(AtomicUsize::new(0));
    let journal = {
        let heaviest = heaviest.clone();
        FaultyJournal::new(world.store.clone(), move |call| match call {
            Call::Append { writes, .. } => {
                heaviest.fetch_max(writes.iter().map(output_len).sum(), Ordering::SeqCst);
                Some(Fault::Slow(Duration::from_millis(5)))
            }
            _ => None,
        })
    };
    let options = EngineOptions { output_limit: 16 * MIB, ..EngineOptions::default() };
    let engine =
        world.instance_over(journal, "a").options(options).workflow(&workflow).start().await.unwrap();
    let submitted = futures::future::join_all((0..12).map(|_| engine.submit(&workflow, &()))).await;
    for task in submitted {
        let end = within(Duration::from_mins(1), engine.wait(task.unwrap())).await;
        output(&end.expect("a task never ended").unwrap());
    }
    // A store takes 256 MiB at once.
    let heaviest = heaviest.load(Ordering::SeqCst);
    assert!(heaviest > 10 * MIB && heaviest <= 64 * MIB, "{heaviest} bytes in one commit");
}

fn output_len(write: &Write) -> usize {
    match write {
        Write::StepEnded(_, Checkpoint { end: StepEnd::Done(output), .. }) => output.len(),
        _ => 0,
    }
}

#[tokio::test(start_paused = true)]
async fn who_submits_a_task_that_the_store_refuses_is_told() {
    let world = World::new();
    let journal = FaultyJournal::new(world.store.clone(), |call| match call {
        Call::Append { writes: [Write::TaskStarted(_), ..], .. } => Some(Fault::Refuse),
        _ => None,
    });
    let workflow = nothing();
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let refused = engine.submit(&workflow, &()).await;
    assert!(matches!(refused, Err(EngineError::Journal(JournalError::Rejected(_)))), "{refused:?}");
}

/// Children for all items, and other steps beside them.
fn parent(
    child: &Workflow<u64, u64>,
    beside: impl FnOnce(&mut WorkflowBuilder<Vec<u64>>),
) -> Workflow<Vec<u64>, ()> {
    let mut builder = WorkflowBuilder::<Vec<u64>>::new("parent", 1);
    let input = builder.input();
    builder.children("all", child).run(&input);
    beside(&mut builder);
    builder.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_refused_output_fails_the_parent_after_its_children_have_ended() {
    let world = World::new();
    let journal = FaultyJournal::new(world.store.clone(), |call| match call {
        Call::Append { writes, .. } => writes.iter().any(is_output_of_bad).then_some(Fault::Refuse),
        _ => None,
    });
    let log = Log::default();
    let child = works(&log);
    let bad = step_fn(|_, (): ()| async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(Outcome::Done(()))
    });
    let parent = parent(&child, |builder| {
        builder.step("bad", bad).run(());
    });
    let engine = world.instance_over(journal, "a").workflow(&child).workflow(&parent).start().await.unwrap();
    let begun = tokio::time::Instant::now();
    let task = engine.submit(&parent, &vec![3600]).await.unwrap();
    let end = within(Duration::from_hours(2), engine.wait(task)).await.unwrap().unwrap();
    assert!(failure(&end).contains("bad"), "{end:?}");
    assert_eq!(begun.elapsed().as_secs(), 3600);
}

#[tokio::test(start_paused = true)]
async fn a_refused_output_takes_nothing_with_it_that_was_recorded_beside_it() {
    let world = World::new();
    let together = Arc::new(AtomicUsize::new(0));
    let journal = {
        let together = together.clone();
        FaultyJournal::new(world.store.clone(), move |call| match call {
            Call::Append { writes, .. } if writes.iter().any(is_output_of_bad) => {
                together.fetch_max(writes.len(), Ordering::SeqCst);
                Some(Fault::Refuse)
            }
            _ => None,
        })
    };
    let log = Log::default();
    let child = works(&log);
    let bad = step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
    let waits = step_fn(|ctx: StepContext, (): ()| async move {
        let over = ctx.elapsed() >= Duration::from_secs(1);
        Ok(if over { Outcome::Done(()) } else { Outcome::wait(Duration::from_secs(1), "a second") })
    });
    let parent = parent(&child, |builder| {
        builder.step("bad", bad).run(());
        builder.step("waits", waits).run(());
    });
    let engine = world.instance_over(journal, "a").workflow(&child).workflow(&parent).start().await.unwrap();
    let begun = tokio::time::Instant::now();
    let task = engine.submit(&parent, &vec![60, 61]).await.unwrap();
    let end = within(Duration::from_hours(1), engine.wait(task)).await.expect("it waits for ever").unwrap();
    assert!(failure(&end).contains("bad"), "{end:?}");
    assert!(together.load(Ordering::SeqCst) >= 4, "nothing was beside it: the test shows nothing");
    assert_eq!(begun.elapsed().as_secs(), 61, "the children ran, and were waited for");
    within(Duration::from_mins(1), engine.drain()).await.expect("the drain never ended").unwrap();
}

fn is_output_of_bad(write: &Write) -> bool {
    match write {
        Write::StepEnded(_, checkpoint) => {
            checkpoint.step.text() == "bad" && matches!(checkpoint.end, StepEnd::Done(_))
        }
        _ => false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_wait_ends_the_task_and_the_instance_can_still_be_drained() {
    let world = World::new();
    let journal = FaultyJournal::new(world.store.clone(), |call| match call {
        Call::Append { writes, .. } => {
            writes.iter().any(|write| matches!(write, Write::StepWaits(..))).then_some(Fault::Refuse)
        }
        _ => None,
    });
    let mut builder = WorkflowBuilder::<()>::new("waits", 1);
    let waits = step_fn(|_, (): ()| async { Ok(Outcome::<()>::wait(Duration::from_secs(1), "a second")) });
    builder.step("waits", waits).run(());
    let long = step_fn(|_, (): ()| async {
        tokio::time::sleep(Duration::from_hours(1)).await;
        Ok(Outcome::Done(()))
    });
    builder.step("long", long).run(());
    let workflow = builder.build().unwrap();
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    let end =
        within(Duration::from_hours(2), engine.wait(task)).await.expect("the task never ended").unwrap();
    failure(&end);
    within(Duration::from_mins(1), engine.drain()).await.expect("the drain never ended").unwrap();
}

/// Spoils the news of one task.
struct Spoils(Mutex<Option<TaskId>>);

impl Tamper for Spoils {
    fn before(&self, _: &Call<'_>) -> Option<Fault> {
        None
    }

    fn after(&self, _: &Call<'_>, answer: Answer<'_>) {
        if let (Answer::News(news), Some(task)) = (answer, *self.0.lock().unwrap()) {
            news.unreadable.push((task, "live.cancel_by is empty".to_owned()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_which_the_news_cannot_be_read_is_given_up_and_the_others_go_on() {
    let (log, world) = (Log::default(), World::new());
    let workflow = works(&log);
    let spoils = Arc::new(Spoils(Mutex::new(None)));
    let journal = FaultyJournal::watched(world.store.clone(), Arc::clone(&spoils));
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let (bad, good) =
        (engine.submit(&workflow, &100).await.unwrap(), engine.submit(&workflow, &100).await.unwrap());
    *spoils.0.lock().unwrap() = Some(bad);
    let end = within(Duration::from_secs(5), engine.wait(bad)).await.expect("it goes on").unwrap();
    assert_eq!(failure(&end), "what is stored of it cannot be read: live.cancel_by is empty");
    assert_eq!(output(&engine.wait(good).await.unwrap()), "100");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_was_given_up_and_is_brought_back_before_that_is_heard_goes_on() {
    let (world, refused) = (World::new(), AtomicUsize::new(0));
    let journal = FaultyJournal::new(world.store.clone(), move |call| {
        let Call::Append { writes, .. } = call else { return None };
        if writes.iter().any(|write| matches!(write, Write::TaskEnded(..))) {
            return Some(Fault::AnswerLate(Duration::from_secs(10)));
        }
        let waits = writes.iter().any(|write| matches!(write, Write::StepWaits(..)));
        (waits && refused.fetch_add(1, Ordering::SeqCst) == 0).then_some(Fault::Refuse)
    });
    let waits = step_fn(|ctx: StepContext, (): ()| async move {
        let over = ctx.elapsed() >= Duration::from_secs(1);
        Ok(if over { Outcome::Done(7) } else { Outcome::wait(Duration::from_secs(1), "a second") })
    });
    let workflow = single("waits", waits);
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    failure(&engine.wait(task).await.unwrap());
    assert!(engine.retry(task, None, "ann").await.unwrap());
    tokio::time::sleep(Duration::from_secs(20)).await;
    let end = within(Duration::from_mins(5), engine.wait(task)).await.expect("it is forgotten").unwrap();
    assert_eq!(output(&end), "7");
}
