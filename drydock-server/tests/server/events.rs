//! `GET /events`.

use std::sync::Arc;

use drydock_core::journal::{FeedCommit, FeedCursor, FeedEventKind, Journal as _};
use drydock_core::{Clock as _, SystemClock, TaskId};
use drydock_server::api::document::EventsDocument;
use drydock_server::client::{Client, ClientError};
use drydock_store::MemoryStore;
use reqwest::{Method, StatusCode};

use crate::support::{Server, error_of};

fn client(server: &Server) -> Client {
    Client::new(&server.url(""), None).unwrap()
}

/// All that happened to a task, page by page.
async fn all(server: &Server, query: &str) -> Vec<FeedCommit> {
    let (mut commits, mut path) = (Vec::new(), format!("/api/v1.0/events?limit=1{query}"));
    loop {
        let page: EventsDocument = serde_json::from_value(server.get(&path).await).unwrap();
        commits.extend(page.commits);
        if !page.more {
            return commits;
        }
        let task = query.split('&').find(|part| part.starts_with("task=")).unwrap_or_default();
        path = format!("/api/v1.0/events?limit=1&after={}&{task}", page.next);
    }
}

fn kinds(commits: &[FeedCommit], task: TaskId) -> Vec<&FeedEventKind> {
    let events = commits.iter().flat_map(|commit| &commit.events);
    events.filter(|event| event.task == task).map(|event| &event.kind).collect()
}

#[tokio::test]
async fn a_tasks_events_are_there_from_its_beginning_to_its_end() {
    let server = Server::start().await;
    let other = server.start_node("n2").await;
    let task = server.start_node("n1").await;
    for task in [task, other] {
        server.ended(task).await;
    }
    let commits = all(&server, "").await;
    let of_task = all(&server, &format!("&task={task}")).await;
    assert_eq!(kinds(&commits, task), kinds(&of_task, task));
    assert!(kinds(&of_task, other).is_empty() && !kinds(&commits, other).is_empty());
    let told = kinds(&of_task, task);
    assert!(matches!(told[..], [FeedEventKind::TaskStarted, .., FeedEventKind::TaskCompleted]), "{told:?}");
    let steps = told.iter().filter(|kind| matches!(kind, FeedEventKind::StepDone { .. })).count();
    assert_eq!(steps, 2, "{told:?}");
    // As the client has it, too; and since a time.
    let client = client(&server);
    let page = client.events(&FeedCursor::START, None, Some(task)).await.unwrap();
    assert_eq!(kinds(&page.commits, task), told);
    let rest = client.events(&page.next, None, None).await.unwrap();
    assert_eq!((rest.commits, rest.more), (vec![], false));
    let since = of_task.last().unwrap().at;
    let last = client.events(&FeedCursor::START, Some(since), Some(task)).await.unwrap();
    assert_eq!(kinds(&last.commits, task).last(), told.last());
}

#[tokio::test]
async fn bad_parameters_are_refused_with_what_would_be_right() {
    let server = Server::start().await;
    for (query, problem) in [
        ("limit=0", "limit: is not a number between 1 and 1000"),
        ("limit=1001", "limit: is not a number between 1 and 1000"),
        ("after=x", "after: \"x\" is no place in the event feed"),
        ("after=0.7-1.5-1", "its epochs do not grow"),
        ("task=x", "task: \"x\" is not a task's id"),
        ("since=yesterday", "since: \"yesterday\" is not a time such as"),
        ("after=0&since=2026-02-03T04:05:06Z", "since: there is a cursor already"),
    ] {
        let response =
            server.request(Method::GET, &format!("/api/v1.0/events?{query}")).send().await.unwrap();
        let message = error_of(response, StatusCode::BAD_REQUEST).await;
        assert!(message.contains(problem), "{message}");
    }
    let task = "01918b3c-7a56-7c3e-9d54-0242ac120002";
    let response =
        server.request(Method::GET, &format!("/api/v1.0/events?task={task}")).send().await.unwrap();
    assert!(error_of(response, StatusCode::NOT_FOUND).await.contains("does not exist"));
}

#[tokio::test]
async fn who_comes_too_late_is_told_where_to_go_on() {
    let store = Arc::new(MemoryStore::new());
    let server = Server::over(store.clone(), "http://127.0.0.1:9/MAAS").await;
    let first = server.start_node("n1").await;
    server.ended(first).await;
    let response = server.get("/api/v1.0/events?limit=1").await;
    let read: FeedCursor = serde_json::from_value(response["next"].clone()).unwrap();
    assert!(store.feed_trim(SystemClock.now()).await.unwrap() > 1);
    let Err(ClientError::Refused { status, message }) = client(&server).events(&read, None, None).await
    else {
        panic!("a gap was passed over in silence")
    };
    assert_eq!(status, StatusCode::GONE);
    let oldest = message.split("cursor ").last().unwrap().split(',').next().unwrap().parse().unwrap();
    let second = server.start_node("n1").await;
    server.ended(second).await;
    let page = client(&server).events(&oldest, None, None).await.unwrap();
    assert!(!kinds(&page.commits, second).is_empty(), "{message}");
}
