//! `GET /metrics`: what Prometheus reads of a server.

use drydock_core::InstanceName;
use drydock_server::config::{DatabaseUrl, ServeConfig};
use drydock_server::serve::{Served, serve};
use reqwest::{Method, StatusCode, header};

use crate::support::Server;

async fn page(server: &Server) -> String {
    let response = server.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    response.text().await.unwrap()
}

#[tokio::test]
async fn the_page_has_the_engines_figures_and_those_of_requests_by_their_pattern() {
    let server = Server::start().await;
    let task = server.start_node("n1").await;
    server.ended(task).await;
    server.get(&format!("/api/v1.0/tasks/{task}")).await;
    let missing = server.request(Method::GET, "/no/such/thing").send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let odd = Method::from_bytes(b"BREW").unwrap();
    server.request(odd, "/versions").send().await.unwrap();
    let text = page(&server).await;
    for line in [
        "drydock_tasks_ended_total{outcome=\"completed\",workflow=\"test_node\"} 1\n",
        "drydock_steps_finished_total{outcome=\"done\",workflow=\"test_node\"} 2\n",
        "drydock_http_requests_total{method=\"GET\",route=\"/api/v1.0/tasks/{id}\",status=\"200\"} 1\n",
        "drydock_http_requests_total{method=\"GET\",route=\"-\",status=\"404\"} 1\n",
        "drydock_http_requests_total{method=\"other\",route=\"/versions\",status=\"405\"} 1\n",
        "drydock_http_request_seconds_count{route=\"/api/v1.0/tasks/{id}\"} 1\n",
        "# TYPE drydock_commit_seconds histogram\n",
        "drydock_lease_renewals_total ",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains(&task.to_string()));
    // Each line is one that Prometheus takes: a comment, or a series with a number.
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        assert!(line.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn a_web_page_cannot_read_the_figures() {
    let server = Server::start().await;
    let request = server.request(Method::GET, "/metrics").header(header::ORIGIN, "https://evil.example");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_server_has_the_figures_unless_they_are_switched_off() {
    for (metrics, status) in [(true, StatusCode::OK), (false, StatusCode::NOT_FOUND)] {
        let mut config = ServeConfig::new(DatabaseUrl::Memory, InstanceName::new("tests").unwrap());
        assert!(config.metrics, "they are on by default");
        config.listen.set_port(0);
        config.metrics = metrics;
        let served: Served = serve(config).await.unwrap();
        let url = format!("http://{}/metrics", served.address());
        assert_eq!(reqwest::get(&url).await.unwrap().status(), status);
        served.abort();
    }
}
