//! A stored workflow whose version this code does not know: its tasks wait for an instance that does.

use std::time::Duration;

use drydock_core::journal::Journal as _;
use drydock_workflow::{EngineError, Outcome, Workflow, WorkflowBuilder, step_fn};

use crate::captured::Captured;
use crate::support::{World, children, output, parent_of};

fn numbered(version: u32) -> Workflow<(), u32> {
    let mut builder = WorkflowBuilder::<()>::new("numbered", version);
    let step = builder.step("gives", step_fn(move |_, (): ()| async move { Ok(Outcome::Done(version)) }));
    let number = step.run(());
    builder.output(&number).unwrap()
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_version_that_no_code_knows_stay_queued_until_an_instance_has_it() {
    let (captured, _guard) = Captured::start();
    let world = World::new();
    let (old, new) = (numbered(1), numbered(2));
    let waiting = world.queue(&old, &()).await.id;
    let engine = world.instance("new").workflow(&new).start().await.unwrap();
    let own = engine.submit(&new, &()).await.unwrap();
    assert_eq!(output(&engine.wait(own).await.unwrap()), "2");
    // Its lease is lost meanwhile: the instance reads the stored workflows again, and does not say so again.
    let joined = world.beat("new").await.epoch;
    world.retire("new").await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert!(world.beat("new").await.epoch > joined);
    let state = world.store.task_read(waiting).await.unwrap().unwrap();
    assert_eq!((state.owner, state.end, state.task.resumed), (None, None, false));
    let told: Vec<String> =
        captured.lines().into_iter().filter(|line| line.contains("lacks a stored version")).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("workflow=numbered version=1 offered=2"), "{told:#?}");

    let _knows = world.instance("old").workflow(&old).start().await.unwrap();
    assert_eq!(output(&engine.wait(waiting).await.unwrap()), "1");
}

#[tokio::test(start_paused = true)]
async fn one_engine_offers_two_versions_of_a_workflow_at_once() {
    let world = World::new();
    let (old, new) = (numbered(1), numbered(2));
    let waiting = world.queue(&old, &()).await.id;
    // The greater one first: the order says nothing.
    let parent = parent_of(&new);
    let engine = world.instance("a").workflow(&new).workflow(&old).workflow(&parent).start().await.unwrap();
    assert_eq!(output(&engine.wait(waiting).await.unwrap()), "1");
    for (workflow, expected) in [(&old, "1"), (&new, "2"), (&old, "1")] {
        let task = engine.submit(workflow, &()).await.unwrap();
        assert_eq!(output(&engine.wait(task).await.unwrap()), expected);
    }
    // Children begin under the greatest.
    let family = engine.submit(&parent, &vec![(), ()]).await.unwrap();
    assert_eq!(children::<u32>(&engine.wait(family).await.unwrap()), [2, 2]);
    assert_eq!(world.beat("a").await.offers.workflows.len(), 3);

    // A rival that has only the new one leaves the old one's tasks to others.
    let stranger = world.instance("b").workflow(&new).start().await.unwrap();
    let refused = stranger.submit(&old, &()).await.unwrap_err();
    assert!(matches!(refused, EngineError::UnknownWorkflow(_)), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn one_version_of_a_workflow_is_there_once() {
    let world = World::new();
    let mut builder = WorkflowBuilder::<()>::new("numbered", 1);
    builder.step("other", step_fn(|_, (): ()| async { Ok(Outcome::Done(())) })).run(());
    let other = builder.build().unwrap();
    let twice =
        world.instance("a").workflow(&numbered(1)).workflow(&numbered(2)).workflow(&other).start().await;
    let refused = twice.err().unwrap();
    assert!(
        matches!(&refused, EngineError::DuplicateWorkflow { name, version: 1 } if name.as_str() == "numbered"),
        "{refused}"
    );
}
