//! `GET /tasks/{id}/steps`.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, error_of};

fn step<'d>(document: &'d Value, name: &str) -> &'d Value {
    document["steps"].as_array().unwrap().iter().find(|step| step["name"] == name).unwrap()
}

#[tokio::test]
async fn steps_that_ended_say_how() {
    let server = Server::start().await;
    for (node, status, error) in [("n1", "done", None), ("bad1", "failed", Some("bad1 is bad"))] {
        let task = server.start_node(node).await;
        server.ended(task).await;
        let steps = server.get(&format!("/api/v1.0/tasks/{task}/steps")).await;
        assert_eq!(steps["task_id"], task.to_string());
        let (look, act) = (step(&steps, "look"), step(&steps, "act"));
        assert_eq!(
            (&look["status"], &look["after"], &look["attempt"]),
            (&json!("done"), &json!([]), &json!(1))
        );
        assert_eq!((&act["status"], &act["after"]), (&json!(status), &json!(["look"])));
        assert!(act["started"].is_string() && act["ended"].is_string() && act["waits"].is_null());
        let expected = error.map(|message| json!({"message": message, "disposition": "permanent"}));
        assert_eq!(act["error"], expected.unwrap_or(Value::Null));
    }
}

#[tokio::test]
async fn steps_under_way_say_what_they_wait_for() {
    let server = Server::start().await;
    let table = [
        ("slow1", "waiting", json!("a new day"), json!(1), Value::Null),
        ("flaky1", "retrying", json!("attempt 2 of this step"), json!(2), json!("try again")),
    ];
    for (node, status, reason, attempt, error) in table {
        let task = server.start_node(node).await;
        let path = format!("/api/v1.0/tasks/{task}/steps");
        let steps = server.until(&path, |steps| step(steps, "act")["status"] == status).await;
        let act = step(&steps, "act");
        assert_eq!((&act["waits"]["reason"], &act["attempt"]), (&reason, &attempt));
        let told = json!({"done": 17, "total": 40, "text": "disks"});
        assert_eq!(act.get("progress"), Some(&told).filter(|_| node == "slow1"));
        assert!(act["waits"]["until"].is_string() && act["ended"].is_null());
        assert_eq!(act["error"].get("message").unwrap_or(&Value::Null), &error);
    }
}

#[tokio::test]
async fn a_step_with_children_waits_for_them_and_what_follows_is_pending() {
    let server = Server::start().await;
    let task = server.start_task(&["busy1"]).await;
    let path = format!("/api/v1.0/tasks/{task}/steps");
    let steps = server.until(&path, |steps| step(steps, "each")["status"] == "waiting").await;
    let each = step(&steps, "each");
    assert_eq!((&each["children"], &each["waits"]["until"]), (&json!("test_node"), &Value::Null));
    assert_eq!(step(&steps, "vote")["status"], "pending");
    server.request(Method::POST, &format!("/api/v1.0/tasks/{task}/cancel")).send().await.unwrap();
    server.ended(task).await;
    let steps = server.get(&path).await;
    assert_eq!(step(&steps, "vote")["status"], "unfinished");
}

#[tokio::test]
async fn unknown_tasks_have_no_steps() {
    let server = Server::start().await;
    for id in ["0190b2c8-0000-7000-8000-000000000000", "x"] {
        let response =
            server.request(Method::GET, &format!("/api/v1.0/tasks/{id}/steps")).send().await.unwrap();
        let message = error_of(response, StatusCode::NOT_FOUND).await;
        assert!(message.contains(id) && message.contains(" does not exist"), "{message}");
    }
}
