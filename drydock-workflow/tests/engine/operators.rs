//! The verbs of operators: hold and let go, try again, pass over, take as done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use drydock_core::journal::TaskEndKind;
use drydock_core::{StepKey, TaskId};
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{Engine, EventKind, Outcome, StepError, Undo, Workflow, WorkflowBuilder, step_fn};

use crate::support::{Log, World, failure, output, within};

fn key(text: &str) -> StepKey {
    text.parse().unwrap()
}

/// Three steps in a row, of which the second fails for good until it is mended; what they gave is added up.
fn fragile(log: &Log, mended: &Arc<AtomicBool>) -> Workflow<u32, Option<u32>> {
    let mut builder = WorkflowBuilder::<u32>::new("fragile", 1);
    let input = builder.input();
    let note = |name: &'static str| {
        let (log, mended) = (log.clone(), mended.clone());
        step_fn(move |_, n: Option<u32>| {
            let (log, mended) = (log.clone(), mended.clone());
            async move {
                log.note(name);
                if name == "second" && !mended.load(Ordering::SeqCst) {
                    return Err(StepError::permanent("it is broken"));
                }
                Ok(Outcome::Done(Some(n.unwrap_or(100) + 1)))
            }
        })
    };
    let first = step_fn(|_, n: u32| async move { Ok(Outcome::Done(Some(n + 1))) });
    let first = builder.step("first", first).run(&input);
    let second = builder.step("second", note("second")).run(&first);
    let third = builder.step("third", note("third")).run(&second);
    builder.output(&third).unwrap()
}

async fn failed(engine: &Engine, workflow: &Workflow<u32, Option<u32>>) -> TaskId {
    let task = engine.submit(workflow, &1).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step second: it is broken");
    task
}

