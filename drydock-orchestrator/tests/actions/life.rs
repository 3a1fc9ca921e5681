//! Nodes through their life: verified, prepared, deployed, destroyed.

use std::time::Duration;

use drydock_core::task::{Action, ActionResult};
use drydock_drivers::emulator::{EffectKind, MaasStatus};
use drydock_drivers::oob::{BootDevice, PowerAction};

use crate::support::World;

const UNIT: Duration = Duration::from_millis(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_goes_from_unknown_to_deployed_and_back() {
    let world = World::new(UNIT).await;
    for action in [Action::ValidateDesign, Action::VerifySite] {
        assert_eq!(world.run(action, &[]).await.status, ActionResult::Success, "{action}");
    }
    let nodes = ["r1n01", "r2n03"];
    for action in [Action::VerifyNodes, Action::PrepareNodes, Action::DeployNodes, Action::DestroyNodes] {
        let result = world.run(action, &nodes).await;
        assert_eq!(
            (result.status, result.successes),
            (ActionResult::Success, nodes.map(str::to_owned).to_vec())
        );
        if action == Action::DeployNodes {
            assert_eq!(world.yard.machine("r1n01").unwrap().status, Some(MaasStatus::Deployed));
        }
    }
    use EffectKind::{BootDevice as Boot, Deleted, Power, Reached, Requested};
    assert_eq!(
        world.effects("r1n01"),
        [
            Boot(BootDevice::Pxe),
            Power(PowerAction::On),
            Reached(MaasStatus::New),
            Requested(MaasStatus::Commissioning),
            Reached(MaasStatus::Ready),
            Requested(MaasStatus::Allocated),
            Requested(MaasStatus::Deploying),
            Reached(MaasStatus::Deployed),
            Requested(MaasStatus::Releasing),
            Reached(MaasStatus::Ready),
            Deleted,
        ]
    );
    assert!(world.effects("r1n02").is_empty(), "a node out of scope is not touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_node_is_prepared_without_touching_its_power() {
    let world = World::new(UNIT).await;
    world.run(Action::PrepareNodes, &["r1n01"]).await;
    world.run(Action::DeployNodes, &["r1n01"]).await;
    let before = world.effects("r1n01").len();
    let task = world.start(Action::PrepareNodes, &["r1n01", "r1n02"]).await;
    world.end(task).await;
    assert_eq!(world.effects("r1n01").len(), before);
    let said: Vec<String> =
        world.childrens_messages(task).await.into_iter().map(|message| message.text).collect();
    assert!(said.iter().any(|text| text.contains("skipping OOB management")), "{said:?}");
    let again = world.run(Action::DeployNodes, &["r1n01"]).await;
    assert_eq!(again.status, ActionResult::Success, "what is deployed stays so");
    assert_eq!(world.effects("r1n01").len(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_fails_and_the_others_go_on() {
    let world = World::new(UNIT).await;
    world.run(Action::PrepareNodes, &["r1n01"]).await;
    // r1n02 was never prepared.
    let task = world.start(Action::DeployNodes, &["r1n01", "r1n02"]).await;
    let end = world.end(task).await;
    let result = drydock_orchestrator::task_result(&world.input(Action::DeployNodes, &[]), Some(&end));
    assert_eq!(result.status, ActionResult::PartialSuccess);
    assert_eq!((result.successes, result.failures), (vec!["r1n01".to_owned()], vec!["r1n02".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_nodes_in_scope_is_a_success_that_says_so() {
    let world = World::new(UNIT).await;
    let result = world.run(Action::DeployNodes, &["nobody"]).await;
    assert_eq!((result.status, result.successes.len()), (ActionResult::Success, 0));
}
