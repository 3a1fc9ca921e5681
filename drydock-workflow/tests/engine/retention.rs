//! What is old goes: after its archive has it, by one instance for all, and nothing that is needed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{Cause, FeedCursor, Journal as _, JournalError};
use drydock_core::{TaskId, WorkflowName};
use drydock_workflow::{Archive, ArchivePages, EngineBuilder, EngineError, Outcome, Retention, step_fn};
use tokio::sync::Notify;

use crate::support::{Log, World, gated, nothing, single, works};

/// How long tasks are kept, and how often it is looked: short, as an instance is never idle for long, not even on paused time.
const AGE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_secs(5);

fn for_a_while() -> Retention {
    Retention { usual: Some(AGE), every: LOOK, ..Retention::default() }
}

fn with(world: &World, name: &str, retention: Retention) -> EngineBuilder {
    world.instance(name).retention(world.store.clone(), retention)
}

async fn is_there(world: &World, task: TaskId) -> bool {
    world.store.task_read(task).await.unwrap().is_some()
}

/// An archive that can be told to refuse, and says what it was given.
#[derive(Default)]
struct Shelf {
    refuses: Mutex<bool>,
    kept: Mutex<Vec<TaskId>>,
    asked: Mutex<u32>,
}

#[async_trait]
impl Archive for Shelf {
    async fn keep(&self, pages: &mut ArchivePages<'_>) -> Result<(), Cause> {
        *self.asked.lock().unwrap() += 1;
        assert!(!pages.name().contains('/'));
        while let Some(page) = pages.next().await? {
            let tasks = page.iter().map(|task| {
                assert_eq!(task.task.checkpoints.len(), 1);
                task.task.task.id
            });
            self.kept.lock().unwrap().extend(tasks);
        }
        if *self.refuses.lock().unwrap() { Err("the disk is full".into()) } else { Ok(()) }
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_goes_at_its_age_and_what_runs_stays() {
    let (world, gate, log) = (World::new(), Arc::new(Notify::new()), Log::default());
    let (quick, slow) = (nothing(), gated(&gate, &log));
    let engine = with(&world, "a", for_a_while()).workflow(&quick).workflow(&slow).start().await.unwrap();
    let ended = engine.submit(&quick, &()).await.unwrap();
    let runs = engine.submit(&slow, &()).await.unwrap();
    engine.wait(ended).await.unwrap();
    tokio::time::sleep(LOOK * 11).await;
    assert!(is_there(&world, ended).await);
    tokio::time::sleep(LOOK * 3).await;
    assert!(!is_there(&world, ended).await);
    tokio::time::sleep(AGE * 9).await;
    assert!(is_there(&world, runs).await);
    gate.notify_one();
    engine.wait(runs).await.unwrap();
    tokio::time::sleep(LOOK * 11).await;
    assert!(is_there(&world, runs).await, "its age counts from its end");
    tokio::time::sleep(LOOK * 3).await;
    assert!(!is_there(&world, runs).await);
}

#[tokio::test(start_paused = true)]
async fn a_workflow_may_be_kept_for_longer_or_for_ever() {
    let world = World::new();
    let noop = || step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
    let workflows = ["short", "long", "always"].map(|name| single(name, noop()));
    let name = |text: &str| WorkflowName::new(text).unwrap();
    let own = BTreeMap::from([(name("long"), Some(AGE * 9)), (name("always"), None)]);
    let retention = Retention { workflows: own, ..for_a_while() };
    let mut builder = with(&world, "a", retention);
    for workflow in &workflows {
        builder = builder.workflow(workflow);
    }
    let engine = builder.start().await.unwrap();
    let mut tasks = Vec::new();
    for workflow in &workflows {
        let task = engine.submit(workflow, &()).await.unwrap();
        engine.wait(task).await.unwrap();
        tasks.push(task);
    }
    let mut there = Vec::new();
    for ages in [2, 8, 20] {
        tokio::time::sleep(AGE * ages).await;
        for task in &tasks {
            there.push(is_there(&world, *task).await);
        }
    }
    assert_eq!(there, [false, true, true, false, false, true, false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_before_its_archive_has_it() {
    let (world, shelf) = (World::new(), Arc::new(Shelf::default()));
    let workflow = nothing();
    let retention = Retention { archive: Some(shelf.clone()), ..for_a_while() };
    let engine = with(&world, "a", retention).workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    engine.wait(task).await.unwrap();
    *shelf.refuses.lock().unwrap() = true;
    tokio::time::sleep(AGE * 2).await;
    assert!(is_there(&world, task).await);
    assert!(*shelf.asked.lock().unwrap() > 1, "it is asked again");
    *shelf.refuses.lock().unwrap() = false;
    shelf.kept.lock().unwrap().clear();
    tokio::time::sleep(LOOK * 2).await;
    assert!(!is_there(&world, task).await);
    assert_eq!(*shelf.kept.lock().unwrap(), [task]);
}

#[tokio::test(start_paused = true)]
async fn one_instance_does_it_and_another_goes_on_when_that_one_is_gone() {
    let (world, log) = (World::new(), Log::default());
    let workflow = works(&log);
    let shelves = [Arc::new(Shelf::default()), Arc::new(Shelf::default())];
    let mut engines = Vec::new();
    for (name, shelf) in ["a", "b"].into_iter().zip(&shelves) {
        let retention = Retention { archive: Some(shelf.clone()), ..for_a_while() };
        engines.push(with(&world, name, retention).workflow(&workflow).start().await.unwrap());
    }
    let asked = || shelves.each_ref().map(|shelf| *shelf.asked.lock().unwrap());
    let task = engines[1].submit(&workflow, &1).await.unwrap();
    engines[1].wait(task).await.unwrap();
    tokio::time::sleep(AGE * 2).await;
    assert!(!is_there(&world, task).await);
    assert_eq!(asked(), [1, 0]);
    let first = engines.remove(0);
    first.drain().await.unwrap();
    let task = engines[0].submit(&workflow, &1).await.unwrap();
    engines[0].wait(task).await.unwrap();
    tokio::time::sleep(AGE * 2).await;
    assert!(!is_there(&world, task).await);
    assert_eq!(asked(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn the_feed_is_trimmed_by_its_own_age() {
    let world = World::new();
    let workflow = nothing();
    let retention = Retention { feed: Some(AGE), every: LOOK, ..Retention::default() };
    let engine = with(&world, "a", retention).workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    engine.wait(task).await.unwrap();
    let page = world.store.feed_read(&FeedCursor::START, 1).await.unwrap();
    assert!(!page.commits.is_empty());
    tokio::time::sleep(AGE + LOOK * 3).await;
    let late = world.store.feed_read(&page.next, 9).await;
    assert!(
        matches!(late, Err(JournalError::FeedTrimmed { .. })) || late.is_ok_and(|it| it.commits.is_empty())
    );
    assert!(world.store.feed_read(&FeedCursor::START, 9).await.unwrap().commits.is_empty());
    assert!(is_there(&world, task).await, "what it told of is kept for ever");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_to_is_refused() {
    let world = World::new();
    for (wrong, named) in [
        (Retention { every: Duration::ZERO, ..for_a_while() }, "every"),
        (Retention { span: Duration::from_secs(59), ..for_a_while() }, "span"),
    ] {
        let refused = with(&world, "a", wrong).start().await.err();
        assert!(matches!(refused, Some(EngineError::Options { option, .. }) if option == named));
    }
}
