//! Why a task is where it is: what `explain` says in each case, and that what it names really ends it.

use std::time::Duration;

use drydock_core::{ExecutorName, RetryPolicy, TaskId};
use drydock_workflow::executor::WorkQueue;
use drydock_workflow::{
    Engine, EngineOptions, Outcome, Step, StepContext, StepError, Workflow, WorkflowBuilder, step_fn,
};
use serde_json::json;

use crate::support::{Log, World, nothing, single, single_with, works};

async fn says(engine: &Engine, task: TaskId) -> String {
    engine.explain(task).await.unwrap().unwrap().to_string()
}

/// What is said when a task of one step has come to rest.
async fn of<S: Step<Input = ()>>(step: S) -> String {
    let world = World::new();
    let workflow = single("step", step);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    says(&engine, task).await
}

#[tokio::test(start_paused = true)]
async fn a_step_that_waits_says_for_what_since_when_and_until_when() {
    let timer =
        step_fn(|_, (): ()| async { Ok(Outcome::<()>::wait(Duration::from_hours(2), "the oven is hot")) });
    assert_eq!(
        of(timer).await,
        "step step waits: the oven is hot (since 2026-01-01 00:00:00 UTC); it is asked again at 2026-01-01 02:00:00 UTC\n"
    );
    let signal = step_fn(|_, (): ()| async {
        Ok(Outcome::<()>::signal("approve", "somebody has to look").or_after(Duration::from_hours(1)))
    });
    assert_eq!(
        of(signal).await,
        "step step waits for signal approve: somebody has to look (since 2026-01-01 00:00:00 UTC); \
         it goes on when that is sent, or at 2026-01-01 01:00:00 UTC\n"
    );
    let long = step_fn(|_, (): ()| async {
        tokio::time::sleep(Duration::from_hours(1)).await;
        Ok(Outcome::Done(()))
    });
    assert_eq!(of(long).await, "step step is under way on instance a\n");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_tried_again_says_why_and_when() {
    let world = World::new();
    let fails =
        step_fn(|_, (): ()| async { Err::<Outcome<()>, _>(StepError::retryable("the line is busy")) });
    let minute = Duration::from_mins(1);
    let policy = RetryPolicy { jitter: 0.0, ..RetryPolicy::attempts(9).delays(minute, minute) };
    let workflow = single_with("fails", fails, |step| step.retry(policy));
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(90)).await;
    let said = says(&engine, task).await;
    assert!(
        said.starts_with(
            "attempt 2 of step fails failed: the line is busy; the next begins at 2026-01-01 00:02:0"
        ),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_that_nobody_has_says_what_is_missing() {
    let world = World::new();
    let workflow = nothing();
    let task = world.queue(&workflow, &()).await.id;
    let stranger = world.instance("stranger").start().await.unwrap();
    assert_eq!(
        says(&stranger, task).await,
        "no live instance knows workflow nothing version 1 (since 2026-01-01 00:00:00 UTC); \
         an instance whose code has it takes it\n"
    );
    let knows = world.instance("knows").workflow(&workflow).start().await.unwrap();
    knows.wait(task).await.unwrap();
    assert_eq!(says(&stranger, task).await, "it has completed (since 2026-01-01 00:00:00 UTC)\n");

    let mut builder = WorkflowBuilder::<()>::new("remote", 1);
    builder.external::<(), ()>("count", "python", json!({})).run(());
    let workflow: Workflow<(), ()> = builder.build().unwrap();
    let python = ExecutorName::new("python").unwrap();
    let front =
        world.instance("front").workflow(&workflow).executor_elsewhere(python.clone()).start().await.unwrap();
    let task = front.submit(&workflow, &()).await.unwrap();
    let said = says(&front, task).await;
    assert!(said.starts_with("no live instance has executor python, which step count needs"), "{said}");
    let queue = WorkQueue::default();
    let back =
        world.instance("back").workflow(&workflow).executor(python, queue.clone()).start().await.unwrap();
    queue.take(Duration::from_secs(5)).await.unwrap();
    let said = says(&back, task).await;
    assert_eq!(said, "step count is under way on instance back, by executor python\n");
}

#[tokio::test(start_paused = true)]
async fn a_task_in_the_queue_says_who_could_take_it() {
    let (log, world) = (Log::default(), World::new());
    let workflow = works(&log);
    let options = EngineOptions { capacity: 1, ..EngineOptions::default() };
    let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
    engine.submit(&workflow, &100).await.unwrap();
    let task = engine.task(&workflow, &1).priority(-3).submit().await.unwrap();
    assert_eq!(
        says(&engine, task).await,
        "it is queued, with priority -3 (since 2026-01-01 00:00:00 UTC); the first of a that has room takes it\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_says_who_holds_the_lock_that_it_wants_who_paused_it_and_how_it_ended() {
    let world = World::new();
    let lock = step_fn(|ctx: StepContext, (): ()| async move {
        if ctx.has_locks() {
            tokio::time::sleep(Duration::from_hours(1)).await;
            return Err(StepError::permanent("it fell off"));
        }
        Ok(Outcome::<()>::locks(["node/n07"], "nobody else may touch it"))
    });
    let workflow = single("lock", lock);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let holder = engine.submit(&workflow, &()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let waiter = engine.submit(&workflow, &()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let said = says(&engine, waiter).await;
    let expected = format!(
        "step lock waits for lock node/n07, which task {holder} holds since 2026-01-01 00:00:00 UTC: \
         nobody else may touch it (since 2026-01-01 00:00:02 UTC); it goes on when it has them all\n"
    );
    assert_eq!(said, expected);
    assert!(engine.pause(waiter, "ada").await.unwrap());
    let said = says(&engine, waiter).await;
    assert!(
        said.starts_with("ada has paused it (since 2026-01-01 00:00:04 UTC); `resume` lets it go on\n"),
        "{said}"
    );
    engine.wait(holder).await.unwrap();
    let said = says(&engine, holder).await;
    assert!(said.starts_with("it has failed: step lock: it fell off (decided by the step)"), "{said}");
    assert!(said.ends_with("; `retry` brings it back\n"), "{said}");
    let nobody = "0190b2c8-0000-7000-8000-000000000000".parse().unwrap();
    assert_eq!(engine.explain(nobody).await.unwrap(), None);
}
