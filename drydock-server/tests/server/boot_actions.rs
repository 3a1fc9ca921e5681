//! Boot actions, from the design to the result of the task: a node gets its key through the provisioner, fetches, and reports.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::TaskId;
use drydock_core::boot_action::ActionId;
use drydock_core::journal::StepEnd;
use drydock_drivers::emulator::MaasFault;
use drydock_orchestrator::{NodeKeyFact, OrchestratorOptions};
use drydock_store::repo::FactQuery;
use drydock_store::{MemoryStore, Store};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::boot_site::{BootSite, Node, unpack};
use crate::support::{Server, error_of, json_of};

pub(crate) fn usual() -> OrchestratorOptions {
    OrchestratorOptions::default()
}

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn success() -> Value {
    json!({"status": "success"})
}

/// The messages of a task, without what is of no interest here.
pub(crate) async fn messages(server: &Server, task: TaskId) -> Vec<(String, String, bool, String)> {
    let task = server.get(&format!("/api/v1.0/tasks/{task}")).await;
    let list = task["result"]["details"]["messageList"].as_array().unwrap().clone();
    let text = |message: &Value, field: &str| message[field].as_str().unwrap().to_owned();
    let told = list.iter().map(|message| {
        let error = message["error"].as_bool().unwrap();
        (text(message, "context_type"), text(message, "context"), error, text(message, "message"))
    });
    told.collect()
}

#[tokio::test]
async fn a_node_fetches_what_it_is_to_have_and_its_reports_come_to_its_task() {
    let (site, store) = (BootSite::start().await, memory());
    let server = site.server(&store, usual()).await;
    let (task, child) = site.deploy(&server, "r1n01").await;
    let node = site.booted(&server, "r1n01").await;

    let files = node.archive("files").await;
    let id = ActionId::of(child.as_uuid(), "hello").to_string();
    let report = format!("http://localhost:9000/api/v1.0/bootactions/ {id} {}", node.key);
    let expected = [
        ("/etc/report", report),
        ("/etc/fetched", "for r1n01".to_owned()),
        ("/etc/quiet", "hush".to_owned()),
    ];
    let expected = expected.map(|(path, text)| (path.to_owned(), (0o600, text))).into();
    assert_eq!(unpack(&files), expected);
    assert_eq!(node.archive("files").await, files, "the same deployment gives the same bytes");
    let unit = "[Service]\nExecStart=/bin/true\n".to_owned();
    let expected = [("/etc/systemd/system/hello.service".to_owned(), (0o644, unit))].into();
    assert_eq!(unpack(&node.archive("units").await), expected);
    let user_data = site.yard.machine("r1n01").unwrap().user_data.unwrap();
    assert_eq!(user_data, "#cloud-config\npackages:\n- [\"tmux\", \"3.2a-4\"]\n- \"chrony\"\n");

    let answer = |status: &str| json!({"node_name": "r1n01", "action_id": id, "action_name": "hello", "task_id": child.to_string(), "action_status": status});
    let begun = json!({"details": [{"message": "began", "error": false, "more": 1}, {"message": "hm", "error": true}]});
    assert_eq!(json_of(node.post(&id, &node.key, &begun).await, StatusCode::OK).await, answer("incomplete"));
    let ended = json!({"status": "Success", "details": [{"message": "ended", "error": false}]});
    // As v1.0's own client sends it.
    let sent = node.post(&format!("{id}/"), &node.key.to_uppercase(), &ended).await;
    assert_eq!(json_of(sent, StatusCode::OK).await, answer("success"));
    let again = error_of(node.post(&id, &node.key, &ended).await, StatusCode::CONFLICT).await;
    assert_eq!(again, "Action hello status finalized, not available for update.");

    server.ended(task).await;
    let result = server.get(&format!("/api/v1.0/tasks/{task}")).await["result"].clone();
    assert_eq!((&result["status"], &result["successes"]), (&json!("success"), &json!(["r1n01"])));
    let said = messages(&server, child).await;
    let about = |kind: &str, name: &str, error, text: &str| {
        (kind.to_owned(), name.to_owned(), error, text.to_owned())
    };
    let last = &said[said.len() - 4..];
    assert_eq!(
        last,
        [
            about("bootaction", &id, false, "began"),
            about("bootaction", &id, true, "hm"),
            about("bootaction", &id, false, "ended"),
            about("node", "r1n01", false, "Boot action hello succeeded."),
        ],
    );
    // A node may ask again after the task's end; a report has nobody who hears it.
    assert_eq!(node.archive("files").await, files);
    error_of(node.post(&id, &node.key, &begun).await, StatusCode::CONFLICT).await;
    assert_no_key(&server, &store, &[task, child], &node.key).await;
}

