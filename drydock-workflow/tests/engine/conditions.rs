//! Conditions: a step that is not needed is skipped, on record, and what comes after it runs.

use drydock_core::journal::StepEnd;
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{Gate, Outcome, Workflow, WorkflowBuilder, step_fn};

use crate::support::{Log, World, output};

/// Updates a version below 7, and tells.
fn update(log: &Log) -> Workflow<u32, String> {
    let mut builder = WorkflowBuilder::<u32>::new("update", 1);
    let input = builder.input();
    let outdated = step_fn(|_, version: u32| async move {
        Ok(Outcome::Done(if version < 7 { Gate::Open } else { Gate::closed("it has version 7 or later") }))
    });
    let outdated = builder.step("outdated", outdated).run(&input);
    let log = log.clone();
    let update = step_fn(move |_, version: u32| {
        log.note("updates");
        async move { Ok(Outcome::Done(version + 1)) }
    });
    let updated = builder.step("update", update).when(&outdated).run(&input);
    let tell = step_fn(|_, updated: Option<u32>| async move { Ok(Outcome::Done(format!("{updated:?}"))) });
    let told = builder.step("tell", tell).run(&updated);
    builder.output(&told).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_not_needed_is_skipped_with_its_reason_on_record() {
    for (version, told, runs) in [(3, "\"Some(4)\"", 1), (9, "\"None\"", 0)] {
        let log = Log::default();
        let workflow = update(&log);
        let world = World::new();
        let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
        let task = engine.submit(&workflow, &version).await.unwrap();
        assert_eq!(output(&engine.wait(task).await.unwrap()), told);
        assert_eq!(log.lines().len(), runs);
        let history = world.store.task_history(task).await.unwrap().unwrap();
        let update = history.checkpoints.iter().find(|it| it.step.text() == "update").unwrap();
        let skipped = StepEnd::Skipped("it has version 7 or later".to_owned());
        assert_eq!(update.end == skipped, runs == 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_last_step_is_skipped_completes() {
    let mut builder = WorkflowBuilder::<bool>::new("maybe", 1);
    let input = builder.input();
    let act = step_fn(|_, (): ()| async { Ok(Outcome::Done(7)) });
    let acted = builder.step("act", act).when(&input).run(());
    let workflow = builder.output(&acted).unwrap();
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    for (acts, given) in [(true, "7"), (false, "null")] {
        let task = engine.submit(&workflow, &acts).await.unwrap();
        assert_eq!(output(&engine.wait(task).await.unwrap()), given);
    }
}
