//! Each recorded request, sent to the emulated MAAS in the matching state: does it answer as the real one did?

use drydock_core::Clock;
use drydock_drivers::NodeDriver;
use drydock_drivers::node::{DeployRequest, MachineId, ReleaseRequest};
use drydock_drivers::oob::PowerAction;
use serde_json::Value;

use crate::recording::Recording;
use crate::rig::{Rig, UNIT};

/// How far the machine has come before the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Unknown,
    New,
    Commissioning,
    Ready,
    Allocated,
    Deploying,
    Deployed,
    FailedDeployment,
    Releasing,
    Released,
}

/// How the request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// As recorded, with a new nonce and the time of now; not at all if it was not.
    Anew,
    /// 400 s ago.
    LongAgo,
    /// With a nonce that was used just before.
    Again,
}
use Signed::{Again, Anew, LongAgo};

/// What of a document must be as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Like {
    /// The same text; numbers and the id of the machine aside, and lists of what is available.
    Text,
    /// The same fields, with values of the same types.
    Shape,
    /// The fields of a machine, all of them; those that the driver reads with the same types.
    Machine,
    /// At least the fields that the driver reads of a rack controller, with the same types.
    Rack,
}
use Like::{Machine, Rack, Shape, Text};

#[rustfmt::skip]
const CASES: &[(&str, Stage, Signed, Like)] = &[
    ("a-auth-01", Stage::Unknown, Anew, Shape),
    ("a-auth-02", Stage::Unknown, Anew, Text),
    ("a-auth-03", Stage::Unknown, Anew, Text),
    ("a-auth-04", Stage::Unknown, Anew, Text),
    ("a-auth-05", Stage::Unknown, Anew, Text),
    ("a-auth-06", Stage::Unknown, Anew, Shape),
    ("a-auth-07", Stage::Unknown, Anew, Shape),
    ("a-auth-08", Stage::Unknown, Anew, Text),
    ("a-auth-11", Stage::Unknown, Anew, Text),
    ("a-auth-12", Stage::Unknown, Anew, Text),
    ("a-auth-14", Stage::Unknown, Anew, Text),
    ("a-auth-19", Stage::Unknown, Anew, Text),
    ("a-auth-21", Stage::Unknown, LongAgo, Text),
    ("a-auth-23", Stage::Unknown, Again, Text),
    ("a-auth-24", Stage::Unknown, Anew, Text),
    ("j-extra-10", Stage::Unknown, Anew, Text),
    ("j-extra-12", Stage::Unknown, Anew, Text),
    ("c-system-46", Stage::Unknown, Anew, Shape),
    ("c-system-47", Stage::Unknown, Anew, Shape),
    ("c-system-48", Stage::New, Anew, Text),
    ("c-system-61", Stage::Unknown, Anew, Shape),
    ("c-system-64", Stage::Unknown, Anew, Shape),
    ("c-system-73", Stage::Unknown, Anew, Rack),
    ("e-machine-01", Stage::Unknown, Anew, Text),
    ("e-machine-11", Stage::New, Anew, Machine),
    ("e-machine-13", Stage::New, Anew, Machine),
    ("e-machine-14", Stage::New, Anew, Machine),
    ("e-machine-15", Stage::New, Anew, Text),
    ("e-machine-23", Stage::New, Anew, Machine),
    ("e-machine-25", Stage::New, Anew, Text),
    ("e-machine-28", Stage::New, Anew, Text),
    ("e-machine-29", Stage::New, Anew, Text),
    ("e-machine-30", Stage::New, Anew, Text),
    ("e-machine-33", Stage::New, Anew, Text),
    ("e-machine-35", Stage::New, Anew, Machine),
    ("e-machine-36", Stage::Commissioning, Anew, Machine),
    ("e-machine-37", Stage::Commissioning, Anew, Text),
    ("e-machine-42", Stage::Ready, Anew, Machine),
    ("i-lifecycle-01", Stage::Ready, Anew, Text),
    ("i-lifecycle-02", Stage::Ready, Anew, Machine),
    ("i-lifecycle-03", Stage::Allocated, Anew, Text),
    ("i-lifecycle-05", Stage::Allocated, Anew, Machine),
    ("i-lifecycle-07", Stage::Allocated, Anew, Machine),
    ("i-lifecycle-18", Stage::Allocated, Anew, Text),
    ("i-lifecycle-19", Stage::Allocated, Anew, Text),
    ("i-lifecycle-21", Stage::Allocated, Anew, Machine),
    ("i-lifecycle-22", Stage::Deploying, Anew, Machine),
    ("i-lifecycle-23", Stage::Deploying, Anew, Text),
    ("i-lifecycle-27", Stage::Deployed, Anew, Machine),
    ("i-lifecycle-30", Stage::Deployed, Anew, Machine),
    ("i-lifecycle-31", Stage::Released, Anew, Machine),
    ("i-lifecycle-32", Stage::Released, Anew, Machine),
    ("i-lifecycle-35", Stage::FailedDeployment, Anew, Machine),
    ("i-lifecycle-36", Stage::FailedDeployment, Anew, Text),
    ("i-lifecycle-62", Stage::Released, Anew, Text),
    ("i-lifecycle-63", Stage::Unknown, Anew, Text),
];

