//! `POST /tasks`.

use drydock_core::task::Action;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Server, error_of, json_of};

const TASKS: &str = "/api/v1.0/tasks";

async fn post(server: &Server, kind: Option<&str>, body: impl Into<reqwest::Body>) -> Response {
    let request = server.request(Method::POST, TASKS).body(body);
    let request = match kind {
        Some(kind) => request.header(header::CONTENT_TYPE, kind),
        None => request,
    };
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_task_is_created_shown_and_found_again() {
    let server = Server::start().await;
    let body = json!({
        "action": "validate_design",
        "design_ref": "https://nowhere/site.yaml",
        "node_filter": null,
        "unknown": [1],
    });
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        let response = post(&server, Some(kind), body.to_string()).await;
        let location = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let task = json_of(response, StatusCode::CREATED).await;
        let id = task["task_id"].as_str().unwrap();
        assert_eq!(location, format!("{TASKS}/{id}"));
        assert_eq!(task["action"], "validate_design");
        assert_eq!(task["design_ref"], "https://nowhere/site.yaml");
        assert_eq!(task["created_by"], "noauth");
        assert_eq!(task["parent_task_id"], Value::Null);
        server.ended(id.parse().unwrap()).await;
        let found = server.get(&location).await;
        assert_eq!((&found["task_id"], &found["status"]), (&task["task_id"], &json!("complete")));
        assert_eq!(found["created"], task["created"]);
    }
}

#[tokio::test]
async fn a_design_is_validated() {
    let server = Server::start().await;
    let site = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/sites/two-racks.yaml");
    let body = json!({"action": "validate_design", "design_ref": format!("file://{site}")});
    let task =
        json_of(post(&server, Some("application/json"), body.to_string()).await, StatusCode::CREATED).await;
    let id = task["task_id"].as_str().unwrap();
    server.ended(id.parse().unwrap()).await;
    let task = server.get(&format!("{TASKS}/{id}")).await;
    assert_eq!(
        (&task["status"], &task["result"]["status"]),
        (&json!("complete"), &json!("success")),
        "{task}"
    );
}

#[tokio::test]
async fn who_asked_is_recorded() {
    let server = Server::start().await;
    let body = json!({"action": "verify_site", "design_ref": "file:///x"}).to_string();
    let asked = async |user: Vec<u8>| {
        let request = server.request(Method::POST, TASKS).header("X-End-User", user);
        request.header(header::CONTENT_TYPE, "application/json").body(body.clone()).send().await.unwrap()
    };
    for (user, recorded) in
        [("a longer name than sixteen characters", None), ("  ann ", Some("ann")), ("", Some("noauth"))]
    {
        let task = json_of(asked(user.as_bytes().to_vec()).await, StatusCode::CREATED).await;
        assert_eq!(task["created_by"], recorded.unwrap_or(user));
    }
    let long = asked(vec![b'x'; 256]).await;
    assert_eq!(error_of(long, StatusCode::BAD_REQUEST).await, "X-End-User: is longer than 255 bytes");
    let odd = asked(vec![0xff]).await;
    assert_eq!(error_of(odd, StatusCode::BAD_REQUEST).await, "X-End-User: is not UTF-8");
}

#[tokio::test]
async fn bad_requests_are_the_clients_errors() {
    let server = Server::start().await;
    let json = Some("application/json");
    let good = json!({"action": "verify_site", "design_ref": "file:///x"});
    let long = json!({"action": "verify_site", "design_ref": format!("file:///{}", "x".repeat(3_000))});
    let table = [
        (json, String::new(), 400, "the body is not JSON"),
        (json, "{".to_owned(), 400, "the body is not JSON"),
        (json, "[]".to_owned(), 400, "must be an object"),
        (json, json!({"action": "verify_site"}).to_string(), 400, "design_ref: is missing"),
        (json, json!({"design_ref": "file:///x"}).to_string(), 400, "action: is missing"),
        (
            json,
            json!({"action": "noop", "design_ref": "file:///x"}).to_string(),
            400,
            "action: there is no action \"noop\"",
        ),
        (
            json,
            json!({"action": "prepare_site", "design_ref": "file:///x"}).to_string(),
            400,
            "Unsupported action prepare_site: this version offers validate_design, verify_site, verify_nodes, prepare_nodes, \
             deploy_nodes, destroy_nodes",
        ),
        (json, long.to_string(), 400, "design_ref: is longer than"),
        (
            json,
            json!({"action": "verify_site", "design_ref": "file:///x", "node_filter": "all"}).to_string(),
            400,
            "node_filter: ",
        ),
        (json, " ".repeat((1 << 20) + 1), 413, "the body is longer than 1048576 bytes"),
        (None, good.to_string(), 415, "the body is not declared as JSON"),
        (Some("text/plain"), good.to_string(), 415, "the body is not declared as JSON"),
        (Some("application/jsonx"), good.to_string(), 415, "the body is not declared as JSON"),
        (Some("application/x-www-form-urlencoded"), "action=verify_site".to_owned(), 415, "the body is not"),
    ];
    for (kind, body, status, problem) in table {
        let shown: String = body.chars().take(80).collect();
        let response = post(&server, kind, body).await;
        let message = error_of(response, StatusCode::from_u16(status).unwrap()).await;
        assert!(message.starts_with(problem), "{shown}: {message}");
    }
    assert_eq!(server.get(TASKS).await, json!([]));
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    let response = post(&server, Some("application/json"), r#"{"action": 1}"#).await;
    let document = json_of(response, StatusCode::BAD_REQUEST).await;
    let fields: Vec<_> = document["details"].as_array().unwrap().iter().map(|it| &it["field"]).collect();
    assert_eq!(fields, ["action", "design_ref"], "{document}");
}

#[tokio::test]
async fn many_clients_at_once_each_get_their_own_task() {
    let server = Server::start().await;
    let body = json!({"action": "verify_site", "design_ref": "file:///x"}).to_string();
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let request = server.request(Method::POST, TASKS).header(header::CONTENT_TYPE, "application/json");
        posts.spawn(request.body(body.clone()).send());
    }
    let mut ids = std::collections::BTreeSet::new();
    for response in posts.join_all().await {
        let task = json_of(response.unwrap(), StatusCode::CREATED).await;
        ids.insert(task["task_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 64);
    let listed = server.get(TASKS).await;
    let listed: Vec<_> =
        listed.as_array().unwrap().iter().map(|task| task["task_id"].as_str().unwrap()).collect();
    assert_eq!(listed, ids.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_actions_that_a_refusal_names_are_those_that_are_offered() {
    let server = Server::start().await;
    let create = async |action: Action| {
        let body = json!({"action": action.as_str(), "design_ref": "https://nowhere/site.yaml"}).to_string();
        post(&server, Some("application/json"), body).await
    };
    let refusal = error_of(create(Action::RelabelNodes).await, StatusCode::BAD_REQUEST).await;
    let (_, offered) = refusal.split_once(" offers ").unwrap();
    for action in Action::ALL {
        let is_offered = offered.split(", ").any(|word| word == action.as_str());
        let status = if is_offered { StatusCode::CREATED } else { StatusCode::BAD_REQUEST };
        assert_eq!(create(action).await.status(), status, "{action}");
    }
}
