//! Failed attempts: kept, tried again as the policy says, or final.

use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{EventKind, Outcome, StepContext, StepError, WorkflowBuilder, step_fn};

use crate::support::{Log, World, failure, output, single_with};

#[tokio::test(start_paused = true)]
async fn a_flaky_step_is_tried_again_and_its_attempts_are_kept() {
    let flaky = step_fn(|ctx: StepContext, (): ()| async move {
        match ctx.attempt() {
            1 | 2 => Err(StepError::retryable(format!("attempt {} failed", ctx.attempt()))),
            attempt => Ok(Outcome::Done(attempt)),
        }
    });
    let mut builder = WorkflowBuilder::<()>::new("flaky", 1);
    let policy = RetryPolicy::attempts(3).delays(Duration::from_secs(10), Duration::from_mins(1));
    let step = builder.step("flaky", flaky).retry(policy).run(());
    let workflow = builder.output(&step).unwrap();

    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let begun = tokio::time::Instant::now();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "3");
    // 10 s and 20 s, of which jitter may take half.
    assert!((Duration::from_secs(15)..Duration::from_secs(31)).contains(&begun.elapsed()));

    let history = world.store.task_history(task).await.unwrap().unwrap();
    let kept: Vec<(u32, &str)> =
        history.attempts.iter().map(|attempt| (attempt.attempt, attempt.failure.message.as_str())).collect();
    assert_eq!(kept, [(1, "attempt 1 failed"), (2, "attempt 2 failed")]);
    assert_eq!(history.checkpoints.len(), 1);
    assert_eq!(history.checkpoints[0].attempt, 3);
}

#[tokio::test(start_paused = true)]
async fn a_permanent_error_is_final_and_says_which_step() {
    let mut builder = WorkflowBuilder::<()>::new("final", 1);
    let fails = step_fn(|_, (): ()| async { Err::<Outcome<()>, _>(StepError::permanent("no such image")) });
    let first = builder.step("fails", fails).run(());
    let never = step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
    builder.step("never", never).run(&first);
    let workflow = builder.build().unwrap();

    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step fails: no such image");
    assert_eq!(world.store.task_history(task).await.unwrap().unwrap().checkpoints.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn attempts_run_out() {
    let mut builder = WorkflowBuilder::<()>::new("hopeless", 1);
    let fails = step_fn(|_, (): ()| async { Err::<Outcome<()>, _>(StepError::retryable("busy")) });
    builder.step("fails", fails).retry(RetryPolicy::attempts(3)).run(());
    let workflow = builder.build().unwrap();

    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step fails: busy (gave up after 3 attempts)");
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_the_task_and_nothing_else() {
    let mut builder = WorkflowBuilder::<bool>::new("panics", 1);
    let input = builder.input();
    let step = step_fn(|_, panics: bool| async move {
        assert!(!panics, "out of luck");
        Ok(Outcome::Done(()))
    });
    builder.step("step", step).run(&input);
    let workflow = builder.build().unwrap();

    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let bad = engine.submit(&workflow, &true).await.unwrap();
    assert_eq!(failure(&engine.wait(bad).await.unwrap()), "step step: panicked: out of luck");
    let good = engine.submit(&workflow, &false).await.unwrap();
    assert_eq!(output(&engine.wait(good).await.unwrap()), "null");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_counts_over_all_attempts() {
    let log = Log::default();
    let fails = {
        let log = log.clone();
        step_fn(move |ctx: StepContext, (): ()| {
            let log = log.clone();
            async move {
                let left = ctx.deadline().unwrap() - ctx.now();
                log.note(format!("attempt {}: {} s left", ctx.attempt(), left.num_seconds()));
                tokio::time::sleep(Duration::from_secs(5)).await;
                Err::<Outcome<()>, _>(StepError::retryable("busy"))
            }
        })
    };
    let delay = Duration::from_secs(20);
    let policy = RetryPolicy { jitter: 0.0, ..RetryPolicy::attempts(100).delays(delay, delay) };
    let workflow = single_with("fails", fails, |step| step.retry(policy).deadline(Duration::from_mins(1)));
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let begun = tokio::time::Instant::now();
    let task = engine.submit(&workflow, &()).await.unwrap();
    let told = failure(&engine.wait(task).await.unwrap());
    assert_eq!(told, "step fails: busy (no time is left for another attempt)");
    assert_eq!(log.lines(), ["attempt 1: 60 s left", "attempt 2: 35 s left", "attempt 3: 10 s left"]);
    assert_eq!(begun.elapsed().as_secs(), 55);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_does_not_go_on_after_the_deadline() {
    let hangs = step_fn(|ctx: StepContext, (): ()| async move {
        if ctx.attempt() == 2 {
            std::future::pending::<()>().await;
        }
        Err::<Outcome<()>, _>(StepError::retryable("busy"))
    });
    let workflow = single_with("hangs", hangs, |step| step.deadline(Duration::from_mins(1)));
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let begun = tokio::time::Instant::now();
    let task = engine.submit(&workflow, &()).await.unwrap();
    failure(&engine.wait(task).await.unwrap());
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn attempts_and_their_times_stand_through_a_takeover() {
    let log = Log::default();
    let world = World::new();
    let fails = {
        let log = log.clone();
        step_fn(move |ctx: StepContext, (): ()| {
            let log = log.clone();
            async move {
                log.note(format!("attempt {} at {}", ctx.attempt(), ctx.now().format("%H:%M")));
                if ctx.attempt() == 3 {
                    return Ok(Outcome::Done(()));
                }
                Err(StepError { retry_after: Some(Duration::from_mins(10)), ..StepError::retryable("busy") })
            }
        })
    };
    let workflow = single_with("fails", fails, |step| step.retry(RetryPolicy::attempts(3)));
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    // One crash before each further attempt; the first is over before the attempt is due, the second is not.
    tokio::time::sleep(Duration::from_mins(4)).await;
    drop(first);
    let second = world.instance("a").workflow(&workflow).start().await.unwrap();
    let mut events = second.events();
    while !matches!(events.recv().await.unwrap().kind, EventKind::StepRetries { .. }) {}
    drop(second);
    tokio::time::sleep(Duration::from_mins(20)).await;
    let third = world.instance("a").workflow(&workflow).start().await.unwrap();
    output(&third.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["attempt 1 at 00:00", "attempt 2 at 00:10", "attempt 3 at 00:30"]);
}