/// The fields of a machine that the driver reads, and those that say where it stands.
const MACHINE_FIELDS: [&str; 16] = [
    "/system_id",
    "/hostname",
    "/fqdn",
    "/status",
    "/status_name",
    "/status_message",
    "/domain/name",
    "/osystem",
    "/distro_series",
    "/hwe_kernel",
    "/workload_annotations",
    "/owner",
    "/owner_data",
    "/interface_set/0/mac_address",
    "/node_type",
    "/boot_interface/mac_address",
];

const RACK_FIELDS: [&str; 7] = [
    "/system_id",
    "/hostname",
    "/service_set/0/name",
    "/service_set/0/status",
    "/interface_set",
    "/domain/name",
    "/node_type",
];

#[tokio::test]
async fn the_emulated_maas_answers_recorded_requests_as_the_real_one_did() {
    let http = reqwest::Client::new();
    for (name, stage, signed, like) in CASES {
        let rig = Rig::start().await;
        let id = bring(&rig, *stage).await;
        let recording = Recording::load(name);
        let machine = recording.machine().unwrap_or("dynhwk").to_owned();
        // The recordings of deleted and of never known machines ask for ids that stay unknown.
        let ours = id.as_ref().map_or(machine.as_str(), |id| id.0.as_str());
        let (target, body) = (
            recording.target.replace("dynhwk", ours),
            recording.request_body.replace("ZHluaHdr", &base64(ours)),
        );
        let target = if name == &"i-lifecycle-62" { target.replace(&machine, ours) } else { target };
        if *signed == Again {
            send(&http, &rig, &recording, &target, &body, *signed).await;
        }
        let (status, content_type, answer) = send(&http, &rig, &recording, &target, &body, *signed).await;
        let what = format!("{name}: {} {target} in {stage:?}", recording.method);
        assert_eq!(status, recording.answer.status, "{what}: {answer}");
        assert_eq!(content_type, recording.content_type(), "{what}: {answer}");
        match like {
            Text => assert_eq!(plain(&answer, ours), plain(&recording.answer.body, "dynhwk"), "{what}"),
            Shape => assert_same_shape(&what, &parse(&recording.answer.body), &parse(&answer)),
            Machine => assert_like_machine(&what, &first(&recording.answer.body), &first(&answer)),
            Rack => assert_fields(&what, &RACK_FIELDS, &first(&recording.answer.body), &first(&answer)),
        }
        rig.stop().await;
    }
}

/// Leads `n1` to the stage; its id once it has one.
pub(crate) async fn bring(rig: &Rig, stage: Stage) -> Option<MachineId> {
    if stage == Stage::Unknown {
        return None;
    }
    rig.enlist("n1");
    let id = rig.n1().await.id;
    let driver = &rig.driver;
    driver.name(&id, "n1", Some("atlantafoundry.com")).await.unwrap();
    if stage >= Stage::Commissioning {
        driver.commission(&id).await.unwrap();
    }
    if stage >= Stage::Ready {
        rig.clock.advance(UNIT);
    }
    if stage >= Stage::Allocated {
        driver.allocate(&id, "task-1").await.unwrap();
    }
    if stage >= Stage::Deploying {
        let request = DeployRequest { image: Some("jammy".to_owned()), kernel: None, user_data: None };
        driver.deploy(&id, &request).await.unwrap();
    }
    if stage == Stage::FailedDeployment {
        rig.yard.power("n1", PowerAction::Off).unwrap();
    } else if stage >= Stage::Deployed {
        rig.clock.advance(2 * UNIT);
    }
    if stage >= Stage::Releasing {
        driver.release(&id, ReleaseRequest::default()).await.unwrap();
    }
    if stage >= Stage::Released {
        rig.clock.advance(UNIT);
    }
    Some(id)
}

