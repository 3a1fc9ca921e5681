//! Workflows inside workflows: their steps run as if they were written there.

use std::time::Duration;

use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{Outcome, StepContext, StepError, Undo, Workflow, WorkflowBuilder, step_fn};

use crate::support::{Log, World, failure, output};

/// Notes where it is, and takes a second.
fn notes(log: &Log) -> impl drydock_workflow::Step<Input = u32, Output = u32> + use<> {
    let log = log.clone();
    step_fn(move |ctx: StepContext, n: u32| {
        let log = log.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            log.note(format!("{} {n}", ctx.key()));
            Ok(Outcome::Done(n + 1))
        }
    })
}

/// Two steps that do not wait for each other, one that is undone, and a finally step.
fn inner(log: &Log) -> Workflow<u32, u32> {
    let mut builder = WorkflowBuilder::<u32>::new("inner", 1);
    let input = builder.input();
    let undo = {
        let log = log.clone();
        step_fn(move |ctx: StepContext, undo: Undo<u32, u32>| {
            log.note(format!("{} {}", ctx.key(), undo.output));
            async { Ok(Outcome::Done(())) }
        })
    };
    let one = builder.step("one", notes(log)).undo(undo).run(&input);
    let alone = {
        let log = log.clone();
        step_fn(move |ctx: StepContext, (): ()| {
            let log = log.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                log.note(ctx.key().to_string());
                Ok(Outcome::Done(()))
            }
        })
    };
    builder.step("alone", alone).run(());
    builder.finally("last", notes(log)).run(&input);
    builder.output(&one).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_included_workflow_begins_with_its_input_and_is_over_when_all_its_steps_are() {
    let log = Log::default();
    let inner = inner(&log);
    let mut builder = WorkflowBuilder::<u32>::new("outer", 1);
    let input = builder.input();
    let first = builder.include("first", &inner, &input);
    let second = builder.include("second", &inner, &first);
    let workflow = builder.output(&second).unwrap();
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &0).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "2");
    let mut lines = log.lines();
    assert_eq!(
        lines.drain(..4).collect::<Vec<_>>(),
        ["first.one 0", "first.alone", "second.one 1", "second.alone"]
    );
    lines.sort();
    assert_eq!(lines, ["first.last 0", "second.last 1"]);
}

#[tokio::test(start_paused = true)]
async fn included_steps_are_undone_with_the_rest_and_what_never_began_is_not_tidied_up() {
    let log = Log::default();
    let inner = inner(&log);
    let mut builder = WorkflowBuilder::<u32>::new("outer", 1);
    let input = builder.input();
    let first = builder.include("first", &inner, &input);
    let fail = step_fn(|_, _: u32| async { Err::<Outcome<u32>, _>(StepError::permanent("broken")) });
    let failed = builder.step("fail", fail).run(&first);
    builder.include("second", &inner, &failed);
    let workflow = builder.build().unwrap();
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &0).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step fail: broken");
    assert_eq!(log.lines(), ["first.one 0", "first.alone", "undo:first.one 1", "first.last 0"]);
    let history = world.store.task_history(task).await.unwrap().unwrap();
    let skipped = history.checkpoints.iter().find(|it| it.step.text() == "second.last").unwrap();
    let reason = "step fail did not end well".to_owned();
    assert_eq!(skipped.end, drydock_core::journal::StepEnd::Skipped(reason));
}

#[test]
fn names_that_meet_and_handles_of_others_are_found() {
    let log = Log::default();
    let inner = inner(&log);
    let foreign = WorkflowBuilder::<u32>::new("other", 1).input();
    let mut builder = WorkflowBuilder::<u32>::new("outer", 1);
    let input = builder.input();
    builder.include("same", &inner, &input);
    builder.include("same", &inner, &input);
    builder.include("no name", &inner, &input);
    builder.include("foreign", &inner, &foreign);
    let problems = builder.build().err().unwrap().to_string();
    for part in ["two steps are called same.one", "\"no name\"", "foreign takes a handle"] {
        assert!(problems.contains(part), "{problems}");
    }
}
