//! Queues of work behind HTTP: remote workers take jobs, renew their hold, and answer.
//!
//! | request | answer |
//! |---|---|
//! | `POST /workers/v1/queues/{queue}/take` with `{"wait_seconds": 20}` | 200 and a [`Ticket`](drydock_workflow::executor::Ticket), or 204 when no job came in that time |
//! | `POST /workers/v1/queues/{queue}/jobs/{ticket}/renew` | 200 and `{"cancelled": false}`; 410 when the ticket is void |
//! | `POST /workers/v1/queues/{queue}/jobs/{ticket}/answer` with `{"lines": [{"done": 3}]}` | 204; 410 when the ticket is void |
//!
//! The lines are those of [`wire`](drydock_workflow::executor::wire): messages, facts, progress, and at the end one outcome. A ticket that is void is not
//! the worker's any more: it stops, and nothing of what it did is recorded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use drydock_core::{ExecutorName, ExposeSecret as _, SecretString};
use drydock_workflow::executor::WorkQueue;
use drydock_workflow::executor::wire::Line;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::error::ApiError;
use super::request::json_body;
use super::{Access, guard};

/// The longest that a worker may wait for a job; proxies lose patience with more.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// The longest answer, in bytes: a step's output may have a megabyte.
const ANSWER_MAX: usize = 4 << 20;

/// The queues that workers may take from, by name, and what lets a worker in.
#[derive(Clone, Default)]
pub struct Queues {
    queues: BTreeMap<ExecutorName, WorkQueue>,
    token: Option<SecretString>,
}

impl Queues {
    /// No queues, open to every program that the [`Access`] admits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a queue, under the name that workers ask for.
    #[must_use]
    pub fn queue(mut self, name: ExecutorName, queue: WorkQueue) -> Self {
        self.queues.insert(name, queue);
        self
    }

    /// Lets in only who sends `Authorization: Bearer TOKEN`.
    #[must_use]
    pub fn token(mut self, token: SecretString) -> Self {
        self.token = Some(token);
        self
    }

    fn named(&self, name: &str) -> Result<&WorkQueue, ApiError> {
        let queue = self.queues.iter().find(|(own, _)| own.as_str() == name);
        queue.map(|(_, queue)| queue).ok_or_else(|| ApiError::NoQueue(name.to_owned()))
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        token.expose_secret().as_bytes().ct_eq(sent.as_bytes()).into()
    }
}

/// The routes, to be served beside the others or alone.
pub fn router(queues: Queues, access: Access) -> Router {
    let queues = Arc::new(queues);
    Router::new()
        .route("/workers/v1/queues/{queue}/take", post(take))
        .route("/workers/v1/queues/{queue}/jobs/{ticket}/renew", post(renew))
        .route("/workers/v1/queues/{queue}/jobs/{ticket}/answer", post(answer))
        .layer(DefaultBodyLimit::max(ANSWER_MAX))
        .layer(from_fn_with_state(Arc::clone(&queues), authenticate))
        .layer(from_fn_with_state(access, guard::admit))
        .with_state(queues)
}

async fn authenticate(State(queues): State<Arc<Queues>>, request: Request, next: Next) -> Response {
    if queues.admits(request.headers()) {
        next.run(request).await
    } else {
        ApiError::Unauthorized.into_response()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Take {
    #[serde(default)]
    wait_seconds: f64,
}

async fn take(
    State(queues): State<Arc<Queues>>,
    Path(queue): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let queue = queues.named(&queue)?;
    let Take { wait_seconds } = read(&headers, body)?;
    let wait = Duration::try_from_secs_f64(wait_seconds)
        .map_err(|_| ApiError::parameter("wait_seconds", "is no time: send a number from 0"))?;
    Ok(match queue.take(wait.min(WAIT_MAX)).await {
        Some(ticket) => Json(ticket).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

async fn renew(
    State(queues): State<Arc<Queues>>,
    Path((queue, ticket)): Path<(String, Uuid)>,
) -> Result<Response, ApiError> {
    let beat = queues.named(&queue)?.renew(ticket).map_err(|_| ApiError::TicketVoid)?;
    Ok(Json(beat).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    lines: Vec<Line>,
}

async fn answer(
    State(queues): State<Arc<Queues>>,
    Path((queue, ticket)): Path<(String, Uuid)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let queue = queues.named(&queue)?;
    let Answer { lines } = read(&headers, body)?;
    queue.answer(ticket, lines).map_err(|_| ApiError::TicketVoid)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<T, ApiError> {
    serde_json::from_slice(&json_body(headers, body)?)
        .map_err(|error| ApiError::parameter("", format!("the body cannot be read: {error}")))
}