/// Nothing that is stored or shown has the key.
async fn assert_no_key(server: &Server, store: &Arc<dyn Store>, tasks: &[TaskId], key: &str) {
    for task in tasks {
        let bytes =
            |payload: &drydock_core::Payload| String::from_utf8_lossy(payload.as_bytes()).into_owned();
        let facts = store.fact_list(&FactQuery::of_task(*task)).await.unwrap().facts;
        let facts: Vec<String> = facts.iter().map(|found| bytes(&found.record.fact.data)).collect();
        let state = store.task_read(*task).await.unwrap().unwrap();
        let signals: Vec<String> = state.task.signals.iter().map(|signal| bytes(&signal.payload)).collect();
        let outputs = state.task.checkpoints.iter().filter_map(|checkpoint| match &checkpoint.end {
            StepEnd::Done(output) => Some(bytes(output)),
            _ => None,
        });
        let scratches = state.task.waits.iter().filter_map(|wait| wait.scratch.as_ref().map(bytes));
        let kept: Vec<String> = outputs.chain(scratches).collect();
        assert!(!kept.is_empty());
        let shown = server.get(&format!("/api/v1.0/tasks/{task}?layers=-1&builddata=true")).await;
        let steps = server.get(&format!("/api/v1.0/tasks/{task}/steps")).await;
        let history = format!("{:?}", store.task_history(*task).await.unwrap().unwrap());
        let all = format!("{facts:?} {signals:?} {kept:?} {shown} {steps} {history} {state:?}");
        assert!(!all.contains(key), "{all}");
    }
    let none = server.request(Method::GET, "/api/v1.0/nodes/r1n01/builddata").send().await.unwrap();
    assert_eq!(none.status(), StatusCode::NOT_FOUND, "what is kept of a key is no build data");
}

