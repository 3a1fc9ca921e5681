//! What the driver makes of a MAAS that is ill, slow or gone.

use std::collections::HashSet;
use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_drivers::DriverErrorKind::{
    self, Busy, Credential, EffectUnknown, Input, Protocol, Refused, Unreachable,
};
use drydock_drivers::NodeDriver;
use drydock_drivers::emulator::{EffectKind, MaasFault, MaasStatus};
use drydock_drivers::node::{DeployRequest, MachineId, MachineState};
use tokio::task::JoinSet;

use crate::recording::Recording;
use crate::replay::{Canned, Replay};
use crate::rig::{HandClock, Rig, UNIT, driver, n1, options};

const MANY: usize = 1000;

/// Each of the five questions of a `find` that ends with "none" goes wrong in each way.
#[tokio::test]
async fn trouble_in_find_is_an_error_and_never_none() {
    let rig = Rig::start().await;
    let mut impatient = options(&rig.url);
    impatient.answer_timeout = Duration::from_millis(50);
    let impatient = driver(&impatient, &rig.clock);
    let ways: [(MaasFault, DriverErrorKind); 8] = [
        (MaasFault::Status(200), Protocol),
        (MaasFault::Status(302), Protocol),
        (MaasFault::Status(404), Protocol),
        (MaasFault::Status(500), Busy),
        (MaasFault::Status(502), Unreachable),
        (MaasFault::Status(503), Busy),
        (MaasFault::DropConnection, Unreachable),
        (MaasFault::Hang, Unreachable),
    ];
    for question in 0..5 {
        for (fault, kind) in ways {
            rig.faults.pass(question);
            rig.faults.next(MANY, fault);
            let driver = if fault == MaasFault::Hang { &impatient } else { rig.driver.as_ref() };
            let error = driver.find(&n1()).await.expect_err("none was said");
            assert_eq!(error.kind, kind, "question {question}, {fault:?}: {error}");
            rig.faults.clear();
        }
    }
    assert_eq!(rig.driver.find(&n1()).await.unwrap(), None);
    rig.stop().await;
}

