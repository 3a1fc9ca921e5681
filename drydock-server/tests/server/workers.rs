//! Queues of work over HTTP: who is let in, and what a worker hears when its hold has ended.

use std::sync::Arc;

use drydock_core::{ExecutorName, InstanceName, SecretString};
use drydock_server::api::{Access, workers};
use drydock_store::MemoryStore;
use drydock_workflow::executor::WorkQueue;
use drydock_workflow::{Engine, Workflow, WorkflowBuilder};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const TOKEN: &str = "swordfish";

/// A server of one queue, for as long as it is held.
struct Yard {
    url: String,
    client: reqwest::Client,
    _serving: JoinSet<()>,
}

impl Yard {
    async fn of(queue: &WorkQueue) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/workers/v1/queues", listener.local_addr().unwrap());
        let queues = workers::Queues::new()
            .queue(ExecutorName::new("counts").unwrap(), queue.clone())
            .token(SecretString::from(TOKEN));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, workers::router(queues, Access::ThisMachine)).await.unwrap();
        });
        Self { url, client: reqwest::Client::builder().build().unwrap(), _serving: serving }
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.post_with(path, body, Some(TOKEN)).await
    }

    async fn post_with(&self, path: &str, body: Value, token: Option<&str>) -> (StatusCode, Value) {
        let mut request = self.client.post(format!("{}/{path}", self.url)).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }
}

fn workflow() -> Workflow<u32, u32> {
    let mut builder = WorkflowBuilder::<u32>::new("counts", 1);
    let input = builder.input();
    let out = builder.external("count", "counts", json!({"by": 2})).run(&input);
    builder.output(&out).unwrap()
}

#[tokio::test]
async fn a_worker_takes_a_job_renews_and_answers_once() {
    let (queue, workflow) = (WorkQueue::default(), workflow());
    let yard = Yard::of(&queue).await;
    let engine = Engine::builder(Arc::new(MemoryStore::new()), InstanceName::new("a").unwrap())
        .workflow(&workflow)
        .executor(ExecutorName::new("counts").unwrap(), queue)
        .start()
        .await
        .unwrap();
    let task = engine.submit(&workflow, &5).await.unwrap();
    let (status, ticket) = yard.post("counts/take", json!({"wait_seconds": 30})).await;
    assert_eq!(
        (status, &ticket["job"]["input"], &ticket["job"]["job"]),
        (StatusCode::OK, &json!(5), &json!({"by": 2}))
    );
    let job = format!("counts/jobs/{}", ticket["ticket"].as_str().unwrap());
    assert_eq!(
        yard.post(&format!("{job}/renew"), json!({})).await,
        (StatusCode::OK, json!({"cancelled": false}))
    );
    let bad = yard.post(&format!("{job}/answer"), json!({"lines": [{"finished": 1}]})).await;
    assert_eq!(bad.0, StatusCode::BAD_REQUEST, "{}", bad.1);
    let done = json!({"lines": [{"say": {"text": "counted"}}, {"done": 7}]});
    assert_eq!(yard.post(&format!("{job}/answer"), done.clone()).await.0, StatusCode::NO_CONTENT);
    let end = engine.wait(task).await.unwrap();
    assert!(format!("{end:?}").contains("Completed"), "{end:?}");
    let late = yard.post(&format!("{job}/answer"), done).await;
    assert_eq!(late.0, StatusCode::GONE);
    assert!(late.1["message"].as_str().unwrap().contains("the ticket is void"), "{}", late.1);
    assert_eq!(yard.post(&format!("{job}/renew"), json!({})).await.0, StatusCode::GONE);
    assert_eq!(yard.post("counts/take", json!({})).await.0, StatusCode::NO_CONTENT, "nothing is left");
}

#[tokio::test]
async fn only_who_shows_the_token_is_let_in_and_only_to_queues_that_are_there() {
    let queue = WorkQueue::default();
    let yard = Yard::of(&queue).await;
    for token in [None, Some("sword"), Some("swordfish2"), Some("")] {
        let refused = yard.post_with("counts/take", json!({}), token).await;
        assert_eq!(refused.0, StatusCode::UNAUTHORIZED, "{token:?}");
        assert!(!refused.1.to_string().contains(TOKEN));
    }
    assert_eq!(yard.post("others/take", json!({})).await.0, StatusCode::NOT_FOUND);
    for bad in [json!({"wait_seconds": -1}), json!({"wait": 1}), json!({"wait_seconds": "long"})] {
        let refused = yard.post("counts/take", bad.clone()).await;
        assert_eq!(refused.0, StatusCode::BAD_REQUEST, "{bad}: {}", refused.1);
    }
}
