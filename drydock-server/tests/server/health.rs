//! Health: the store counts for both answers, the provisioner for the extended one, and nothing is written.

use std::sync::Arc;

use drydock_core::{SecretString, SystemClock};
use drydock_drivers::emulator::{MaasFaults, Timing, Yard, serve_maas};
use drydock_store::repo::{TaskQuery, TaskRepo as _};
use drydock_store::{MemoryStore, SqliteStore};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{MAAS_KEY, Server, error_of, json_of};

const HEALTH: &str = "/api/v1.0/health";
const EXTENDED: &str = "/api/v1.0/health/extended";

fn extended(problems: &[&str]) -> Value {
    let well = problems.is_empty();
    let messages: Vec<_> = problems
        .iter()
        .map(|problem| json!({"message": problem, "error": true, "kind": "SimpleMessage"}))
        .collect();
    json!({
        "kind": "Status",
        "apiVersion": "v1.0",
        "metadata": {},
        "status": if well { "Success" } else { "Failure" },
        "message": if well { "" } else { "Drydock failed to respond" },
        "reason": "HealthCheck",
        "details": {"errorCount": problems.len(), "messageList": messages},
        "code": if well { 200 } else { 503 },
    })
}

#[tokio::test]
async fn a_healthy_server_says_so_and_writes_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/MAAS", listener.local_addr().unwrap());
    let clock = Arc::new(SystemClock);
    let yard = Yard::new(Vec::new(), Timing::of(std::time::Duration::from_secs(1)), clock.clone());
    let stop = CancellationToken::new();
    let key = SecretString::from(MAAS_KEY);
    let maas = serve_maas(listener, yard, key, clock, MaasFaults::default(), stop.clone());
    let store = Arc::new(MemoryStore::new());
    let asking = async {
        let server = Server::over(store.clone(), &url).await;
        let short = server.request(Method::GET, HEALTH).send().await.unwrap();
        assert_eq!(short.status(), StatusCode::NO_CONTENT);
        assert_eq!(short.bytes().await.unwrap().len(), 0);
        assert_eq!(server.get(EXTENDED).await, extended(&[]));
        stop.cancel();
    };
    let (served, ()) = tokio::join!(maas, asking);
    served.unwrap();
    assert_eq!(store.task_list(&TaskQuery::default()).await.unwrap(), []);
}

#[tokio::test]
async fn a_provisioner_that_does_not_answer_counts_for_the_extended_answer_only() {
    let server = Server::start().await;
    let short = server.request(Method::GET, HEALTH).send().await.unwrap();
    assert_eq!(short.status(), StatusCode::NO_CONTENT);
    let long = server.request(Method::GET, EXTENDED).send().await.unwrap();
    let document = json_of(long, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(document, extended(&["Unable to connect to MaaS"]));
}

#[tokio::test]
async fn without_its_store_a_server_is_not_healthy() {
    let store = Arc::new(SqliteStore::in_memory().await.unwrap());
    let server = Server::over(store.clone(), "http://127.0.0.1:9/MAAS").await;
    store.close().await;
    let short = server.request(Method::GET, HEALTH).send().await.unwrap();
    assert_eq!(error_of(short, StatusCode::SERVICE_UNAVAILABLE).await, "the database does not answer");
    let long = server.request(Method::GET, EXTENDED).send().await.unwrap();
    let document = json_of(long, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(document, extended(&["Unable to connect to database", "Unable to connect to MaaS"]));
    for path in ["/api/v1.0/tasks", "/api/v1.0/tasks/0190b2c8-0000-7000-8000-000000000000"] {
        let response = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(error_of(response, StatusCode::SERVICE_UNAVAILABLE).await, "the database does not answer");
    }
}
