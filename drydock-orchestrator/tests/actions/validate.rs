//! `validate_design`: what the task says of a design, and how it ends.

use std::time::Duration;

use drydock_core::task::{Action, ActionResult};

use drydock_drivers::emulator::MaasFault;

use crate::support::World;

const UNIT: Duration = Duration::from_millis(60);

/// Validates the two-racks site after a change: the result, the errors and what else was said.
async fn validated(change: impl FnOnce(String) -> String) -> (ActionResult, Vec<String>, Vec<String>) {
    let world = World::new(UNIT).await;
    world.change_design_with(change);
    let task = world.start(Action::ValidateDesign, &[]).await;
    let end = world.end(task).await;
    let result = drydock_orchestrator::task_result(&world.input(Action::ValidateDesign, &[]), Some(&end));
    let (errors, said): (Vec<_>, Vec<_>) =
        world.messages(task).await.into_iter().partition(|message| message.error);
    let text =
        |messages: Vec<_>| messages.into_iter().map(|it: drydock_core::journal::Message| it.text).collect();
    (result.status, text(errors), text(said))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_design_is_a_success_and_nothing_is_said() {
    let (status, errors, said) = validated(|text| text).await;
    assert_eq!((status, errors.len(), said.len()), (ActionResult::Success, 0, 0), "{errors:?} {said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn warnings_are_said_and_do_no_harm() {
    let change = |text: String| text.replace("rack: rack2", "rack: rack3");
    let (status, errors, said) = validated(change).await;
    assert_eq!((status, errors.len(), said.len()), (ActionResult::Success, 0, 6), "{errors:?} {said:?}");
    assert!(said[0].contains("BaremetalNode/r2n01: DD5006 Rack Existence: Node r2n01 stands"), "{said:?}");
    assert!(said[0].ends_with("(docs/rules/DD5006-rack.md)"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kernel_that_the_provisioner_does_not_have_is_a_failure() {
    let change = |text: String| text.replace("kernel: hwe-22.04", "kernel: hwe-99.04");
    let (status, errors, _) = validated(change).await;
    assert_eq!((status, errors.len()), (ActionResult::Failure, 2), "{errors:?}");
    let expected = "DD3001 Platform Selection: Platform Validation: invalid kernel hwe-99.04";
    assert!(errors[0].contains(expected), "{errors:?}");
    assert!(errors[0].contains("Select a valid kernel from: ga-22.04,hwe-22.04"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provisioner_that_cannot_be_asked_leaves_the_platforms_unchecked() {
    let world = World::new(UNIT).await;
    world.maas.next(1_000_000, MaasFault::Status(404));
    let task = world.start(Action::ValidateDesign, &[]).await;
    world.end(task).await;
    let said: Vec<_> = world.messages(task).await.into_iter().map(|message| message.text).collect();
    assert!(said.iter().any(|text| text.contains("DD3001 Platform Selection: ")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_design_that_breaks_a_rule_is_a_failure_that_names_it() {
    let (status, errors, _) = validated(|text| text.replace("size: 40g", "size: 4g")).await;
    assert_eq!((status, errors.len()), (ActionResult::Failure, 12), "{errors:?}");
    assert!(
        errors[0].contains("BaremetalNode/r1n01: DD1001 Rational Boot Storage: Root volume"),
        "{errors:?}"
    );
    assert!(errors[0].ends_with("(docs/rules/DD1001-boot-storage.md)"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_design_that_cannot_be_resolved_is_told_with_what_the_rules_find() {
    let change = |text: String| {
        text.replace("host_profile: control", "host_profile: ctrl")
            .replace("cidr: 10.20.0.0/24", "cidr: 10.20.0.7/24")
    };
    let (status, errors, _) = validated(change).await;
    assert_eq!(status, ActionResult::Failure);
    for expected in
        ["there is no host profile \"ctrl\"", "DD2006 CIDR Validity: The provided CIDR 10.20.0.7/24"]
    {
        assert!(errors.iter().any(|text| text.contains(expected)), "{expected}: {errors:?}");
    }
}
