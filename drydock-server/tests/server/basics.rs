//! What holds for every request: versions, unknown routes and methods, the request's id, web pages.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::support::{Server, error_of, json_of};

#[tokio::test]
async fn versions_are_told_without_asking_who() {
    let server = Server::start().await;
    assert_eq!(server.get("/versions").await, json!({"v1.0": {"path": "/api/v1.0", "status": "stable"}}));
}

#[tokio::test]
async fn what_does_not_exist_is_refused_in_the_one_form() {
    let server = Server::start().await;
    for path in
        ["/", "/api", "/api/v1.0", "/api/v1.0/", "/api/v1.0/tasks/", "/api/v2/tasks", "/api/v1.0/tasks/x/y"]
    {
        let response = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(error_of(response, StatusCode::NOT_FOUND).await, format!("there is nothing at {path}"));
    }
}

#[tokio::test]
async fn wrong_methods_are_refused_with_the_right_ones() {
    let server = Server::start().await;
    let task = "/api/v1.0/tasks/0190b2c8-0000-7000-8000-000000000000";
    let table = [
        (Method::POST, "/versions".to_owned(), "GET,HEAD"),
        (Method::DELETE, "/api/v1.0/health".to_owned(), "GET,HEAD"),
        (Method::PUT, "/api/v1.0/tasks".to_owned(), "GET,HEAD,POST"),
        (Method::DELETE, task.to_owned(), "GET,HEAD"),
        (Method::PATCH, task.to_owned(), "GET,HEAD"),
        (Method::GET, format!("{task}/cancel"), "POST"),
    ];
    for (method, path, allowed) in table {
        let response = server.request(method.clone(), &path).send().await.unwrap();
        assert_eq!(response.headers()[header::ALLOW], allowed, "{method} {path}");
        let message = error_of(response, StatusCode::METHOD_NOT_ALLOWED).await;
        assert!(message.starts_with(&format!("{method} is not for this path")), "{message}");

        let response = server.request(Method::OPTIONS, &path).send().await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()[header::ALLOW]),
            (StatusCode::OK, &allowed.parse().unwrap())
        );
    }
}

#[tokio::test]
async fn every_response_has_an_id_of_its_own() {
    let server = Server::start().await;
    let mut ids = std::collections::BTreeSet::new();
    for path in ["/versions", "/api/v1.0/health", "/nowhere", "/api/v1.0/tasks/x"] {
        for marker in ["", "b3b0ad9c-6e5c-4d3a-9c0a-3f0f1e0d2c1b", "no marker"] {
            let request = server.request(Method::GET, path).header("X-Context-Marker", marker);
            let response = request.send().await.unwrap();
            let id: uuid::Uuid = response.headers()["x-drydock-req"].to_str().unwrap().parse().unwrap();
            assert_eq!(id.get_version_num(), 4);
            ids.insert(id);
        }
    }
    assert_eq!(ids.len(), 12);
}

#[tokio::test]
async fn web_pages_may_not_use_the_api() {
    let server = Server::start().await;
    let table = [
        (header::ORIGIN, "https://page.example", "web pages may not use this API"),
        (header::HOST, "page.example", "this server is only for its own machine"),
    ];
    for (name, value, problem) in table {
        let request = server.request(Method::GET, "/api/v1.0/tasks").header(name, value);
        let message = error_of(request.send().await.unwrap(), StatusCode::FORBIDDEN).await;
        assert!(message.starts_with(problem), "{message}");
    }
    let request = server.request(Method::GET, "/api/v1.0/tasks").header(header::HOST, "localhost:1234");
    assert_eq!(json_of(request.send().await.unwrap(), StatusCode::OK).await, json!([]));
}
