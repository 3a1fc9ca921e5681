//! `POST /validatedesign` and `POST /nodefilter`.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, error_of, json_of};

const VALIDATE: &str = "/api/v1.0/validatedesign";
const SELECT: &str = "/api/v1.0/nodefilter";

fn site() -> String {
    format!("file://{}/../tests/fixtures/sites/two-racks.yaml", env!("CARGO_MANIFEST_DIR"))
}

async fn post(server: &Server, path: &str, body: impl ToString) -> Response {
    let request = server.request(Method::POST, path).header("content-type", "application/json");
    request.body(body.to_string()).send().await.unwrap()
}

#[tokio::test]
async fn a_valid_design_is_a_success_each_time_it_is_asked_for() {
    let server = Server::start().await;
    let body = json!({"rel": "design", "href": site(), "type": "application/x-yaml"});
    let mut counts = Vec::new();
    for _ in 0..2 {
        let status = json_of(post(&server, VALIDATE, &body).await, StatusCode::OK).await;
        assert_eq!((&status["kind"], &status["status"]), (&json!("Status"), &json!("Success")));
        assert_eq!((&status["code"], &status["details"]["errorCount"]), (&json!(200), &json!(0)));
        counts.push(status["details"]["messageList"].as_array().unwrap().len());
    }
    assert!(counts[0] >= 18 && counts[0] == counts[1], "each rule speaks, once: {counts:?}");
}

#[tokio::test]
async fn a_design_that_is_not_valid_is_told_with_its_documents() {
    let server = Server::start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    for (text, name) in [
        ("schema: drydock/Network/v1\nmetadata: {name: a}\ndata: {cidr: 10.0.0.4/24}\n", "DD2006"),
        ("schema: drydock/Network/v1\nmetadata: {name: a}\ndata: {}\n", "DD001"),
    ] {
        std::fs::write(file.path(), text).unwrap();
        let body = json!({"href": format!("file://{}", file.path().display())});
        let status = json_of(post(&server, VALIDATE, body).await, StatusCode::BAD_REQUEST).await;
        assert_eq!((&status["status"], &status["code"]), (&json!("Failure"), &json!(400)));
        let messages = status["details"]["messageList"].as_array().unwrap();
        let errors: Vec<&Value> = messages.iter().filter(|message| message["error"] == true).collect();
        assert_eq!((errors.len(), &errors[0]["name"]), (1, &json!(name)), "{status}");
        assert_eq!(errors[0]["documents"], json!([{"schema": "drydock/Network/v1", "name": "a"}]));
    }
}

#[tokio::test]
async fn the_nodes_of_a_filter_are_named_in_order() {
    let server = Server::start().await;
    let control =
        json!({"filter_type": "union", "node_tags": ["control"], "node_names": ["r1n03", "nobody"]});
    for (filter, expected) in [
        (json!({"filter_set_type": "union", "filter_set": [control]}), json!(["r1n01", "r1n03", "r2n01"])),
        (json!({"filter_set_type": "union", "filter_set": [{"filter_type": "union"}]}), json!([])),
    ] {
        let body = json!({"design_ref": site(), "node_filter": filter});
        assert_eq!(json_of(post(&server, SELECT, body).await, StatusCode::OK).await, expected);
    }
    let all = json_of(post(&server, SELECT, json!({"design_ref": site()})).await, StatusCode::OK).await;
    assert_eq!(all.as_array().unwrap().len(), 12);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_the_clients_error() {
    let server = Server::start().await;
    for (path, body, expected) in [
        (VALIDATE, "", "Request body must not be empty for validation."),
        (VALIDATE, "{}", "The \"href\" key must be provided in the request body."),
        (VALIDATE, r#"{"href": "gopher://a/b"}"#, "cannot read the design gopher://a/b"),
        (VALIDATE, r#"{"href": "file:///no/such/file"}"#, "cannot read the design file:///no/such/file"),
        (SELECT, "{}", "Missing input required value: design_ref"),
        (SELECT, r#"{"design_ref": "file:///no/such/file"}"#, "cannot read the design"),
        (SELECT, r#"{"design_ref": "file:///x", "node_filter": {}}"#, "node_filter.filter_set_type: must be"),
        (SELECT, r#"{"design_ref": "file:///x", "node_filter": "all"}"#, "node_filter: must be an object"),
    ] {
        let message = error_of(post(&server, path, body).await, StatusCode::BAD_REQUEST).await;
        assert!(message.starts_with(expected), "{path} {body}: {message}");
    }
    let undeclared = server.request(Method::POST, VALIDATE).body("{}").send().await.unwrap();
    error_of(undeclared, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    let response = server.request(Method::GET, VALIDATE).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}
