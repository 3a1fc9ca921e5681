//! The driver against the emulated MAAS, through the whole life of a machine.

use drydock_drivers::DriverErrorKind::{NotFound, Refused};
use drydock_drivers::NodeDriver;
use drydock_drivers::emulator::{EffectKind, MaasStatus};
use drydock_drivers::node::{DeployRequest, MachineState, ReleaseRequest};

use crate::rig::{Rig, UNIT, n1};

fn jammy() -> DeployRequest {
    DeployRequest {
        image: Some("jammy".to_owned()),
        kernel: Some("ga-22.04".to_owned()),
        user_data: Some("#cloud-config\n{}\n".to_owned()),
    }
}

#[tokio::test]
async fn a_machine_lives_from_unknown_to_deleted_and_each_verb_may_be_repeated() {
    let rig = Rig::start().await;
    let driver = rig.driver.clone();
    assert_eq!(driver.find(&n1()).await.unwrap(), None);

    rig.enlist("n1");
    let found = rig.n1().await;
    assert_eq!((found.state, found.is_controller), (MachineState::New, false));
    assert_ne!(found.hostname, "n1", "it is found by its MAC");
    let id = found.id;
    for _ in 0..2 {
        driver.name(&id, "n1", Some("rack1.example.net")).await.unwrap();
    }
    let named = rig.n1().await;
    assert_eq!((named.hostname.as_str(), named.domain.as_deref()), ("n1", Some("rack1.example.net")));

    for _ in 0..2 {
        driver.commission(&id).await.unwrap();
        assert_eq!(driver.machine(&id).await.unwrap().state, MachineState::Commissioning);
    }
    rig.clock.advance(UNIT);
    assert_eq!(driver.machine(&id).await.unwrap().state, MachineState::Ready);

    for _ in 0..2 {
        driver.allocate(&id, "task-1").await.unwrap();
        let machine = driver.machine(&id).await.unwrap();
        assert_eq!(machine.state, MachineState::Allocated);
        assert_eq!(machine.allocated_for.as_deref(), Some("task-1"));
    }
    assert_eq!(driver.allocate(&id, "task-2").await.unwrap_err().kind, Refused);

    for _ in 0..2 {
        driver.deploy(&id, &jammy()).await.unwrap();
        let machine = driver.machine(&id).await.unwrap();
        assert_eq!((machine.state, machine.image.as_deref()), (MachineState::Deploying, Some("jammy")));
    }
    rig.clock.advance(2 * UNIT);
    assert_eq!(driver.machine(&id).await.unwrap().state, MachineState::Deployed);
    driver.deploy(&id, &jammy()).await.unwrap();
    driver.allocate(&id, "task-1").await.unwrap();

    for _ in 0..2 {
        driver.release(&id, ReleaseRequest { erase: true, quick_erase: true }).await.unwrap();
        assert_eq!(driver.machine(&id).await.unwrap().state, MachineState::Releasing);
    }
    rig.clock.advance(UNIT);
    driver.release(&id, ReleaseRequest::default()).await.unwrap();
    let released = driver.machine(&id).await.unwrap();
    assert_eq!((released.state, released.allocated_for, released.image), (MachineState::Ready, None, None));

    for _ in 0..2 {
        driver.delete(&id).await.unwrap();
    }
    assert_eq!(driver.find(&n1()).await.unwrap(), None);
    assert_eq!(driver.machine(&id).await.unwrap_err().kind, NotFound);

    let requested: Vec<MaasStatus> = rig
        .yard
        .effects()
        .into_iter()
        .filter_map(|effect| match effect.effect {
            EffectKind::Requested(status) => Some(status),
            _ => None,
        })
        .collect();
    let once =
        [MaasStatus::Commissioning, MaasStatus::Allocated, MaasStatus::Deploying, MaasStatus::Releasing];
    assert_eq!(requested, once, "repeating a verb repeats no effect");
    rig.stop().await;
}

