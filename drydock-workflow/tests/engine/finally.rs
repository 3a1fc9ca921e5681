//! Finally steps: they run however the task ends, and a cancellation does not stop them.

use std::time::Duration;

use drydock_core::journal::TaskEndKind;
use drydock_workflow::{
    Engine, EngineOptions, EventKind, Outcome, StepContext, StepError, Workflow, WorkflowBuilder, step_fn,
};

use crate::support::{Log, World, failure, output, within};

/// `work` does as the task's input says; `give_back` takes a minute, and says whether it was told to stop.
fn tidy(log: &Log) -> Workflow<String, String> {
    let mut builder = WorkflowBuilder::<String>::new("tidy", 1);
    let input = builder.input();
    let work = step_fn(|ctx: StepContext, how: String| async move {
        match how.as_str() {
            "fails" => Err(StepError::permanent("broken")),
            "hangs" => {
                ctx.cancelled().cancelled().await;
                Err(StepError::cancelled())
            }
            _ => Ok(Outcome::Done(how)),
        }
    });
    let worked = builder.step("work", work).run(&input);
    let log = log.clone();
    let give_back = step_fn(move |ctx: StepContext, (how, worked): (String, Option<String>)| {
        let log = log.clone();
        async move {
            log.note(format!("{how} gives back {worked:?}"));
            tokio::select! {
                () = ctx.cancelled().cancelled() => log.note("told to stop"),
                () = tokio::time::sleep(Duration::from_mins(1)) => {}
            }
            if how == "tidies badly" {
                Err(StepError::permanent("no way back"))
            } else {
                Ok(Outcome::Done(()))
            }
        }
    });
    builder.finally("give_back", give_back).run((&input, &worked.maybe()));
    builder.output(&worked).unwrap()
}

async fn started(
    engine: &Engine,
    workflow: &Workflow<String, String>,
    how: &str,
    step: &str,
) -> drydock_core::TaskId {
    let mut events = engine.events();
    let task = engine.submit(workflow, &how.to_owned()).await.unwrap();
    let is = |kind: &EventKind| matches!(kind, EventKind::StepStarted { step: it, .. } if it.text() == step);
    while !is(&events.recv().await.unwrap().kind) {}
    task
}

#[tokio::test(start_paused = true)]
async fn finally_steps_run_however_the_task_ends() {
    let log = Log::default();
    let workflow = tidy(&log);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();

    let task = engine.submit(&workflow, &"works".to_owned()).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "\"works\"");
    let task = engine.submit(&workflow, &"fails".to_owned()).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step work: broken");
    let task = engine.submit(&workflow, &"tidies badly".to_owned()).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step give_back: no way back");
    let task = started(&engine, &workflow, "hangs", "work").await;
    engine.cancel(task, "an operator").await.unwrap();
    let end = engine.wait(task).await.unwrap();
    assert!(matches!(end.kind, TaskEndKind::Cancelled(_)), "{end:?}");

    assert_eq!(
        log.lines(),
        [
            "works gives back Some(\"works\")",
            "fails gives back None",
            "tidies badly gives back Some(\"tidies badly\")",
            "hangs gives back None"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_does_not_stop_a_finally_step_nor_does_its_grace() {
    let log = Log::default();
    let workflow = tidy(&log);
    let world = World::new();
    let options = EngineOptions { grace: Duration::from_secs(5), ..EngineOptions::default() };
    let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
    let task = started(&engine, &workflow, "works", "give_back").await;
    engine.cancel(task, "an operator").await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "\"works\"", "all its work was done");
    assert_eq!(log.lines().len(), 1);

    let begun = tokio::time::Instant::now();
    let task = started(&engine, &workflow, "hangs", "work").await;
    engine.cancel(task, "an operator").await.unwrap();
    engine.wait(task).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 60, "it has its whole minute");
    assert_eq!(log.lines().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_finally_step_that_a_crash_cut_off_is_run_again() {
    let log = Log::default();
    let workflow = tidy(&log);
    let world = World::new();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = started(&first, &workflow, "fails", "give_back").await;
    drop(first);
    let second = world.instance("a").workflow(&workflow).start().await.unwrap();
    assert_eq!(failure(&second.wait(task).await.unwrap()), "step work: broken");
    assert_eq!(log.lines(), ["fails gives back None"; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_draining_instance_leaves_finally_steps_to_the_next() {
    let log = Log::default();
    let workflow = tidy(&log);
    let world = World::new();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = started(&first, &workflow, "hangs", "work").await;
    let (drained, cancelled) = tokio::join!(first.drain(), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        first.cancel(task, "an operator").await
    });
    drained.unwrap();
    assert!(cancelled.unwrap());
    assert!(log.lines().is_empty(), "{:?}", log.lines());
    let second = world.instance("a").workflow(&workflow).start().await.unwrap();
    let end = within(Duration::from_mins(5), second.wait(task)).await.unwrap().unwrap();
    assert!(matches!(end.kind, TaskEndKind::Cancelled(_)), "{end:?}");
    assert_eq!(log.lines(), ["hangs gives back None"]);
}
