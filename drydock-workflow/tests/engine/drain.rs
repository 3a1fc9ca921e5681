//! The orderly end of an instance: attempts under way may finish, the rest is handed over, and it always comes to an end.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::Journal as _;
use drydock_store::repo::{TaskRepo as _, TaskStatus};
use drydock_workflow::{EngineError, EventKind, Outcome, StepContext, StepError, step_fn};
use tokio::sync::Notify;

use crate::faulty::{Call, Fault, FaultyJournal, Switch};
use crate::recover::three;
use crate::support::{Log, World, children, gated, output, parent_of, single, within, works};

#[tokio::test(start_paused = true)]
async fn draining_lets_attempts_finish_and_hands_the_rest_over() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let workflow = three(&log, &gate);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let mut events = engine.events();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(2).await;
    let draining = {
        let engine = engine.clone();
        async move { engine.drain().await }
    };
    let (drained, ()) = tokio::join!(draining, async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        gate.notify_one();
    });
    drained.unwrap();
    assert!(matches!(engine.submit(&workflow, &()).await, Err(EngineError::Stopped | EngineError::Draining)));
    let kept = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!(kept.checkpoints.len(), 2, "the attempt under way was recorded, the next was not begun");
    assert_eq!(kept.task.status, TaskStatus::Queued);
    assert!(world.store.instance_list().await.unwrap().is_empty());
    while let Ok(event) = events.try_recv() {
        assert!(!matches!(event.kind, EventKind::TaskEnded(_)));
    }
    let other = world.instance("b").workflow(&workflow).start().await.unwrap();
    output(&other.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["first", "second", "third again"]);
}

#[tokio::test(start_paused = true)]
async fn draining_drops_what_goes_on_after_the_grace() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let workflow = three(&log, &gate);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(2).await;
    let begun = tokio::time::Instant::now();
    engine.drain().await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 30);
    let kept = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!((kept.checkpoints.len(), kept.task.status), (1, TaskStatus::Queued));
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_although_the_store_is_away() {
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let workflow = gated(&gate, &log);
    let world = World::new();
    let away = Switch::default();
    let journal = {
        let away = away.clone();
        FaultyJournal::new(world.store.clone(), move |_| away.is_on().then_some(Fault::Away))
    };
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    away.set(true);
    // So long that the lease is lost.
    tokio::time::sleep(Duration::from_mins(1)).await;
    let _told = within(Duration::from_mins(1), engine.drain()).await.expect("the drain never ended");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_task_that_is_handed_over_is_told_that_the_instance_stopped() {
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let workflow = gated(&gate, &log);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    let (end, drained) = tokio::join!(engine.wait(task), engine.drain());
    drained.unwrap();
    assert!(matches!(end, Err(EngineError::Stopped)), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_cancelled_during_the_drain_hears_of_it() {
    let log = Log::default();
    let listens = {
        let log = log.clone();
        step_fn(move |ctx: StepContext, (): ()| {
            let log = log.clone();
            async move {
                log.note("began");
                ctx.cancelled().cancelled().await;
                log.note("heard");
                Err::<Outcome<()>, _>(StepError::cancelled())
            }
        })
    };
    let workflow = single("listens", listens);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    let begun = tokio::time::Instant::now();
    let (drained, cancelled) = tokio::join!(engine.drain(), engine.cancel(task, "an operator"));
    drained.unwrap();
    assert!(cancelled.unwrap());
    assert_eq!(log.lines(), ["began", "heard"]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_parent_is_handed_over_while_its_children_end() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent_of(&child);
    let world = World::new();
    let first = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    // Two end within the grace; one is begun anew elsewhere.
    let task = first.submit(&parent, &vec![5, 10, 100]).await.unwrap();
    log.reaches(3).await;
    let begun = tokio::time::Instant::now();
    first.drain().await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(world.store.task_get(task).await.unwrap().unwrap().status, TaskStatus::Queued);
    let second = world.instance("b").workflow(&child).workflow(&parent).start().await.unwrap();
    assert_eq!(children::<u64>(&second.wait(task).await.unwrap()), [5, 10, 100]);
    assert_eq!(log.sorted(), ["begins 10", "begins 100", "begins 100", "begins 5"]);
}

#[tokio::test(start_paused = true)]
async fn children_that_all_end_during_the_drain_are_joined_here_or_there() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent_of(&child);
    let world = World::new();
    let first = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let begun = tokio::time::Instant::now();
    let task = first.submit(&parent, &vec![5, 10]).await.unwrap();
    log.reaches(2).await;
    first.drain().await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 10);
    let second = world.instance("b").workflow(&child).workflow(&parent).start().await.unwrap();
    assert_eq!(children::<u64>(&second.wait(task).await.unwrap()), [5, 10]);
    assert_eq!(log.sorted(), ["begins 10", "begins 5"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_claimed_during_the_drain_is_given_back_untouched() {
    let world = World::new();
    let log = Log::default();
    let workflow = works(&log);
    let journal = FaultyJournal::new(world.store.clone(), |call| match call {
        Call::Claim(_) => Some(Fault::Hold),
        _ => None,
    });
    let task = world.queue(&workflow, &1).await.id;
    let first = world.instance_over(journal.clone(), "a").workflow(&workflow).start().await.unwrap();
    journal.holds().await;
    let (drained, ()) = tokio::join!(within(Duration::from_mins(1), first.drain()), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        journal.release();
    });
    drained.expect("the drain never ended").unwrap();
    assert!(log.lines().is_empty());
    assert!(world.store.instance_list().await.unwrap().is_empty());
    let second = world.instance("b").workflow(&workflow).start().await.unwrap();
    output(&second.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["begins 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_although_the_last_record_cannot_be_written() {
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let workflow = gated(&gate, &log);
    let world = World::new();
    let away = Switch::default();
    let journal = {
        let away = away.clone();
        FaultyJournal::new(world.store.clone(), move |call| {
            (matches!(call, Call::Append { .. }) && away.is_on()).then_some(Fault::Away)
        })
    };
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    away.set(true);
    gate.notify_one();
    log.reaches(2).await;
    let _told = within(Duration::from_mins(2), engine.drain()).await.expect("the drain never ended");
}
