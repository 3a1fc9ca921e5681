//! Outputs over the limit, messages, and what a step is told of itself.

use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{EngineOptions, Outcome, StepContext, WorkflowBuilder, step_fn};

use crate::support::{World, failure, output};

#[tokio::test(start_paused = true)]
async fn an_output_over_the_limit_fails_the_step_with_advice() {
    let mut builder = WorkflowBuilder::<usize>::new("long", 1);
    let input = builder.input();
    builder.step("long", step_fn(|_, n: usize| async move { Ok(Outcome::Done("x".repeat(n))) })).run(&input);
    let workflow = builder.build().unwrap();
    let world = World::new();
    let options = EngineOptions { output_limit: 100, ..EngineOptions::default() };
    let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
    let short = engine.submit(&workflow, &98).await.unwrap();
    output(&engine.wait(short).await.unwrap());
    let long = engine.submit(&workflow, &99).await.unwrap();
    let told = failure(&engine.wait(long).await.unwrap());
    assert!(
        told.contains("101 bytes, the limit is 100") && told.contains("store large data elsewhere"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn messages_are_committed_in_order_with_the_step_that_said_them() {
    let talks = step_fn(|ctx: StepContext, (): ()| async move {
        ctx.say("one");
        ctx.say_about("node", "n01", "two");
        ctx.complain_about("node", "n02", "three");
        Ok(Outcome::Done((ctx.idempotency_key(), ctx.fence().1)))
    });
    let mut builder = WorkflowBuilder::<()>::new("talks", 1);
    let first = builder.step("first", talks).run(());
    let again = step_fn(|ctx: StepContext, _: (uuid::Uuid, drydock_core::Fence)| async move {
        ctx.say("four");
        Ok(Outcome::Done(()))
    });
    builder.step("second", again).run(&first);
    let workflow = builder.build().unwrap();
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    let said = world.store.task_get(task).await.unwrap().unwrap().messages;
    let lines: Vec<(u32, bool, &str, Option<&str>)> = said
        .iter()
        .map(|line| {
            (
                line.seq,
                line.error,
                line.text.as_str(),
                line.subject.as_ref().map(|subject| subject.name.as_str()),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (0, false, "one", None),
            (1, false, "two", Some("n01")),
            (2, true, "three", Some("n02")),
            (3, false, "four", None)
        ]
    );
}