#[tokio::test]
async fn what_maas_refuses_is_refused_in_its_own_words() {
    let rig = Rig::start().await;
    let driver = rig.driver.clone();
    rig.enlist("n1");
    let id = rig.n1().await.id;
    let texts = [
        driver.allocate(&id, "task-1").await.unwrap_err(),
        driver.deploy(&id, &jammy()).await.unwrap_err(),
        driver.release(&id, ReleaseRequest::default()).await.unwrap_err(),
    ]
    .map(|error| (error.kind, error.detail.unwrap()));
    assert!(texts.iter().all(|(kind, _)| *kind == Refused), "{texts:?}");
    assert!(texts[0].1.contains("it is New, allocated for nobody known here"), "{texts:?}");
    assert!(texts[1].1.contains("Can't deploy a machine that is in the 'New' state"), "{texts:?}");
    assert!(texts[2].1.contains("cannot be released in its current state ('New')"), "{texts:?}");

    driver.commission(&id).await.unwrap();
    rig.clock.advance(UNIT);
    driver.allocate(&id, "task-1").await.unwrap();
    let refused = driver.commission(&id).await.unwrap_err();
    assert_eq!(
        refused.detail.unwrap(),
        "400: Commission is not available because of the current state of the node."
    );
    let wrong = DeployRequest { image: Some("nosuch".to_owned()), kernel: None, user_data: None };
    let refused = driver.deploy(&id, &wrong).await.unwrap_err();
    assert!(refused.detail.unwrap().contains("distro_series: 'nosuch' is not a valid distro_series."));

    driver.deploy(&id, &jammy()).await.unwrap();
    let other = DeployRequest { image: Some("focal".to_owned()), kernel: None, user_data: None };
    let refused = driver.deploy(&id, &other).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.detail.as_deref()),
        (Refused, Some("it is Deploying with image jammy; release it first"))
    );
    rig.stop().await;
}

#[tokio::test]
async fn a_name_and_a_mac_that_disagree_are_refused() {
    let rig = Rig::start().await;
    rig.enlist("n1");
    rig.enlist("n2");
    let mut identity = n1();
    identity.boot_mac = Some("52-54-00-00-02-02".to_owned());
    let second = rig.driver.find(&identity).await.unwrap().unwrap();
    rig.driver.name(&second.id, "n2", None).await.unwrap();
    let first = rig.n1().await;
    let taken = rig.driver.name(&first.id, "n2", None).await.unwrap_err();
    assert_eq!(taken.detail.as_deref(), Some("400: hostname: Node with this Hostname already exists."));
    rig.driver.name(&first.id, "n1", None).await.unwrap();

    let error = rig.driver.find(&identity).await.unwrap_err();
    assert_eq!(error.kind, Refused);
    assert!(error.to_string().contains("no interface with the boot MAC 52:54:00:00:02:02"), "{error}");
    rig.stop().await;
}

#[tokio::test]
async fn a_lost_machine_shows_why_it_failed() {
    let rig = Rig::start().await;
    rig.enlist("n1");
    let id = rig.n1().await.id;
    rig.driver.commission(&id).await.unwrap();
    rig.clock.advance(UNIT);
    rig.driver.allocate(&id, "task-1").await.unwrap();
    rig.driver.deploy(&id, &jammy()).await.unwrap();
    rig.yard.power("n1", drydock_drivers::oob::PowerAction::Off).unwrap();
    let failed = rig.driver.machine(&id).await.unwrap();
    assert_eq!(
        (failed.state, failed.state_name.as_str()),
        (MachineState::FailedDeployment, "Failed deployment")
    );
    assert!(failed.message.unwrap().contains("lost power"));
    assert_eq!(rig.driver.deploy(&id, &jammy()).await.unwrap_err().kind, Refused);
    rig.stop().await;
}

/// Names and ids that MAAS makes up follow from the machine, so that a run can be repeated.
#[tokio::test]
async fn two_emulated_maas_make_up_the_same_names() {
    let (first, second) = (Rig::start().await, Rig::start().await);
    first.enlist("n1");
    second.enlist("n2");
    second.enlist("n1");
    let (one, two) = (first.n1().await, second.n1().await);
    assert_eq!((&one.id, &one.hostname), (&two.id, &two.hostname));
    assert_eq!(one.id.0.len(), 6);
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn what_can_be_installed_is_listed_as_a_deployment_names_it() {
    let rig = Rig::start().await;
    let platforms = rig.driver.platforms().await.unwrap();
    assert_eq!(platforms.keys().collect::<Vec<_>>(), ["focal", "jammy", "noble"]);
    assert_eq!(platforms["jammy"].iter().collect::<Vec<_>>(), ["ga-22.04", "hwe-22.04"]);
    rig.stop().await;
}

#[tokio::test]
async fn a_healthy_maas_passes_its_checks() {
    let rig = Rig::start().await;
    let checks = rig.driver.check_services().await.unwrap();
    let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, ["version", "authentication", "images", "rack controllers"]);
    assert!(checks.iter().all(|check| check.healthy), "{checks:?}");
    rig.stop().await;
}
