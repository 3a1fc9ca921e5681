//! Cancelling: gracefully, then hard; with all descendants.

use std::time::Duration;

use drydock_core::journal::{TaskEnd, TaskEndKind, WaitKind, Write};
use drydock_store::repo::{ParentFilter, TaskQuery, TaskRepo as _, TaskStatus};
use drydock_workflow::{EventKind, Outcome, StepContext, StepError, Workflow, WorkflowBuilder, step_fn};

use crate::faulty::{Call, Fault, FaultyJournal, Switch};
use crate::support::{Log, World, childless, parent_of, within};

fn by(end: &TaskEnd) -> Option<&str> {
    match &end.kind {
        TaskEndKind::Cancelled(request) => Some(&request.by),
        _ => None,
    }
}

/// Works for a day, or until it is cancelled, if it listens.
fn long(listens: bool, log: &Log) -> Workflow<u32, ()> {
    let log = log.clone();
    let step = step_fn(move |ctx: StepContext, _: u32| {
        let log = log.clone();
        async move {
            tokio::select! {
                () = ctx.cancelled().cancelled(), if listens => {
                    log.note("heard");
                    Err(StepError::cancelled())
                }
                () = tokio::time::sleep(Duration::from_hours(24)) => Ok(Outcome::Done(())),
            }
        }
    });
    let mut builder = WorkflowBuilder::<u32>::new("long", 1);
    let input = builder.input();
    builder.step("long", step).run(&input);
    builder.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_step_that_listens_ends_at_once_one_that_does_not_after_the_grace() {
    for (listens, seconds) in [(true, 0), (false, 30)] {
        let log = Log::default();
        let workflow = long(listens, &log);
        let world = World::new();
        let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
        let mut events = engine.events();
        let task = engine.submit(&workflow, &0).await.unwrap();
        while !matches!(events.recv().await.unwrap().kind, EventKind::StepStarted { .. }) {}
        let asked = tokio::time::Instant::now();
        assert!(engine.cancel(task, "an operator").await.unwrap());
        let end = engine.wait(task).await.unwrap();
        assert_eq!(by(&end), Some("an operator"));
        assert_eq!(asked.elapsed().as_secs(), seconds);
        assert_eq!(log.lines().len(), usize::from(listens));
        assert!(!engine.cancel(task, "a latecomer").await.unwrap());
        assert_eq!(world.store.task_get(task).await.unwrap().unwrap().status, TaskStatus::Terminated);
    }
}

#[tokio::test(start_paused = true)]
async fn children_are_cancelled_with_their_parent() {
    let log = Log::default();
    let child = long(true, &log);
    let mut builder = WorkflowBuilder::<Vec<u32>>::new("parent", 1);
    let input = builder.input();
    builder.children("children", &child).run(&input);
    let parent = builder.build().unwrap();

    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let mut events = engine.events();
    let task = engine.submit(&parent, &vec![0; 5]).await.unwrap();
    let mut started = 0;
    while started < 5 {
        started += usize::from(matches!(events.recv().await.unwrap().kind, EventKind::StepStarted { .. }));
    }
    assert!(engine.cancel(task, "an operator").await.unwrap());
    assert_eq!(by(&engine.wait(task).await.unwrap()), Some("an operator"));
    assert_eq!(log.lines().len(), 5);
    let query = TaskQuery { parents: ParentFilter::Of(vec![task]), ..TaskQuery::default() };
    let children = world.store.task_list(&query).await.unwrap();
    assert_eq!(children.len(), 5);
    assert!(children.iter().all(|child| child.status == TaskStatus::Terminated));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_task_is_cancelled_without_being_asked_again() {
    let log = Log::default();
    let waits = {
        let log = log.clone();
        step_fn(move |_: StepContext, (): ()| {
            let log = log.clone();
            async move {
                log.note("asked");
                Ok(Outcome::<()>::wait(Duration::from_hours(100), "a long time"))
            }
        })
    };
    let mut builder = WorkflowBuilder::<()>::new("waits", 1);
    builder.step("waits", waits).run(());
    let workflow = builder.build().unwrap();
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let mut events = engine.events();
    let task = engine.submit(&workflow, &()).await.unwrap();
    while !matches!(events.recv().await.unwrap().kind, EventKind::StepWaits { .. }) {}
    engine.cancel(task, "an operator").await.unwrap();
    assert_eq!(by(&engine.wait(task).await.unwrap()), Some("an operator"));
    assert_eq!(log.lines(), ["asked"]);
}

#[tokio::test(start_paused = true)]
async fn children_that_were_on_their_way_are_told_of_the_cancellation() {
    let log = Log::default();
    let child = long(true, &log);
    let parent = parent_of(&child);
    let world = World::new();
    let first = Switch::default();
    first.set(true);
    let journal = FaultyJournal::new(world.store.clone(), move |call| match call {
        Call::Append { writes, .. } => {
            (writes.iter().any(begins_children) && first.take()).then_some(Fault::Hold)
        }
        _ => None,
    });
    let engine =
        world.instance_over(journal.clone(), "a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![1, 2]).await.unwrap();
    journal.holds().await;
    assert!(engine.cancel(task, "an operator").await.unwrap());
    // The parent hears of it while the children are not in the store yet.
    tokio::time::sleep(Duration::from_secs(2)).await;
    journal.release();
    let end = within(Duration::from_mins(1), engine.wait(task)).await.expect("the children go on").unwrap();
    assert_eq!(by(&end), Some("an operator"));
}

fn begins_children(write: &Write) -> bool {
    match write {
        Write::StepWaits(_, record) => record.kind == WaitKind::Children,
        _ => false,
    }
}

#[tokio::test(start_paused = true)]
async fn children_on_another_instance_are_cancelled_with_their_parent() {
    let log = Log::default();
    let child = long(true, &log);
    let parent = parent_of(&child);
    let world = World::new();
    // The children run on the other.
    let journal = FaultyJournal::new(world.store.clone(), childless);
    let engine = world.instance_over(journal, "a").workflow(&child).workflow(&parent);
    let engine = engine.start().await.unwrap();
    let other = world.instance("b").workflow(&child).start().await.unwrap();
    let mut events = other.events();
    let task = engine.submit(&parent, &vec![1, 2]).await.unwrap();
    for _ in 0..2 {
        while !matches!(events.recv().await.unwrap().kind, EventKind::StepStarted { .. }) {}
    }
    let asked = tokio::time::Instant::now();
    assert!(engine.cancel(task, "an operator").await.unwrap());
    assert_eq!(by(&engine.wait(task).await.unwrap()), Some("an operator"));
    assert_eq!(log.lines(), ["heard", "heard"]);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}