/// How the task ended after it was brought back: until then its old end, or none, is there.
async fn completes(engine: &Engine, task: TaskId) -> String {
    let done = async {
        loop {
            if let Ok(end) = engine.wait(task).await
                && matches!(end.kind, TaskEndKind::Completed(_))
            {
                return output(&end);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    within(Duration::from_mins(1), done).await.expect("it never completed")
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_goes_on_at_the_step_that_failed() {
    let (log, mended, world) = (Log::default(), Arc::new(AtomicBool::new(false)), World::new());
    let workflow = fragile(&log, &mended);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = failed(&engine, &workflow).await;
    mended.store(true, Ordering::SeqCst);
    assert!(engine.retry(task, None, "ada").await.unwrap());
    assert_eq!(completes(&engine, task).await, "4");
    assert_eq!(log.lines(), ["second", "second", "third"]);
    let history = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!(history.attempts.len(), 1, "what failed is kept");
    let verbs: Vec<_> = history.audit.iter().map(|entry| entry.request.by.as_str()).collect();
    assert!(!verbs.is_empty() && verbs.iter().all(|by| *by == "ada"), "{:?}", history.audit);
    assert!(!engine.retry(task, None, "ada").await.unwrap(), "a completed task has nothing to try again");
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_is_passed_over_or_taken_as_done() {
    for (done, expected) in [(None, "101"), (Some(41), "42")] {
        let (log, mended, world) = (Log::default(), Arc::new(AtomicBool::new(false)), World::new());
        let workflow = fragile(&log, &mended);
        let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
        let task = failed(&engine, &workflow).await;
        match done {
            None => assert!(engine.skip(task, key("second"), "not needed", "ada").await.unwrap()),
            Some(output) => assert!(engine.settle(task, key("second"), &output, "ada").await.unwrap()),
        }
        assert_eq!(completes(&engine, task).await, expected);
        assert_eq!(log.lines(), ["second", "third"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_fits_nothing_is_told_of_and_the_task_ends_as_before() {
    let (log, mended, world) = (Log::default(), Arc::new(AtomicBool::new(false)), World::new());
    let workflow = fragile(&log, &mended);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = failed(&engine, &workflow).await;
    assert!(engine.skip(task, key("nobody"), "a slip", "ada").await.unwrap());
    let told = async {
        loop {
            let record = world.store.task_get(task).await.unwrap().unwrap();
            if let (Some(message), Some(_)) = (record.messages.first(), &record.end) {
                return message.text.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let told = within(Duration::from_mins(1), told).await.expect("nothing was said");
    assert!(told.starts_with("the order of ada came to nothing"), "{told}");
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step second: it is broken");
}

#[tokio::test(start_paused = true)]
async fn a_paused_task_begins_nothing_until_it_is_let_go() {
    let (log, world) = (Log::default(), World::new());
    let mut builder = WorkflowBuilder::<()>::new("pausable", 1);
    let (noted, last) = (log.clone(), log.clone());
    let long = step_fn(move |_, (): ()| {
        let log = noted.clone();
        async move {
            log.note("begins");
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(Outcome::Done(()))
        }
    });
    let first = builder.step("long", long).run(());
    let short = step_fn(move |_, (): ()| {
        let log = last.clone();
        async move {
            log.note("goes on");
            Ok(Outcome::Done(()))
        }
    });
    builder.step("short", short).run(&first);
    let workflow = builder.build().unwrap();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    assert!(engine.pause(task, "ada").await.unwrap());
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(log.lines(), ["begins"], "what was under way ended; nothing began");
    // Whoever takes it over holds it too.
    drop(engine);
    let engine = world.instance("b").workflow(&workflow).start().await.unwrap();
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(log.lines(), ["begins"]);
    assert!(engine.resume(task, "ada").await.unwrap());
    let end = within(Duration::from_secs(5), engine.wait(task)).await.expect("it goes on soon");
    output(&end.unwrap());
    assert_eq!(log.lines(), ["begins", "goes on"]);
    assert!(!engine.pause(task, "ada").await.unwrap(), "it has ended");
}

#[tokio::test(start_paused = true)]
async fn a_stuck_task_goes_on_when_its_undoing_is_tried_again() {
    let (mended, world) = (Arc::new(AtomicBool::new(false)), World::new());
    let mut builder = WorkflowBuilder::<()>::new("sticky", 1);
    let works = mended.clone();
    let take = step_fn(|_, (): ()| async { Ok(Outcome::Done(7)) });
    let give_back = step_fn(move |_, taken: Undo<(), u32>| {
        let works = works.clone();
        async move {
            assert_eq!(taken.output, 7);
            if works.load(Ordering::SeqCst) {
                Ok(Outcome::Done(()))
            } else {
                Err(StepError::permanent("jammed"))
            }
        }
    });
    let taken = builder.step("take", take).undo(give_back).run(());
    let fails = step_fn(|_, _: u32| async { Err::<Outcome<()>, _>(StepError::permanent("no")) });
    builder.step("fails", fails).run(&taken);
    let workflow = builder.build().unwrap();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let mut events = engine.events();
    let task = engine.submit(&workflow, &()).await.unwrap();
    while !matches!(events.recv().await.unwrap().kind, EventKind::TaskStuck { .. }) {}
    mended.store(true, Ordering::SeqCst);
    assert!(engine.retry(task, Some(key("undo:take")), "ada").await.unwrap());
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step fails: no");
}

#[tokio::test(start_paused = true)]
async fn a_word_that_is_given_twice_is_obeyed_once() {
    let (log, mended, world) = (Log::default(), Arc::new(AtomicBool::new(false)), World::new());
    let workflow = fragile(&log, &mended);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = failed(&engine, &workflow).await;
    drop(engine);
    mended.store(true, Ordering::SeqCst);
    // Nobody has the task yet: its next owner finds all of it at once.
    let front = world.instance("front").start().await.unwrap();
    for _ in 0..2 {
        assert!(front.retry(task, None, "ada").await.unwrap());
    }
    assert!(front.settle(task, key("second"), &41, "ada").await.unwrap());
    let engine = world.instance("b").workflow(&workflow).start().await.unwrap();
    assert_eq!(completes(&engine, task).await, "42");
    assert_eq!(log.lines(), ["second", "third"], "what was settled is not tried again");
}

/// A step that waits to be cancelled, after one that can be undone, before a finally step that fails if it is told to.
fn reversible(log: &Log, finally_fails: bool) -> Workflow<(), ()> {
    let mut builder = WorkflowBuilder::<()>::new("reversible", 1);
    let note = |name: &'static str| {
        let log = log.clone();
        move || log.note(name)
    };
    let (act, undo, tidy) = (note("act"), note("undo"), note("tidy"));
    let body = step_fn(move |_, (): ()| {
        act();
        async { Ok(Outcome::Done(())) }
    });
    let taken_back = step_fn(move |_, _: Undo<(), ()>| {
        undo();
        async { Ok(Outcome::Done(())) }
    });
    let act = builder.step("act", body).undo(taken_back).run(());
    let waits = step_fn(|_, (): ()| async { Ok(Outcome::<()>::wait(Duration::from_hours(1), "nothing")) });
    builder.step("waits", waits).after(&act).run(());
    let tidies = step_fn(move |_, (): ()| {
        tidy();
        async move { if finally_fails { Err(StepError::permanent("no room")) } else { Ok(Outcome::Done(())) } }
    });
    builder.finally("tidy", tidies).run(());
    builder.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_undone_and_tidied_up_stays_so_whatever_is_tried_again() {
    for finally_fails in [false, true] {
        let (log, world) = (Log::default(), World::new());
        let workflow = reversible(&log, finally_fails);
        let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
        let task = engine.submit(&workflow, &()).await.unwrap();
        log.reaches(1).await;
        engine.cancel(task, "ada").await.unwrap();
        let before = engine.wait(task).await.unwrap();
        assert_eq!(log.lines(), ["act", "undo", "tidy"]);
        assert!(engine.retry(task, None, "ada").await.unwrap());
        let told = async {
            loop {
                let record = world.store.task_get(task).await.unwrap().unwrap();
                if let (false, Some(end)) = (record.messages.is_empty(), record.end) {
                    return end;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let after = within(Duration::from_mins(1), told).await.expect("it never ended again").kind;
        match (finally_fails, before.kind, after) {
            (false, TaskEndKind::Cancelled(_), TaskEndKind::Cancelled(_)) => {}
            (true, TaskEndKind::Failed(before), TaskEndKind::Failed(after)) => assert_eq!(before, after),
            other => panic!("{other:?}"),
        }
        assert_eq!(log.lines(), ["act", "undo", "tidy"], "nothing is done again");
        let history = world.store.task_history(task).await.unwrap().unwrap();
        assert_eq!(history.checkpoints.len(), 3, "{:?}", history.checkpoints);
    }
}

#[tokio::test(start_paused = true)]
async fn a_finally_step_that_waits_is_taken_as_done() {
    let (log, world) = (Log::default(), World::new());
    let mut builder = WorkflowBuilder::<()>::new("closing", 1);
    let noted = log.clone();
    let waits = step_fn(move |_, (): ()| {
        noted.note("waits");
        async { Ok(Outcome::<()>::signal("never", "it never comes")) }
    });
    builder.step("work", step_fn(|_, (): ()| async { Ok(Outcome::Done(())) })).run(());
    builder.finally("tidy", waits).run(());
    let workflow = builder.build().unwrap();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(engine.settle(task, key("tidy"), &(), "ada").await.unwrap());
    assert_eq!(completes(&engine, task).await, "null");
}