#[tokio::test]
async fn who_has_not_the_nodes_key_gets_nothing_and_learns_nothing() {
    let (site, store) = (BootSite::start().await, memory());
    let server = site.server(&store, usual()).await;
    let (_, child) = site.deploy(&server, "r1n01").await;
    site.deploy(&server, "r1n02").await;
    let (node, other) = (site.booted(&server, "r1n01").await, site.booted(&server, "r1n02").await);
    let (id, others) = (node.id().await, other.id().await);
    let last = if node.key.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{last}", &node.key[..63]);
    for key in [other.key.as_str(), &wrong, "no hex", "é"] {
        for refused in [
            node.get("files", key).await,
            node.get("units", key).await,
            node.post(&id, key, &success()).await,
        ] {
            assert_eq!(error_of(refused, StatusCode::FORBIDDEN).await, "Invalid X-Bootaction-Key", "{key}");
        }
    }
    error_of(node.post(&others, &node.key, &success()).await, StatusCode::FORBIDDEN).await;
    let keyless = |method, path: String| server.request(method, &path).json(&success()).send();
    for path in [
        (Method::GET, "/api/v1.0/bootactions/nodes/r1n01/units".to_owned()),
        (Method::POST, format!("/api/v1.0/bootactions/{id}")),
    ] {
        let refused = keyless(path.0, path.1).await.unwrap();
        assert_eq!(refused.headers()["www-authenticate"], "Bootaction-Key");
        assert!(error_of(refused, StatusCode::UNAUTHORIZED).await.starts_with("No X-Bootaction-Key"));
    }
    let stranger = Node { server: &server, name: "r9n99", key: node.key.clone() };
    error_of(stranger.get("files", &node.key).await, StatusCode::NOT_FOUND).await;
    let unknown = ActionId::of(child.as_uuid(), "unknown").to_string();
    for id in [unknown.as_str(), "x", "%FF"] {
        error_of(node.post(id, &node.key, &success()).await, StatusCode::NOT_FOUND).await;
    }
    let quiet = ActionId::of(child.as_uuid(), "quiet").to_string();
    error_of(node.post(&quiet, &node.key, &success()).await, StatusCode::CONFLICT).await;
    for body in
        [json!([]), json!({"status": "fine"}), json!({"more": 1}), json!({"details": [{"message": "m"}]})]
    {
        error_of(node.post(&id, &node.key, &body).await, StatusCode::BAD_REQUEST).await;
    }
    let path = format!("/api/v1.0/bootactions/{id}");
    let plain = server.request(Method::POST, &path).header("X-Bootaction-Key", &node.key).body("{}");
    error_of(plain.send().await.unwrap(), StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
}

#[tokio::test]
async fn a_key_that_has_expired_is_refused_like_a_wrong_one() {
    let (site, store) = (BootSite::start().await, memory());
    let server = site.server(&store, OrchestratorOptions { boot_key: Duration::ZERO, ..usual() }).await;
    site.deploy(&server, "r1n01").await;
    let node = site.booted(&server, "r1n01").await;
    let text = |answer: Response| error_of(answer, StatusCode::FORBIDDEN);
    let wrong = "0".repeat(64);
    assert_eq!(text(node.get("files", &node.key).await).await, text(node.get("files", &wrong).await).await);
}

#[tokio::test]
async fn what_cannot_be_given_is_told_and_given_when_it_is_there() {
    let (site, store) = (BootSite::start().await, memory());
    let server = site.server(&store, usual()).await;
    site.deploy(&server, "r1n01").await;
    let node = site.booted(&server, "r1n01").await;
    let path = site.folder.path().join("r1n01");
    std::fs::remove_file(&path).unwrap();
    let told = error_of(node.get("files", &node.key).await, StatusCode::CONFLICT).await;
    assert!(
        told.contains("boot action hello, asset /etc/fetched") && told.contains("No such file"),
        "{told}"
    );
    node.archive("units").await;
    std::fs::write(&path, "here it is").unwrap();
    assert_eq!(unpack(&node.archive("files").await)["/etc/fetched"].1, "here it is");
}

#[tokio::test]
async fn a_failed_boot_action_fails_its_node() {
    let (site, store) = (BootSite::start().await, memory());
    let server = site.server(&store, usual()).await;
    let (task, child) = site.deploy(&server, "r1n02").await;
    let node = site.booted(&server, "r1n02").await;
    let report = json!({"status": "failure", "details": [{"message": "no space", "error": true}]});
    json_of(node.post(&node.id().await, &node.key, &report).await, StatusCode::OK).await;
    server.ended(task).await;
    for task in [task, child] {
        let shown = server.get(&format!("/api/v1.0/tasks/{task}")).await;
        let (status, result) = (&shown["status"], &shown["result"]);
        assert_eq!((status, &result["status"]), (&json!("complete"), &json!("failure")));
        assert_eq!((&result["successes"], &result["failures"]), (&json!([]), &json!(["r1n02"])));
    }
    let errors: Vec<String> =
        messages(&server, child).await.into_iter().filter(|said| said.2).map(|said| said.3).collect();
    assert_eq!(errors, ["no space", "Boot action hello failed."]);
}

#[tokio::test]
async fn a_boot_action_that_says_nothing_fails_its_node_when_its_time_is_over() {
    let (site, store) = (BootSite::start().await, memory());
    let short = OrchestratorOptions { boot_actions: Duration::from_millis(30), ..usual() };
    let server = site.server(&store, short).await;
    let (task, child) = site.deploy(&server, "r1n01").await;
    server.ended(task).await;
    let shown = server.get(&format!("/api/v1.0/tasks/{task}")).await;
    assert_eq!(shown["result"]["failures"], json!(["r1n01"]));
    let said = messages(&server, child).await;
    assert_eq!(said.last().unwrap().3, "Boot action hello timed out.");
    let shown = server.get(&format!("/api/v1.0/tasks/{child}")).await;
    assert_eq!(shown["result"]["message"], "boot actions did not succeed: hello");
}

#[tokio::test]
async fn a_node_that_tells_without_end_is_heard_to_the_end_of_its_action_only() {
    let (site, store) = (BootSite::start().await, memory());
    let server = site.server(&store, usual()).await;
    let (task, _) = site.deploy(&server, "r1n01").await;
    let node = site.booted(&server, "r1n01").await;
    let id = node.id().await;
    let long = json!({"details": [{"message": "x".repeat(600_000), "error": false}]});
    for status in [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(node.post(&id, &node.key, &long).await.status(), status);
    }
    json_of(node.post(&id, &node.key, &success()).await, StatusCode::OK).await;
    server.ended(task).await;
    assert_eq!(server.get(&format!("/api/v1.0/tasks/{task}")).await["result"]["status"], "success");
}

/// The task comes to its end, and with what the node has.
async fn goes_well(site: &BootSite, server: &Server, task: TaskId) {
    let node = site.booted(server, "r1n01").await;
    json_of(node.post(&node.id().await, &node.key, &success()).await, StatusCode::OK).await;
    server.ended(task).await;
    let shown = server.get(&format!("/api/v1.0/tasks/{task}")).await;
    assert_eq!(shown["result"]["status"], "success", "{shown}");
}

#[tokio::test]
async fn a_key_outlives_a_crash_between_it_and_the_installation() {
    let (site, store) = (BootSite::start().await, memory());
    site.faults.at("op=deploy", MaasFault::Hang);
    let server = site.server(&store, usual()).await;
    let (task, child) = site.deploy(&server, "r1n01").await;
    let path = format!("/api/v1.0/tasks/{child}/steps");
    server
        .until(&path, |steps| {
            let steps = steps["steps"].as_array().unwrap();
            steps.iter().any(|step| step["name"] == "boot_key" && step["status"] == "done")
        })
        .await;
    let key = site.key("r1n01").await.unwrap();
    drop(server);
    site.faults.clear();
    let server = site.server(&store, usual()).await;
    goes_well(&site, &server, task).await;
    assert_eq!(site.key("r1n01").await.unwrap(), key);
    let facts = store.fact_list(&FactQuery::about(NodeKeyFact::KIND, "r1n01")).await.unwrap().facts;
    assert_eq!(facts.len(), 1);
}

#[tokio::test]
async fn a_crash_while_a_key_is_put_on_the_machine_leaves_one_key_that_is_good() {
    let (site, store) = (BootSite::start().await, memory());
    site.faults.at("op=update_nodes", MaasFault::Hang);
    let server = site.server(&store, usual()).await;
    let (task, _) = site.deploy(&server, "r1n01").await;
    let made = async {
        while site.maas("tags/").await.as_array().unwrap().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, made).await.unwrap();
    let lost = site.maas("tags/").await[1]["name"].as_str().unwrap().to_owned();
    drop(server);
    site.faults.clear();
    let server = site.server(&store, usual()).await;
    goes_well(&site, &server, task).await;
    let tags = site.maas("tags/").await;
    assert_eq!(tags.as_array().unwrap().len(), 2, "the key that was lost is gone: {tags}");
    assert_ne!(tags[1]["name"], lost);
}

#[tokio::test]
async fn a_node_that_is_deployed_already_keeps_its_key() {
    let (site, store) = (BootSite::start().await, memory());
    let server = site.server(&store, usual()).await;
    let (first, _) = site.deploy(&server, "r1n01").await;
    goes_well(&site, &server, first).await;
    let node = site.booted(&server, "r1n01").await;
    let files = node.archive("files").await;
    let (second, child) = site.deploy(&server, "r1n01").await;
    server.ended(second).await;
    assert_eq!(server.get(&format!("/api/v1.0/tasks/{second}")).await["result"]["status"], "success");
    assert_eq!(site.key("r1n01").await.unwrap(), node.key);
    assert_eq!(node.archive("files").await, files);
    let said = messages(&server, child).await;
    assert!(said.iter().any(|said| said.3.contains("is Deployed already")), "{said:?}");
}
