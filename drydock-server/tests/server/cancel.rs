//! `POST /tasks/{id}/cancel`.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Server, error_of, json_of};

#[tokio::test]
async fn a_task_and_its_children_end_and_say_on_whose_behalf() {
    let server = Server::start().await;
    let task = server.start_task(&["busy1", "slow1"]).await;
    let path = format!("/api/v1.0/tasks/{task}");
    server.until(&path, |it| it["subtask_id_list"].as_array().unwrap().len() == 2).await;

    let cancel = || server.request(Method::POST, &format!("{path}/cancel")).header("X-End-User", "ann");
    let document = json_of(cancel().send().await.unwrap(), StatusCode::ACCEPTED).await;
    assert_eq!((&document["terminate"], &document["terminated_by"]), (&json!(true), &json!("ann")));
    assert!(document["terminated"].is_string());
    let status = document["status"].as_str().unwrap();
    assert!(["terminating", "terminated"].contains(&status), "{status}");

    server.ended(task).await;
    let layers = server.get(&format!("{path}?layers=-1")).await;
    let tasks = layers.as_object().unwrap().values().filter(|it| it.is_object());
    let ends: Vec<_> =
        tasks.map(|it| (&it["status"], &it["terminated_by"], &it["result"]["status"])).collect();
    assert_eq!(ends, vec![(&json!("terminated"), &json!("ann"), &json!("failure")); 3]);

    let again = error_of(cancel().send().await.unwrap(), StatusCode::CONFLICT).await;
    assert_eq!(again, format!("Task {task} has ended already"));
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_cancelled() {
    let server = Server::start().await;
    for id in ["0190b2c8-0000-7000-8000-000000000000", "x"] {
        let request = server.request(Method::POST, &format!("/api/v1.0/tasks/{id}/cancel"));
        let message = error_of(request.send().await.unwrap(), StatusCode::NOT_FOUND).await;
        assert!(message.contains(id) && message.contains(" does not exist"), "{message}");
    }
}
