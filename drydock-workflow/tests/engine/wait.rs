//! Durable waits: asked again in time, with a deadline that nothing moves.

use std::time::Duration;

use drydock_workflow::{Outcome, StepContext, WorkflowBuilder, step_fn};

use crate::support::{Log, World, failure, output};

#[tokio::test(start_paused = true)]
async fn a_waiting_step_is_asked_again_and_keeps_its_beginning() {
    let poll = step_fn(|ctx: StepContext, (): ()| async move {
        if ctx.elapsed() < Duration::from_mins(40) {
            return Ok(Outcome::wait(Duration::from_secs(10), "the installation goes on"));
        }
        Ok(Outcome::Done((ctx.attempt(), ctx.elapsed().as_secs())))
    });
    let mut builder = WorkflowBuilder::<()>::new("install", 1);
    let step = builder.step("poll", poll).deadline(Duration::from_mins(45)).run(());
    let workflow = builder.output(&step).unwrap();

    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "[1,2400]");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_stands_through_a_crash() {
    let poll = step_fn(|_, (): ()| async { Ok(Outcome::<()>::wait(Duration::from_mins(4), "for ever")) });
    let mut builder = WorkflowBuilder::<()>::new("stuck", 1);
    builder.step("poll", poll).deadline(Duration::from_mins(10)).run(());
    let workflow = builder.build().unwrap();

    let world = World::new();
    let begun = tokio::time::Instant::now();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    tokio::time::sleep(Duration::from_mins(5)).await;
    drop(first);
    let second = world.instance("a").workflow(&workflow).start().await.unwrap();
    assert_eq!(failure(&second.wait(task).await.unwrap()), "step poll: its deadline passed");
    assert_eq!(begun.elapsed().as_secs() / 60, 10);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_dropped_and_tried_again() {
    let log = Log::default();
    let slow = {
        let log = log.clone();
        step_fn(move |ctx: StepContext, (): ()| {
            let log = log.clone();
            async move {
                log.note(format!("attempt {}", ctx.attempt()));
                if ctx.attempt() == 1 {
                    tokio::time::sleep(Duration::from_hours(1)).await;
                }
                Ok(Outcome::Done(()))
            }
        })
    };
    let mut builder = WorkflowBuilder::<()>::new("slow", 1);
    builder.step("slow", slow).timeout(Duration::from_secs(5)).run(());
    let workflow = builder.build().unwrap();
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["attempt 1", "attempt 2"]);
}