pub(crate) async fn send(
    http: &reqwest::Client,
    rig: &Rig,
    recording: &Recording,
    target: &str,
    body: &str,
    signed: Signed,
) -> (u16, String, String) {
    let origin = rig.url.strip_suffix("/MAAS").unwrap();
    let method: reqwest::Method = recording.method.parse().unwrap();
    let mut request = http.request(method, format!("{origin}{target}"));
    if let Some(kind) = recording.request_header("content-type") {
        request = request.header("content-type", kind).body(body.to_owned());
    }
    if let Some(header) = recording.request_header("authorization") {
        let age = if signed == LongAgo { 400 } else { 0 };
        let time = (rig.clock.now().timestamp() - age).to_string();
        let header = set_parameter(header, "oauth_timestamp", &time);
        request = request.header("authorization", header);
    }
    let answer = request.send().await.unwrap();
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (answer.status().as_u16(), content_type, answer.text().await.unwrap())
}

fn set_parameter(header: &str, name: &str, value: &str) -> String {
    let (before, rest) = header.split_once(&format!("{name}=\"")).unwrap();
    let (_, after) = rest.split_once('"').unwrap();
    format!("{before}{name}=\"{value}\"{after}")
}

pub(crate) fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn parse(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|problem| panic!("{problem}: {body}"))
}

/// The document, or the first of a list.
pub(crate) fn first(body: &str) -> Value {
    match parse(body) {
        Value::Array(items) => items.into_iter().next().expect("a list with something in it"),
        document => document,
    }
}

/// A text without what may differ.
pub(crate) fn plain(body: &str, machine: &str) -> String {
    let body =
        serde_json::from_str::<Value>(body).map_or_else(|_| body.to_owned(), |value| value.to_string());
    let body = body.replace(machine, "MACHINE");
    let body = body.split(".  It should be one of").next().unwrap();
    let mut text: String = body.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
    while text.contains("##") {
        text = text.replace("##", "#");
    }
    text
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn keys(value: &Value) -> Vec<&String> {
    let mut keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    keys.sort();
    keys
}

/// The same types all the way down; of lists the first item counts. What was null once may be something another time.
fn assert_same_shape(what: &str, recorded: &Value, ours: &Value) {
    if recorded.is_null() || ours.is_null() {
        return;
    }
    assert_eq!(kind(recorded), kind(ours), "{what}");
    match (recorded, ours) {
        (Value::Object(recorded_fields), Value::Object(_)) => {
            assert_eq!(keys(recorded), keys(ours), "{what}");
            for (name, value) in recorded_fields {
                assert_same_shape(&format!("{what} {name}"), value, &ours[name]);
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            if let (Some(recorded), Some(ours)) = (recorded.first(), ours.first()) {
                assert_same_shape(what, recorded, ours);
            }
        }
        _ => {}
    }
}

pub(crate) fn assert_like_machine(what: &str, recorded: &Value, ours: &Value) {
    assert_eq!(keys(recorded), keys(ours), "{what}");
    assert_eq!(keys(&recorded["interface_set"][0]), keys(&ours["interface_set"][0]), "{what}");
    assert_fields(what, &MACHINE_FIELDS, recorded, ours);
    for field in ["status", "status_name", "osystem", "distro_series", "owner", "netboot"] {
        assert_eq!(recorded[field], ours[field], "{what}: {field}");
    }
}

fn assert_fields(what: &str, fields: &[&str], recorded: &Value, ours: &Value) {
    for field in fields {
        let (recorded, ours) = (recorded.pointer(field), ours.pointer(field));
        assert_eq!(recorded.map(kind), ours.map(kind), "{what}: {field}");
    }
}
