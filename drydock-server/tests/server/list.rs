//! `GET /tasks`.

use reqwest::{Method, StatusCode, header};

use crate::support::{Server, error_of, json_of};

#[tokio::test]
async fn without_parameters_all_tasks_are_there_children_too() {
    let server = Server::start().await;
    let task = server.start_task(&["n1", "n2"]).await;
    server.ended(task).await;
    let tasks = server.get("/api/v1.0/tasks").await;
    let parents: Vec<_> = tasks.as_array().unwrap().iter().map(|it| it["parent_task_id"].clone()).collect();
    let id = task.to_string();
    assert_eq!(parents, [serde_json::Value::Null, id.clone().into(), id.into()]);
}

#[tokio::test]
async fn pages_follow_each_other_by_their_links() {
    let server = Server::start().await;
    let mut tasks = Vec::new();
    for _ in 0..5 {
        let task = server.start_node("n1").await;
        server.ended(task).await;
        tasks.push(task.to_string());
    }
    let mut next = Some("/api/v1.0/tasks?limit=2".to_owned());
    let mut seen = Vec::new();
    let mut sizes = Vec::new();
    while let Some(path) = next.take() {
        let response = server.request(Method::GET, &path).send().await.unwrap();
        let link = response.headers().get(header::LINK).map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| {
            let path = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            path.unwrap().to_owned()
        });
        let page = json_of(response, StatusCode::OK).await;
        sizes.push(page.as_array().unwrap().len());
        seen.extend(page.as_array().unwrap().iter().map(|it| it["task_id"].as_str().unwrap().to_owned()));
    }
    assert_eq!((seen, sizes), (tasks.clone(), vec![2, 2, 1]));
    // A page that ends with the last task has no next one.
    let response = server.request(Method::GET, "/api/v1.0/tasks?limit=5").send().await.unwrap();
    assert!(!response.headers().contains_key(header::LINK));
    let rest = server.get(&format!("/api/v1.0/tasks?after={}", tasks[2])).await;
    assert_eq!(rest.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn bad_parameters_are_refused_and_unknown_ones_passed_over() {
    let server = Server::start().await;
    for (query, problem) in [
        ("limit=0", "limit: \"0\" is not a number between 1 and 1000"),
        ("limit=1001", "limit: \"1001\" is not a number between 1 and 1000"),
        ("limit=abc", "limit: \"abc\" is not a number"),
        ("limit=-1", "limit: \"-1\" is not"),
        ("limit=", "limit: \"\" is not"),
        ("after=x", "after: \"x\" is not a task's id"),
    ] {
        let response = server.request(Method::GET, &format!("/api/v1.0/tasks?{query}")).send().await.unwrap();
        let message = error_of(response, StatusCode::BAD_REQUEST).await;
        assert!(message.starts_with(problem), "{message}");
    }
    assert_eq!(server.get("/api/v1.0/tasks?page=7&limit=1").await, serde_json::json!([]));
}
