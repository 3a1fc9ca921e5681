//! `GET /tasks/{id}`: the document, `layers`, `subtaskerrors`, `builddata`.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, error_of};

/// The text must be a timestamp in Python's form, with its offset.
fn assert_time(value: &Value) {
    let text = value.as_str().unwrap();
    let time = text.strip_suffix("+00:00").unwrap().replace(' ', "T") + "Z";
    time.parse::<drydock_core::Timestamp>().unwrap();
}

#[tokio::test]
async fn a_task_document_has_the_fields_of_v1_0() {
    let server = Server::start().await;
    let task = server.start_node("n1").await;
    server.ended(task).await;
    let mut document = server.get(&format!("/api/v1.0/tasks/{task}")).await;
    for time in ["created", "updated"] {
        assert_time(&document[time]);
        document[time] = json!("a time");
    }
    let messages = document["result"]["details"]["messageList"].as_array_mut().unwrap();
    for message in messages {
        assert_time(&message["ts"]);
        message["ts"] = json!("a time");
    }
    let expected = json!({
        "kind": "Task",
        "apiVersion": "v1",
        "task_id": task.to_string(),
        "action": "verify_nodes",
        "parent_task_id": null,
        "design_ref": "https://host/site",
        "status": "complete",
        "node_filter": null,
        "subtask_id_list": [],
        "created": "a time",
        "created_by": "the tests",
        "updated": "a time",
        "terminated": null,
        "terminated_by": null,
        "terminate": false,
        "retry": 0,
        "result": {
            "kind": "Status",
            "apiVersion": "v1.0",
            "metadata": {},
            "message": null,
            "reason": null,
            "status": "success",
            "successes": ["n1"],
            "failures": [],
            "links": [],
            "details": {
                "errorCount": 0,
                "messageList": [
                    {"message": "looked at n1", "error": false, "context_type": "node", "context": "n1", "ts": "a time", "extra": {}},
                    {"message": "a look was taken", "error": false, "context_type": "task", "context": task.to_string(), "ts": "a time", "extra": {}},
                ],
            },
        },
    });
    assert_eq!(document, expected);
}

#[tokio::test]
async fn a_task_under_way_has_come_to_nothing_yet() {
    let server = Server::start().await;
    let task = server.start_task(&["slow1"]).await;
    let path = format!("/api/v1.0/tasks/{task}");
    let document = server.until(&path, |it| !it["subtask_id_list"].as_array().unwrap().is_empty()).await;
    assert_eq!(document["status"], "running");
    assert_eq!(document["result"]["status"], "incomplete");
    assert_eq!(document["node_filter"]["filter_set"][0]["node_names"], json!(["slow1"]));
    server.request(Method::POST, &format!("{path}/cancel")).send().await.unwrap();
}

#[tokio::test]
async fn a_task_that_no_action_started_is_shown_as_far_as_it_can_be() {
    let server = Server::start().await;
    let task = server.served.engine().submit(&server.workflows.plain, &7).await.unwrap();
    server.ended(task).await;
    let document = server.get(&format!("/api/v1.0/tasks/{task}")).await;
    assert_eq!((&document["action"], &document["design_ref"]), (&json!("plain"), &Value::Null));
    assert_eq!(document["result"]["status"], "success");
}

#[tokio::test]
async fn layers_show_a_task_and_what_is_below_it() {
    let server = Server::start().await;
    let task = server.start_task(&["n1", "bad1"]).await;
    server.ended(task).await;
    let path = format!("/api/v1.0/tasks/{task}");
    let one = server.get(&path).await;
    let children: Vec<_> =
        one["subtask_id_list"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(children.len(), 2);
    for (layers, tasks) in [("1", 1), ("2", 3), ("3", 3), ("-1", 3), ("-2", 1)] {
        let answer = server.get(&format!("{path}?layers={layers}")).await;
        let answer = answer.as_object().unwrap();
        assert_eq!(answer["init_task_id"], task.to_string());
        assert_eq!(answer.len(), 1 + tasks, "layers={layers}");
        assert_eq!(answer[&task.to_string()], one);
        if tasks == 3 {
            for child in &children {
                assert_eq!(answer[*child]["parent_task_id"], task.to_string());
            }
        }
    }
    for layers in ["0", "x", ""] {
        assert_eq!(server.get(&format!("{path}?layers={layers}")).await, one);
    }
}

#[tokio::test]
async fn the_errors_of_children_are_gathered() {
    let server = Server::start().await;
    let task = server.start_task(&["n1", "bad1"]).await;
    server.ended(task).await;
    let path = format!("/api/v1.0/tasks/{task}?subtaskerrors=true");
    for answer in [server.get(&path).await, server.get(&format!("{path}&layers=1")).await] {
        let errors = answer["subtask_errors"].as_object().unwrap();
        assert_eq!(errors.len(), 1);
        let (id, result) = errors.iter().next().unwrap();
        assert_eq!(&result["task_id"], id);
        assert_eq!((&result["status"], &result["failures"]), (&json!("failure"), &json!(["bad1"])));
        assert_eq!(result["details"]["errorCount"], 1);
        let last = result["details"]["messageList"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["context_type"], &last["context"]), (&json!("node"), &json!("bad1")));
        assert_eq!(last["message"], "step act: bad1 is bad");
    }
    let without = server.get(&format!("/api/v1.0/tasks/{task}?subtaskerrors=false&builddata=true")).await;
    assert_eq!((without.get("subtask_errors"), &without["build_data"]), (None, &json!([])));
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let server = Server::start().await;
    let unknown = "0190b2c8-0000-7000-8000-000000000000";
    for (id, shown) in [
        (unknown, "Task 0190b2c8-0000-7000-8000-000000000000 does not exist"),
        ("x", "Task \"x\" does not exist: that is no task's id"),
        ("%20", "Task \" \" does not exist: that is no task's id"),
        ("%FF", "Task \"\u{fffd}\" does not exist: that is no task's id"),
    ] {
        let response = server.request(Method::GET, &format!("/api/v1.0/tasks/{id}")).send().await.unwrap();
        let message = error_of(response, StatusCode::NOT_FOUND).await;
        assert_eq!(message, shown);
    }
    for flag in ["builddata", "subtaskerrors"] {
        let path = format!("/api/v1.0/tasks/{unknown}?{flag}=perhaps");
        let response = server.request(Method::GET, &path).send().await.unwrap();
        let message = error_of(response, StatusCode::BAD_REQUEST).await;
        assert_eq!(message, format!("{flag}: \"perhaps\" is neither true nor false"));
    }
}
