//! What tasks found out about nodes, in v1.0's words.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, error_of};

/// Without what differs from run to run.
fn plain(mut found: Value) -> Value {
    for fact in found.as_array_mut().unwrap() {
        let fact = fact.as_object_mut().unwrap();
        assert!(fact.remove("collected_date").unwrap().as_str().unwrap().starts_with("20"));
        assert_eq!(fact["node_name"], "known1");
    }
    found
}

fn lshw(task: &str) -> Value {
    json!({
        "node_name": "known1", "task_id": task, "generator": "lshw", "data_format": "text/xml", "data_element": "<list/>",
    })
}

fn disks(task: &str) -> Value {
    json!({
        "node_name": "known1", "task_id": task, "generator": "disks", "data_format": "application/json",
        "data_element": "[\"sda\"]",
    })
}

#[tokio::test]
async fn a_task_shows_what_it_found_out_about_nodes() {
    let server = Server::start().await;
    let parent = server.start_task(&["known1", "n2"]).await;
    server.ended(parent).await;
    let tree = server.get(&format!("/api/v1.0/tasks/{parent}?builddata=true&layers=2")).await;
    assert_eq!(tree[&parent.to_string()]["build_data"], json!([]));
    let children = tree[&parent.to_string()]["subtask_id_list"].as_array().unwrap();
    let (first, second) = (children[0].as_str().unwrap(), children[1].as_str().unwrap());
    // What is not about a node is no build data.
    let expected = json!([lshw(first), disks(first)]);
    assert_eq!(
        (plain(tree[first]["build_data"].clone()), &tree[second]["build_data"]),
        (expected.clone(), &json!([]))
    );
    assert_eq!(
        plain(server.get(&format!("/api/v1.0/tasks/{first}?builddata=true")).await["build_data"].clone()),
        expected
    );
    assert_eq!(server.get(&format!("/api/v1.0/tasks/{first}")).await.get("build_data"), None);
    assert_eq!(plain(server.get(&format!("/api/v1.0/tasks/{first}/builddata")).await), expected);
}

#[tokio::test]
async fn a_node_shows_what_all_tasks_found_out_or_the_latest() {
    let server = Server::start().await;
    let (one, two) = (server.start_node("known1").await, server.start_node("known1").await);
    server.ended(one).await;
    server.ended(two).await;
    let third = server.start_node("known1").await;
    server.ended(third).await;
    let all = plain(server.get("/api/v1.0/nodes/known1/builddata").await);
    assert_eq!(all.as_array().unwrap().len(), 6);
    let third = third.to_string();
    let latest = plain(server.get("/api/v1.0/nodes/known1/builddata?latest=true").await);
    assert_eq!(latest, json!([lshw(&third), disks(&third)]));
    assert_eq!(plain(server.get("/api/v1.0/nodes/known1/builddata?latest=false").await), all);
}

#[tokio::test]
async fn where_there_is_none_is_404() {
    let server = Server::start().await;
    let task = server.start_node("n1").await;
    server.ended(task).await;
    let unknown = "0190b2c8-0000-7000-8000-000000000000";
    for (path, expected) in [
        (format!("tasks/{task}/builddata"), "No build data found".to_owned()),
        ("nodes/n1/builddata".to_owned(), "No build data found".to_owned()),
        ("nodes/%FF/builddata".to_owned(), "No build data found".to_owned()),
        (format!("tasks/{unknown}/builddata"), format!("Task {unknown} does not exist")),
        ("tasks/x/builddata".to_owned(), "Task \"x\" does not exist: that is no task's id".to_owned()),
    ] {
        let response = server.request(Method::GET, &format!("/api/v1.0/{path}")).send().await.unwrap();
        assert_eq!(error_of(response, StatusCode::NOT_FOUND).await, expected, "{path}");
    }
    let odd =
        server.request(Method::GET, "/api/v1.0/nodes/n1/builddata?latest=perhaps").send().await.unwrap();
    let message = error_of(odd, StatusCode::BAD_REQUEST).await;
    assert_eq!(message, "latest: \"perhaps\" is neither true nor false");
}
