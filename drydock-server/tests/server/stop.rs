//! How a server ends: in order, at once, and by itself.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::InstanceName;
use drydock_core::journal::Journal as _;
use drydock_server::lifecycle::until_signal;
use drydock_store::MemoryStore;
use drydock_workflow::Engine;
use reqwest::{Method, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{PATIENCE, Server, error_of};

#[tokio::test]
async fn an_open_connection_does_not_hold_the_end_up() {
    let server = Server::start().await;
    let mut idle = TcpStream::connect(server.served.address()).await.unwrap();
    let mut half = TcpStream::connect(server.served.address()).await.unwrap();
    half.write_all(b"POST /api/v1.0/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{").await.unwrap();
    // Answered, so the two before it were accepted.
    server.get("/versions").await;
    server.served.shutdown();
    tokio::time::timeout(PATIENCE, server.served.finished()).await.unwrap().unwrap();
    for connection in [&mut idle, &mut half] {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let _reset = connection.read_to_end(&mut rest).await.is_err();
        assert!(rest.is_empty(), "{rest:?}");
    }
}

#[tokio::test]
async fn steps_under_way_get_their_grace_and_no_new_task_is_taken() {
    let server = Server::start().await;
    let task = server.start_node("busy1").await;
    let path = format!("/api/v1.0/tasks/{task}/steps");
    server.until(&path, |it| it["steps"][1]["status"] == "running").await;
    // A connection that is open already is still served while the engine drains.
    let draining = server.served.engine().clone();
    let drain = async move { draining.drain().await };
    let refused = async {
        let body = r#"{"action": "verify_site", "design_ref": "file:///x"}"#;
        loop {
            let request = server.request(Method::POST, "/api/v1.0/tasks");
            let response =
                request.header(header::CONTENT_TYPE, "application/json").body(body).send().await.unwrap();
            if response.status() == StatusCode::SERVICE_UNAVAILABLE {
                return error_of(response, StatusCode::SERVICE_UNAVAILABLE).await;
            }
        }
    };
    let (drained, message) = tokio::join!(drain, tokio::time::timeout(PATIENCE, refused));
    drained.unwrap();
    let message = message.unwrap();
    assert!(message.contains("stopping") || message.contains("runs no tasks"), "{message}");
    tokio::time::timeout(PATIENCE, server.served.finished()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_whose_name_was_taken_ends_with_that_error() {
    let store = Arc::new(MemoryStore::new());
    let server = Server::over(store.clone(), "http://127.0.0.1:9/MAAS").await;
    let other = Engine::builder(store.clone(), InstanceName::new("tests").unwrap()).start().await.unwrap();
    let end = tokio::time::timeout(PATIENCE, server.served.finished()).await.unwrap().unwrap_err();
    let text = drydock_core::error_chain(&*end);
    assert!(text.contains("another instance has joined under the name tests"), "{text}");
    assert!(server.request(Method::GET, "/versions").send().await.is_err());
    other.drain().await.unwrap();
}

#[tokio::test]
async fn an_abort_waits_for_nothing() {
    let store = Arc::new(MemoryStore::new());
    let server = Server::over(store.clone(), "http://127.0.0.1:9/MAAS").await;
    let task = server.start_node("busy1").await;
    server.until(&format!("/api/v1.0/tasks/{task}/steps"), |it| it["steps"][1]["status"] == "running").await;
    server.served.abort();
    tokio::time::timeout(Duration::from_secs(5), server.served.finished()).await.unwrap().unwrap();
    // It left no word: its instance is still joined, and whoever sees it silent for a lease takes the task.
    assert_eq!(store.instance_list().await.unwrap().len(), 1);
}

/// Sends this process a signal; only a server that waits for one hears it.
async fn signal(name: &str) {
    let id = std::process::id().to_string();
    let sent = tokio::process::Command::new("kill").args(["-s", name, &id]).status().await.unwrap();
    assert!(sent.success());
}

#[tokio::test]
async fn the_first_signal_asks_for_an_orderly_end_and_the_second_for_one_at_once() {
    let grace = Duration::from_hours(24);
    let server = Server::with_grace(Arc::new(MemoryStore::new()), "http://127.0.0.1:9/MAAS", grace).await;
    let task = server.start_node("busy1").await;
    server.until(&format!("/api/v1.0/tasks/{task}/steps"), |it| it["steps"][1]["status"] == "running").await;
    let signals = async {
        signal("TERM").await;
        // No new connection is taken any more; the step goes on, because it has a day.
        while TcpStream::connect(server.served.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
        signal("INT").await;
    };
    // The first of the two is asked first, so it hears the signals.
    let both = async { tokio::join!(biased; until_signal(&server.served), signals) };
    let (end, ()) = tokio::time::timeout(PATIENCE, both).await.unwrap();
    end.unwrap();
}
