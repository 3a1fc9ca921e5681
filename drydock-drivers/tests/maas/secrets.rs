//! Nothing secret comes out of the driver: not the key, not what MAAS says about it, not what is sent.

use drydock_core::SystemEntropy;
use drydock_drivers::DriverErrorKind::{Credential, Input, Protocol, Refused};
use drydock_drivers::NodeDriver;
use drydock_drivers::node::maas::{MaasDriver, MaasOptions};
use drydock_drivers::node::{DeployRequest, MachineId};

use crate::recording::Recording;
use crate::replay::{Canned, Replay};
use crate::rig::{HandClock, KEY, Rig, driver, everything, n1, options};

fn assert_clean(text: &str, what: &str) {
    for secret in KEY.split(':').chain(["hush"]) {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_a_credential_error_that_names_the_wrong_part() {
    let rig = Rig::start().await;
    for (key, part) in [
        ("hush:admintokenkey00001:admintokensecret0000000000000001", "consumer part"),
        ("adminconsumerkey01:hush:admintokensecret0000000000000001", "token part"),
        ("adminconsumerkey01:admintokenkey00001:hush", "secret part"),
    ] {
        let driver = driver(&MaasOptions::new(&rig.url, key.into()), &rig.clock);
        let error = driver.find(&n1()).await.unwrap_err();
        assert_eq!(error.kind, Credential);
        assert!(error.to_string().contains(part), "{error}");
        assert_clean(&everything(&error), key);
        let checks = driver.check_services().await.unwrap();
        assert!(!checks[1].healthy && checks[1].detail.contains(part), "{checks:?}");
        assert_clean(&format!("{checks:?}"), "a check");
    }
    rig.stop().await;
}

/// MAAS tells the right signature to whoever gives a wrong one.
#[tokio::test]
async fn the_signature_that_maas_leaks_is_not_repeated() {
    let recording = Recording::load("a-auth-05");
    assert!(recording.answer.body.contains("admintokensecret"), "the recording leaks");
    let replay = Replay::start(vec![recording.answer]).await;
    let driver = driver(&options(&replay.url), &HandClock::new());
    let error = driver.find(&n1()).await.unwrap_err();
    assert_eq!(error.kind, Credential);
    assert_clean(&everything(&error), "the error");
}

#[tokio::test]
async fn a_key_or_user_data_that_an_answer_echoes_is_not_shown() {
    let token = KEY.rsplit(':').next().unwrap();
    let echo = format!("{{\"__all__\": [\"bad header oauth_signature=%26{token}\"]}}");
    let replay = Replay::start(vec![Canned { status: 400, ..Canned::json(&echo) }]).await;
    let refusing = driver(&options(&replay.url), &HandClock::new());
    let error = refusing.find(&n1()).await.unwrap_err();
    assert_eq!(error.kind, Refused);
    assert!(error.to_string().contains("bad header oauth_signature=%26***"), "{error}");
    assert_clean(&everything(&error), "the error");

    let tokens = Recording::load("a-auth-06").answer;
    let replay = Replay::start(vec![tokens]).await;
    let confused = driver(&options(&replay.url), &HandClock::new());
    let request =
        DeployRequest { image: None, kernel: None, user_data: Some("hush, the password".to_owned()) };
    let error = confused.deploy(&MachineId("abcdef".to_owned()), &request).await.unwrap_err();
    assert_eq!(error.kind, Protocol);
    assert_clean(&everything(&error), "the error");
    let sent = replay.requests();
    assert!(sent[0].body.contains("user_data=aHVzaCwgdGhlIHBhc3N3b3Jk"), "{}", sent[0].body);
    assert_clean(&sent[0].line, "the URL");
}

#[test]
fn options_that_make_no_sense_are_refused_without_being_shown() {
    let url = "http://127.0.0.1:5240/MAAS";
    let refused = |url: &str, key: &str, ca: Option<&str>| {
        let mut options = MaasOptions::new(url, key.into());
        options.ca_bundle = ca.map(Into::into);
        MaasDriver::new(&options, std::sync::Arc::new(HandClock::new()), std::sync::Arc::new(SystemEntropy))
            .map(|_| ())
            .unwrap_err()
    };
    for error in [
        refused(url, "", None),
        refused(url, "hush", None),
        refused(url, "hush:hush", None),
        refused(url, "a:b:hu\nhush", None),
        refused("http://admin:hush@127.0.0.1/MAAS", KEY, None),
        refused("127.0.0.1:5240/MAAS", KEY, None),
        refused(url, KEY, Some("hush")),
    ] {
        assert_eq!(error.kind, Input);
        assert!(error.detail.is_some());
        assert_clean(&everything(&error), "the error");
    }
}
