//! No wait, deadline or delay is too long: one task that means "for ever" must not take the instance down.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_workflow::{Outcome, StepError, Workflow, step_fn};
use tokio::sync::Notify;

use crate::support::{Log, World, gated, output, single, single_with, within};

/// Runs the workflow beside another task, which must not notice.
async fn is_survived(workflow: Workflow<(), ()>) {
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let other = gated(&gate, &log);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).workflow(&other).start().await.unwrap();
    let task = engine.submit(&other, &()).await.unwrap();
    log.reaches(1).await;
    engine.submit(&workflow, &()).await.unwrap();
    let stopped = within(Duration::from_mins(1), engine.stopped()).await;
    assert!(stopped.is_none(), "{stopped:?}");
    gate.notify_one();
    output(&engine.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["began", "ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_ever_is_survived() {
    let waits = step_fn(|_, (): ()| async { Ok(Outcome::wait(Duration::MAX, "for ever")) });
    is_survived(single("waits", waits)).await;
}

#[tokio::test(start_paused = true)]
async fn a_deadline_and_a_timeout_of_for_ever_are_survived() {
    let step = step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
    is_survived(single_with("ends", step, |step| step.deadline(Duration::MAX).timeout(Duration::MAX))).await;
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_of_for_ever_is_survived() {
    let fails = step_fn(|_, (): ()| async {
        Err::<Outcome<()>, _>(StepError { retry_after: Some(Duration::MAX), ..StepError::retryable("busy") })
    });
    is_survived(single("fails", fails)).await;
}

#[tokio::test(start_paused = true)]
async fn a_delay_of_for_ever_is_survived() {
    let fails = step_fn(|_, (): ()| async { Err::<Outcome<()>, _>(StepError::retryable("busy")) });
    let policy = RetryPolicy { jitter: 0.0, ..RetryPolicy::default().delays(Duration::MAX, Duration::MAX) };
    is_survived(single_with("fails", fails, |step| step.retry(policy))).await;
}

#[test]
fn no_delay_stays_no_delay_after_many_attempts() {
    let policy = RetryPolicy { first: Duration::ZERO, ..RetryPolicy::attempts(u32::MAX) };
    assert_eq!(policy.delay_after(2_000, 0.0), Some(Duration::ZERO));
}
