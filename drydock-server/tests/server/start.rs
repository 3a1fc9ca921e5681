//! How a server starts: from its configuration, and what keeps it from it.

use drydock_core::{InstanceName, SecretString, error_chain};
use drydock_server::config::{DatabaseUrl, DesignsConfig, MaasConfig, ServeConfig};
use drydock_server::serve::{ServeError, Served, serve};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::PATIENCE;

/// Over an SQLite file, on a free port, without a MAAS.
fn config(folder: &tempfile::TempDir) -> ServeConfig {
    let file = folder.path().join("drydock.db");
    let database: DatabaseUrl = file.to_str().unwrap().parse().unwrap();
    let mut config = ServeConfig::new(database, InstanceName::new("tests").unwrap());
    config.listen.set_port(0);
    config
}

fn url(served: &Served, path: &str) -> String {
    format!("http://{}{path}", served.address())
}

async fn get(served: &Served, path: &str) -> Value {
    reqwest::get(url(served, path)).await.unwrap().json().await.unwrap()
}

async fn post(served: &Served, action: &str) -> Value {
    let site = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/sites/two-racks.yaml");
    let body = json!({"action": action, "design_ref": format!("file://{site}")});
    let request = reqwest::Client::new().post(url(served, "/api/v1.0/tasks")).json(&body);
    request.send().await.unwrap().json().await.unwrap()
}

async fn end(served: Served) {
    served.shutdown();
    tokio::time::timeout(PATIENCE, served.finished()).await.unwrap().unwrap();
}

/// The database's connections are looked at when somebody asks.
#[tokio::test]
async fn a_server_shows_its_connections_to_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let served = serve(config(&folder)).await.unwrap();
    get(&served, "/api/v1.0/tasks").await;
    let text = reqwest::get(url(&served, "/metrics")).await.unwrap().text().await.unwrap();
    let count = |state: &str| -> u32 {
        let series = format!("drydock_store_connections{{pool=\"readers\",state=\"{state}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
    };
    assert!(count("idle") + count("busy") >= 1, "{text}");
    end(served).await;
}

#[tokio::test]
async fn a_server_started_again_shows_the_tasks_of_its_earlier_life() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(&folder);
    let first = serve(config.clone()).await.unwrap();
    let task = post(&first, "validate_design").await;
    let id = task["task_id"].as_str().unwrap().to_owned();
    tokio::time::timeout(PATIENCE, first.engine().wait(id.parse().unwrap())).await.unwrap().unwrap();
    let path = format!("/api/v1.0/tasks/{id}?layers=-1");
    let before = get(&first, &path).await;
    let health = url(&first, "/api/v1.0/health");
    assert_eq!(reqwest::get(&health).await.unwrap().status(), StatusCode::NO_CONTENT);
    end(first).await;
    assert!(reqwest::get(&health).await.is_err());

    let second = serve(config).await.unwrap();
    assert_eq!(get(&second, &path).await, before);
    assert_eq!(before[&id]["result"]["status"], "success");
    end(second).await;
}

#[tokio::test]
async fn without_a_maas_actions_that_need_it_fail_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let served = serve(config(&folder)).await.unwrap();
    let task = post(&served, "verify_site").await;
    let id = task["task_id"].as_str().unwrap();
    tokio::time::timeout(PATIENCE, served.engine().wait(id.parse().unwrap())).await.unwrap().unwrap();
    let task = get(&served, &format!("/api/v1.0/tasks/{id}")).await;
    assert_eq!(task["result"]["status"], "failure");
    let messages = task["result"]["details"]["messageList"].to_string();
    assert!(messages.contains("no MAAS is configured"), "{messages}");
    assert_eq!(get(&served, "/api/v1.0/health/extended").await["status"], "Success");
    end(served).await;
}

#[tokio::test]
async fn a_port_in_use_leaves_the_running_server_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    let first = serve(config.clone()).await.unwrap();
    config.listen = first.address();
    let second = serve(config).await.err().unwrap();
    assert!(matches!(second, ServeError::Listen { .. }), "{second}");
    assert_eq!(get(&first, "/api/v1.0/tasks").await, json!([]));
    end(first).await;
}

#[tokio::test]
async fn an_address_for_others_needs_leave_because_nobody_is_asked_who_he_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&folder);
    config.listen = "0.0.0.0:0".parse().unwrap();
    config.engine.capacity = 0;
    let refused = serve(config.clone()).await.err().unwrap().to_string();
    assert!(refused.contains("listen: ") && refused.contains("no authentication"), "{refused}");
    assert!(refused.contains("capacity: "), "all problems are told at once: {refused}");
    config.engine.capacity = 1;
    config.allow_unauthenticated = true;
    assert_eq!(config.problems(), []);
}

#[tokio::test]
async fn a_server_for_others_is_reached_under_any_name() {
    let folder = tempfile::tempdir().unwrap();
    for (allowed, status) in [(false, StatusCode::FORBIDDEN), (true, StatusCode::OK)] {
        let served = serve(ServeConfig { allow_unauthenticated: allowed, ..config(&folder) }).await.unwrap();
        let request = reqwest::Client::new().get(url(&served, "/versions"));
        let response = request.header(header::HOST, "drydock.example").send().await.unwrap();
        assert_eq!(response.status(), status);
        end(served).await;
    }
}

#[tokio::test]
async fn what_keeps_a_server_from_starting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = config(&folder);
    let nowhere = folder.path().join("nowhere").join("x");
    let maas = |ca| {
        let api_key = SecretString::from("consumer:token:secret");
        Some(MaasConfig { url: "http://127.0.0.1:9/MAAS".to_owned(), api_key, ca })
    };
    let no_database: DatabaseUrl = nowhere.to_str().unwrap().parse().unwrap();
    let nobody: DatabaseUrl = "postgres://me:secret@127.0.0.1:1/x".parse().unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        Some(folder.path().join(name))
    };
    let designs = |credentials, ca| ServeConfig {
        designs: DesignsConfig { credentials, ca, ..DesignsConfig::default() },
        ..good.clone()
    };
    let misspelt = file("misspelt", "# who we are\nhttps://host basic secret");
    let table = [
        (designs(Some(nowhere.clone()), None), "cannot read "),
        (designs(misspelt.clone(), None), "misspelt: line 2: not `SERVER basic USER:PASSWORD`"),
        (designs(None, Some(nowhere.clone())), "cannot read "),
        (designs(None, misspelt), "not PEM"),
        (ServeConfig { migrate_on_start: false, ..good.clone() }, "run `drydock migrate`"),
        (ServeConfig { database: no_database, ..good.clone() }, "there is no folder "),
        (ServeConfig { database: nobody, ..good.clone() }, "efused"),
        (ServeConfig { maas: maas(Some(nowhere.clone())), ..good.clone() }, "cannot read "),
    ];
    for (config, problem) in table {
        let error = serve(config).await.err().unwrap();
        let text = error_chain(&error);
        assert!(text.contains(problem), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    end(serve(ServeConfig { maas: maas(None), ..good }).await.unwrap()).await;
}
