//! Designs that a server fetches over HTTP, and what becomes of a password that came with a reference.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use drydock_core::InstanceName;
use drydock_server::config::{DatabaseUrl, DesignsConfig, ServeConfig};
use drydock_server::serve::{Served, serve};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::{error_of, json_of};

const PASSWORD: &str = "pass-of-designs";

/// `drydock:pass-of-designs`.
const BASIC: &str = "Basic ZHJ5ZG9jazpwYXNzLW9mLWRlc2lnbnM=";

/// Serves the two-racks site to those who know the password.
async fn designs() -> (String, JoinSet<()>) {
    let site = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/sites/two-racks.yaml");
    let text = std::fs::read_to_string(site).unwrap();
    let page = get(async move |headers: HeaderMap| {
        if headers.get("authorization").is_some_and(|value| value == BASIC) {
            (StatusCode::OK, text.clone())
        } else {
            (StatusCode::UNAUTHORIZED, PASSWORD.to_owned())
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut server = JoinSet::new();
    server
        .spawn(async move { axum::serve(listener, Router::new().route("/site.yaml", page)).await.unwrap() });
    (address, server)
}

/// A server that was started with these credentials.
async fn started(folder: &tempfile::TempDir, credentials: &str) -> Served {
    let file = folder.path().join("credentials");
    std::fs::write(&file, credentials).unwrap();
    let mut config = ServeConfig::new(DatabaseUrl::Memory, InstanceName::new("tests").unwrap());
    config.listen.set_port(0);
    config.designs = DesignsConfig { credentials: Some(file), ..DesignsConfig::default() };
    serve(config).await.unwrap()
}

async fn post(served: &Served, path: &str, body: Value) -> Response {
    let url = format!("http://{}/api/v1.0/{path}", served.address());
    reqwest::Client::new().post(url).json(&body).send().await.unwrap()
}

#[tokio::test]
async fn questions_about_a_design_take_a_login_and_keep_it_nowhere() {
    let (address, _designs) = designs().await;
    let folder = tempfile::tempdir().unwrap();
    let served = started(&folder, "").await;
    let with = |login: &str| format!("http://{login}{address}/site.yaml");
    let known = with(&format!("drydock:{PASSWORD}@"));
    let status = json_of(post(&served, "validatedesign", json!({"href": known})).await, StatusCode::OK).await;
    assert_eq!(status["status"], "Success");
    assert!(!status.to_string().contains(PASSWORD));
    let nodes =
        json_of(post(&served, "nodefilter", json!({"design_ref": known})).await, StatusCode::OK).await;
    assert_eq!(nodes.as_array().unwrap().len(), 12);
    for (login, text) in [("", "it wants credentials"), ("drydock:no@", "it refuses this user and password")]
    {
        let answer = post(&served, "validatedesign", json!({"href": with(login)})).await;
        let told = error_of(answer, StatusCode::BAD_REQUEST).await;
        assert!(told.contains(text) && !told.contains(PASSWORD), "{told}");
    }
    served.abort();
}

#[tokio::test]
async fn a_task_takes_a_login_that_the_server_knows_itself_and_no_other() {
    let (address, _designs) = designs().await;
    let folder = tempfile::tempdir().unwrap();
    let served = started(&folder, &format!("http://{address} basic drydock:{PASSWORD}")).await;
    let task = async |login: &str| {
        let reference = format!("http://{login}{address}/site.yaml");
        post(&served, "tasks", json!({"action": "validate_design", "design_ref": reference})).await
    };
    for login in ["drydock:other@", "other:pass-of-designs@", "pass-of-designs@"] {
        let told = error_of(task(login).await, StatusCode::BAD_REQUEST).await;
        assert!(told.contains("--design-credentials") && !told.contains(PASSWORD), "{told}");
    }
    for login in [format!("drydock:{PASSWORD}@"), String::new()] {
        let task = json_of(task(&login).await, StatusCode::CREATED).await;
        assert_eq!(task["design_ref"], format!("http://{address}/site.yaml"));
        let id = task["task_id"].as_str().unwrap();
        served.engine().wait(id.parse().unwrap()).await.unwrap();
        let url = format!("http://{}/api/v1.0/tasks/{id}", served.address());
        let task: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        assert_eq!(task["result"]["status"], "success", "{task}");
        assert!(!task.to_string().contains(PASSWORD));
    }
    let url = format!("http://{}/api/v1.0/tasks", served.address());
    let tasks: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    assert_eq!(tasks.as_array().unwrap().len(), 2);
    served.abort();
}

#[tokio::test]
async fn a_server_of_designs_that_is_away_is_no_fault_of_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let served = started(&folder, "").await;
    let href = json!({"href": format!("http://drydock:{PASSWORD}@127.0.0.1:1/site.yaml")});
    let told = error_of(post(&served, "validatedesign", href).await, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(told.contains("http://127.0.0.1:1 does not answer") && !told.contains(PASSWORD), "{told}");
    let href = json!({"href": "deckhand+http://deckhand/api/v1.0/revisions/1/rendered-documents"});
    let told = error_of(post(&served, "validatedesign", href).await, StatusCode::BAD_REQUEST).await;
    assert!(told.contains("`http://deckhand keystone`"), "{told}");
    served.abort();
}