#[tokio::test]
async fn passing_trouble_with_a_question_is_not_noticed() {
    let rig = Rig::start().await;
    rig.enlist("n1");
    for status in [502, 503] {
        rig.faults.next(2, MaasFault::Status(status));
        assert_eq!(rig.n1().await.state, MachineState::New);
        rig.faults.next(3, MaasFault::Status(status));
        assert!(rig.driver.find(&n1()).await.is_err(), "three attempts are all");
        rig.faults.clear();
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_command_is_sent_once_whatever_becomes_of_it() {
    let rig = Rig::start().await;
    rig.enlist("n1");
    let id = rig.n1().await.id;
    for (fault, kind) in [
        (MaasFault::Status(500), EffectUnknown),
        (MaasFault::Status(502), EffectUnknown),
        (MaasFault::Status(503), Busy),
        (MaasFault::Status(504), EffectUnknown),
        (MaasFault::Status(200), Protocol),
        (MaasFault::DropConnection, EffectUnknown),
    ] {
        rig.faults.next(1, fault);
        let error = rig.driver.commission(&id).await.expect_err("a second attempt would succeed");
        assert_eq!(error.kind, kind, "{fault:?}");
    }
    let mut impatient = options(&rig.url);
    impatient.answer_timeout = Duration::from_millis(50);
    rig.faults.next(1, MaasFault::Hang);
    let error = driver(&impatient, &rig.clock).commission(&id).await.unwrap_err();
    assert_eq!((error.kind, error.detail.as_deref()), (EffectUnknown, Some("no answer in time")));
    assert_eq!(rig.n1().await.state, MachineState::New);
    rig.stop().await;
}

/// The first four questions are answered with "none", the last with who is asking.
#[tokio::test]
async fn none_is_not_believed_of_a_user_from_whom_maas_hides_machines() {
    let mut answers = vec![Canned::json("[]"); 4];
    answers.push(Canned::json(r#"{"username": "guest", "is_superuser": false}"#));
    let replay = Replay::start(answers).await;
    let error = driver(&options(&replay.url), &HandClock::new()).find(&n1()).await.unwrap_err();
    assert_eq!(error.kind, Refused);
    assert!(error.to_string().contains("user guest is not an administrator"), "{error}");
}

#[tokio::test]
async fn an_answer_that_was_not_filtered_is_not_taken_for_the_machine() {
    let other = Recording::load("e-machine-13").answer;
    let mut identity = n1();
    identity.name = "n9".parse().unwrap();
    let replay = Replay::start(vec![other.clone()]).await;
    let error = driver(&options(&replay.url), &HandClock::new()).find(&identity).await.unwrap_err();
    assert_eq!(error.kind, Protocol, "another name: {error}");

    identity.boot_mac = Some("52:54:00:00:09:09".to_owned());
    let replay = Replay::start(vec![Canned::json("[]"), other.clone()]).await;
    let error = driver(&options(&replay.url), &HandClock::new()).find(&identity).await.unwrap_err();
    assert_eq!(error.kind, Protocol, "another MAC: {error}");

    let machine = other.body.trim_start_matches('[').trim_end_matches(']').to_owned();
    let replay = Replay::start(vec![Canned::json(&format!("[{machine}, {machine}]"))]).await;
    let error = driver(&options(&replay.url), &HandClock::new()).find(&n1()).await.unwrap_err();
    assert_eq!(error.kind, Refused, "two of them: {error}");
}

#[tokio::test]
async fn lost_answers_leave_the_effect_unknown_and_the_verb_can_be_repeated() {
    let rig = Rig::start().await;
    rig.enlist("n1");
    let id = rig.n1().await.id;
    let request = DeployRequest { image: Some("ubuntu/jammy".to_owned()), kernel: None, user_data: None };

    rig.faults.next(1, MaasFault::LoseAnswer);
    assert_eq!(rig.driver.commission(&id).await.unwrap_err().kind, EffectUnknown);
    rig.driver.commission(&id).await.unwrap();
    rig.clock.advance(UNIT);

    // The machine is taken, but does not yet show for whom: only the owner itself may go on.
    rig.faults.next(1, MaasFault::LoseAnswer);
    assert_eq!(rig.driver.allocate(&id, "task-1").await.unwrap_err().kind, EffectUnknown);
    let gap = rig.driver.machine(&id).await.unwrap();
    assert_eq!((gap.state, gap.allocated_for), (MachineState::Allocated, None));
    assert_eq!(rig.driver.allocate(&id, "task-2").await.unwrap_err().kind, Refused);
    rig.driver.allocate(&id, "task-1").await.unwrap();
    assert_eq!(rig.driver.machine(&id).await.unwrap().allocated_for.as_deref(), Some("task-1"));

    rig.faults.next(1, MaasFault::LoseAnswer);
    assert_eq!(rig.driver.deploy(&id, &request).await.unwrap_err().kind, EffectUnknown);
    rig.driver.deploy(&id, &request).await.unwrap();
    let deployments = rig
        .yard
        .effects()
        .iter()
        .filter(|effect| effect.effect == EffectKind::Requested(MaasStatus::Deploying))
        .count();
    assert_eq!(deployments, 1);

    rig.faults.next(1, MaasFault::LoseAnswer);
    assert_eq!(rig.driver.delete(&id).await.unwrap_err().kind, EffectUnknown);
    rig.driver.delete(&id).await.unwrap();
    rig.stop().await;
}

/// The emulated MAAS refuses a nonce that it has seen.
#[tokio::test]
async fn no_nonce_is_used_twice_by_two_hundred_requests_in_parallel() {
    let rig = Rig::start().await;
    rig.enlist("n1");
    let id = rig.n1().await.id;
    let mut requests = JoinSet::new();
    for _ in 0..200 {
        let (driver, id) = (rig.driver.clone(), id.clone());
        requests.spawn(async move { driver.machine(&id).await });
    }
    let mut answers = 0;
    while let Some(answer) = requests.join_next().await {
        answer.unwrap().unwrap();
        answers += 1;
    }
    assert_eq!(answers, 200);
    rig.stop().await;
}

#[tokio::test]
async fn each_attempt_of_one_question_is_signed_anew() {
    let replay = Replay::start(vec![Canned::status(503)]).await;
    let error = driver(&options(&replay.url), &HandClock::new()).find(&n1()).await.unwrap_err();
    assert_eq!(error.kind, Busy);
    let seen = replay.requests();
    let headers: HashSet<&str> = seen.iter().map(|request| request.authorization.as_str()).collect();
    assert_eq!((seen.len(), headers.len()), (3, 3));
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let replay = Replay::start(vec![Canned::status(503)]).await;
    let mut limited = options(&replay.url);
    limited.concurrency = 3;
    limited.retries = RetryPolicy::NEVER;
    let driver = std::sync::Arc::new(driver(&limited, &HandClock::new()));
    let mut requests = JoinSet::new();
    for _ in 0..60 {
        let driver = driver.clone();
        requests.spawn(async move { driver.find(&n1()).await.unwrap_err().kind });
    }
    assert!(requests.join_all().await.iter().all(|kind| *kind == Busy));
    assert_eq!(replay.requests().len(), 60);
    assert!((1..=3).contains(&replay.most_at_once()), "{}", replay.most_at_once());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Replay::start(vec![Canned::json("[]")]).await;
    let redirect = Canned::status(302).header("location", &format!("{}/machines/?key=hush", elsewhere.url));
    let replay = Replay::start(vec![redirect]).await;
    let driver = driver(&options(&replay.url), &HandClock::new());
    let errors = [
        driver.find(&n1()).await.unwrap_err(),
        driver.commission(&MachineId("abcdef".to_owned())).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind, Protocol);
        assert!(error.to_string().contains("redirects to") && !error.to_string().contains("hush"), "{error}");
    }
    assert_eq!((replay.requests().len(), elsewhere.requests().len()), (2, 0));
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_unreachable_for_questions_and_commands() {
    let rig = Rig::start().await;
    let (url, clock) = (rig.url.clone(), rig.clock.clone());
    rig.stop().await;
    let driver = driver(&options(&url), &clock);
    assert_eq!(driver.find(&n1()).await.unwrap_err().kind, Unreachable);
    assert_eq!(driver.commission(&MachineId("abcdef".to_owned())).await.unwrap_err().kind, Unreachable);
    assert_eq!(driver.check_services().await.unwrap_err().kind, Unreachable);
}

#[tokio::test]
async fn a_clock_that_is_behind_is_named() {
    let rig = Rig::start().await;
    let behind = driver(&options(&rig.url), &HandClock::new());
    rig.clock.advance(Duration::from_secs(301));
    let error = behind.find(&n1()).await.unwrap_err();
    assert_eq!(error.kind, Credential);
    let text = error.to_string();
    assert!(text.contains("our time is 2027-01-15T08:00:00Z, its time is 2027-01-15T08:05:01Z"), "{text}");
    rig.stop().await;
}

#[tokio::test]
async fn an_id_that_is_none_does_not_become_a_path() {
    let rig = Rig::start().await;
    for id in ["", "../domains", "a/b", "abc def", "abc?op=release", "é"] {
        let id = MachineId(id.to_owned());
        assert_eq!(rig.driver.machine(&id).await.unwrap_err().kind, Input, "{id}");
        assert_eq!(rig.driver.delete(&id).await.unwrap_err().kind, Input, "{id}");
        assert_eq!(rig.driver.allocate(&id, "task-1").await.unwrap_err().kind, Input, "{id}");
    }
    let id = MachineId("abcdef".to_owned());
    assert_eq!(rig.driver.allocate(&id, "").await.unwrap_err().kind, Input);
    rig.stop().await;
}
