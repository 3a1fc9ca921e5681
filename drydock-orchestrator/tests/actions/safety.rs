//! What must never happen: power cut on a "don't know", two installations, a design swapped under a task.

use std::time::Duration;

use drydock_core::journal::TaskEndKind;
use drydock_core::task::{Action, ActionResult};
use drydock_drivers::emulator::{EffectKind, MaasFault, MaasStatus};
use drydock_workflow::EventKind;

use crate::support::World;

const UNIT: Duration = Duration::from_millis(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_in_the_existence_check_never_leads_to_a_power_cycle() {
    for fault in
        [MaasFault::Status(503), MaasFault::Status(500), MaasFault::Status(404), MaasFault::DropConnection]
    {
        let world = World::new(UNIT).await;
        world.run(Action::PrepareNodes, &["r1n01"]).await;
        world.run(Action::DeployNodes, &["r1n01"]).await;
        let before = world.effects("r1n01").len();
        let mut events = world.engine.events();
        world.maas.next(1_000_000, fault);
        let task = world.start(Action::PrepareNodes, &["r1n01"]).await;
        // Whether tried again or given up: the check has failed at least once.
        loop {
            match events.recv().await.unwrap().kind {
                EventKind::StepRetries { step, .. } if step.name().as_str() == "identify" => break,
                EventKind::StepEnded { step, done } if step.name().as_str() == "identify" => {
                    assert!(!done, "{fault:?} was taken for an answer");
                    break;
                }
                _ => {}
            }
        }
        world.maas.clear();
        world.end(task).await;
        assert_eq!(world.effects("r1n01").len(), before, "{fault:?}");
        assert_eq!(world.yard.machine("r1n01").unwrap().status, Some(MaasStatus::Deployed));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_deploy_does_not_deploy_twice() {
    let world = World::new(UNIT).await;
    world.run(Action::PrepareNodes, &["r1n01"]).await;
    let mut events = world.engine.events();
    let task = world.start(Action::DeployNodes, &["r1n01"]).await;
    loop {
        if let EventKind::StepStarted { step, .. } = events.recv().await.unwrap().kind
            && step.name().as_str() == "allocate"
        {
            // One of the following requests is the one that deploys; whichever it is, its answer is lost.
            world.maas.next(3, MaasFault::LoseAnswer);
            break;
        }
    }
    let end = world.end(task).await;
    assert!(matches!(end.kind, TaskEndKind::Completed(_)), "{end:?}");
    let deployed = world
        .effects("r1n01")
        .into_iter()
        .filter(|effect| *effect == EffectKind::Requested(MaasStatus::Deploying))
        .count();
    assert_eq!(deployed, 1);
    assert_eq!(world.yard.machine("r1n01").unwrap().status, Some(MaasStatus::Deployed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_keeps_the_design_with_which_it_began() {
    let world = World::new(UNIT).await;
    let mut events = world.engine.events();
    let task = world.start(Action::PrepareNodes, &["r1n01"]).await;
    loop {
        if let EventKind::StepEnded { step, .. } = events.recv().await.unwrap().kind
            && step.name().as_str() == "select"
        {
            world.change_design();
            break;
        }
    }
    // This process still holds the design it began with.
    let end = world.end(task).await;
    let result = drydock_orchestrator::task_result(&world.input(Action::PrepareNodes, &[]), Some(&end));
    assert_eq!(result.status, ActionResult::Success);
}
