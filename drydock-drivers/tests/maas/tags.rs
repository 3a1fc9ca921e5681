//! Tags: the emulated MAAS judged by what a real one said, one request after the other; and the driver that puts keys in them.

use drydock_core::boot_action::NodeKey;
use drydock_core::{ExposeSecret as _, NodeName, SystemEntropy};
use drydock_drivers::DriverErrorKind::{EffectUnknown, Input, NotFound, Refused};
use drydock_drivers::NodeDriver;
use drydock_drivers::emulator::MaasFault;
use drydock_drivers::node::MachineId;
use serde_json::Value;

use crate::emulation::{Like, Signed, Stage, assert_like_machine, base64, bring, first, plain, send};
use crate::recording::Recording;
use crate::replay::{Canned, Replay};
use crate::rig::{HandClock, KEY, Rig, driver, everything, options};

/// In the order in which they were recorded.
pub(crate) const RECORDED: [(&str, Like); 11] = [
    ("h-tags-01", Like::Text),
    ("h-tags-02", Like::Text),
    ("h-tags-03", Like::Text),
    ("h-tags-04", Like::Text),
    ("h-tags-05", Like::Text),
    ("h-tags-06", Like::Text),
    ("h-tags-07", Like::Text),
    ("h-tags-08", Like::Text),
    ("h-tags-11", Like::Machine),
    ("h-tags-12", Like::Text),
    ("h-tags-19", Like::Text),
];

#[tokio::test]
async fn the_emulated_maas_keeps_tags_as_the_real_one_did() {
    let (http, rig) = (reqwest::Client::new(), Rig::start().await);
    let id = bring(&rig, Stage::Ready).await.unwrap().0;
    for (name, like) in RECORDED {
        let recording = Recording::load(name);
        let target = recording.target.replace("dynhwk", &id);
        let body = recording.request_body.replace("ZHluaHdr", &base64(&id));
        let (status, content_type, answer) =
            send(&http, &rig, &recording, &target, &body, Signed::Anew).await;
        assert_eq!(status, recording.answer.status, "{name}: {answer}");
        assert_eq!(content_type, recording.content_type(), "{name}: {answer}");
        if like == Like::Machine {
            let (recorded, ours) = (first(&recording.answer.body), first(&answer));
            assert_like_machine(name, &recorded, &ours);
            assert_eq!(recorded["tag_names"], ours["tag_names"]);
        } else {
            assert_eq!(plain(&answer, &id), plain(&recording.answer.body, "dynhwk"), "{name}");
        }
    }
    rig.stop().await;
}

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

/// The tags of a machine, as whoever asks MAAS sees them.
async fn tags(rig: &Rig, id: &MachineId) -> Vec<String> {
    let mut parts = KEY.split(':');
    let (consumer, token, secret) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let nonce = uuid::Uuid::from_u128(u128::from_ne_bytes(*random().as_bytes()));
    let time = drydock_core::Clock::now(&rig.clock).timestamp();
    let header = format!(
        "OAuth oauth_consumer_key=\"{consumer}\", oauth_token=\"{token}\", oauth_signature=\"%26{secret}\", \
         oauth_nonce=\"{nonce}\", oauth_timestamp=\"{time}\""
    );
    let url = format!("{}/api/2.0/machines/{id}/", rig.url);
    let answer = reqwest::Client::new().get(url).header("authorization", header).send().await.unwrap();
    let machine: Value = answer.json().await.unwrap();
    machine["tag_names"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()).collect()
}

fn random() -> uuid::Uuid {
    drydock_core::Entropy::uuid_v7(&SystemEntropy, drydock_core::Timestamp::UNIX_EPOCH)
}

#[tokio::test]
async fn a_machine_has_the_newest_key_of_its_node_and_no_other() {
    let rig = Rig::start().await;
    rig.enlist("n1");
    let id = rig.n1().await.id;
    let (first, second) = (NodeKey::generate(&SystemEntropy), NodeKey::generate(&SystemEntropy));
    let tag = |node: &str, key: &NodeKey| format!("{node}__baid__{}", key.to_hex().expose_secret());
    rig.driver.put_key(&id, &name("n1"), &first).await.unwrap();
    rig.driver.put_key(&id, &name("n10"), &first).await.unwrap();
    assert_eq!(tags(&rig, &id).await, [tag("n1", &first), tag("n10", &first)]);
    for _ in 0..2 {
        rig.driver.put_key(&id, &name("n1"), &second).await.unwrap();
        assert_eq!(tags(&rig, &id).await, [tag("n10", &first), tag("n1", &second)]);
    }
    let unknown = MachineId("zzzzzz".to_owned());
    let error = rig.driver.put_key(&unknown, &name("n3"), &second).await.unwrap_err();
    assert_eq!(error.kind, NotFound);
    let error = rig.driver.put_key(&id, &name("n1.example"), &second).await.unwrap_err();
    assert_eq!(error.kind, Input, "{error}");
    rig.stop().await;
}

#[tokio::test]
async fn a_key_whose_putting_was_cut_short_is_put_again() {
    let rig = Rig::start().await;
    rig.enlist("n1");
    let id = rig.n1().await.id;
    let key = NodeKey::generate(&SystemEntropy);
    // First the making of the tag is cut short, then the putting of it.
    for _ in 0..2 {
        rig.faults.pass(1);
        rig.faults.next(1, MaasFault::LoseAnswer);
        let error = rig.driver.put_key(&id, &name("n1"), &key).await.unwrap_err();
        assert_eq!(error.kind, EffectUnknown);
        assert!(!everything(&error).contains(key.to_hex().expose_secret()), "{error:?}");
    }
    rig.driver.put_key(&id, &name("n1"), &key).await.unwrap();
    assert_eq!(tags(&rig, &id).await.len(), 1);
    rig.stop().await;
}

#[tokio::test]
async fn no_error_shows_a_key_that_maas_repeats() {
    let (key, older) = (NodeKey::generate(&SystemEntropy), NodeKey::generate(&SystemEntropy));
    let (hex, older) = (key.to_hex(), older.to_hex());
    let (hex, older) = (hex.expose_secret(), older.expose_secret());
    let list = format!("[{{\"name\": \"n1__baid__{older}\"}}]");
    let repeats = |status, key: &str| Canned {
        body: format!("not /MAAS/api/2.0/tags/n1__baid__{key}/ and not n1__baid__{key}"),
        ..Canned::status(status)
    };
    let made = Canned::json("{}");
    for answers in [
        vec![Canned::json(&list), repeats(400, older)],
        vec![Canned::json("[]"), repeats(400, hex)],
        vec![Canned::json("[]"), made.clone(), repeats(404, hex)],
        vec![Canned::json("[]"), made, Canned::json("[]")],
    ] {
        let replay = Replay::start(answers).await;
        let driver = driver(&options(&replay.url), &HandClock::new());
        let error = driver.put_key(&MachineId("abcdef".to_owned()), &name("n1"), &key).await.unwrap_err();
        assert!(error.kind != Refused || error.to_string().contains("__baid__***/ and"), "{error}");
        let all = everything(&error);
        assert!(!all.contains(hex) && !all.contains(older), "{all}");
    }
}
