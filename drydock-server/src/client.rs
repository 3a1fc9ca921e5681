//! A client of the v1.0 API, for the command line: tasks are created, listed, followed and cancelled.
//!
//! Nothing is repeated here: whether to ask again is for the caller to say.

use std::collections::BTreeMap;
use std::time::Duration;

use drydock_core::journal::FeedCursor;
use drydock_core::node_filter::NodeFilter;
use drydock_core::task::{Action, DesignRef};
use drydock_core::{TaskId, Timestamp};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::api::document::{ErrorDocument, EventsDocument, StepDocument, StepsDocument, TaskDocument};

/// On whose behalf a request is made, for the records: v1.0's own header.
const END_USER: &str = "x-end-user";
/// The longest time to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest time from the start of a request to the end of its answer.
const ANSWER: Duration = Duration::from_mins(1);

/// A server's API. It holds a pool of connections; clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

/// Why the server gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The text is no URL of a server.
    #[error("{0:?} is no URL of a server: write one such as http://127.0.0.1:9000")]
    Url(String),
    /// No connection could be made, or it broke, or the answer took too long.
    #[error("cannot reach the server at {url}")]
    Unreachable {
        /// The server.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The server said no.
    #[error("the server refused: {message} ({status})")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// Its words.
        message: String,
    },
    /// Whatever answered is no Drydock server.
    #[error("{url} does not speak Drydock's API: is it the URL of another server? (it answered {status})")]
    Foreign {
        /// The server.
        url: String,
        /// The HTTP status.
        status: StatusCode,
    },
    /// The server is a Drydock of another version, it seems.
    #[error("the answer of {url} is not that of a Drydock server of this version")]
    Unintelligible {
        /// The server.
        url: String,
        /// What was wrong with the answer.
        #[source]
        source: serde_json::Error,
    },
}

impl ClientError {
    /// Whether the same question may be answered later: the server is away, or not well.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            // A proxy before the server speaks for itself.
            Self::Refused { status, .. } | Self::Foreign { status, .. } => status.is_server_error(),
            Self::Url(_) | Self::Unintelligible { .. } => false,
        }
    }
}

/// What somebody wants done.
#[derive(Debug, Clone, Serialize)]
pub struct NewTask {
    /// What to do.
    pub action: Action,
    /// The design to do it to.
    pub design_ref: DesignRef,
    /// The nodes to do it to; none for all of the design.
    pub node_filter: Option<NodeFilter>,
}

/// A task and its children.
#[derive(Debug, Clone)]
pub struct TaskTree {
    /// The task.
    pub task: TaskDocument,
    /// Its children, in the order in which they were started.
    pub children: Vec<TaskDocument>,
}

impl Client {
    /// A client of the server at `url`, such as `http://127.0.0.1:9000`, for the person `user`. Nothing is sent yet.
    pub fn new(url: &str, user: Option<&str>) -> Result<Self, ClientError> {
        let base = url.parse::<Url>().ok().filter(|base| matches!(base.scheme(), "http" | "https"));
        let base = base.ok_or_else(|| ClientError::Url(url.to_owned()))?;
        let named = user.and_then(|user| HeaderValue::from_str(user).ok());
        let headers = named.map(|user| (HeaderName::from_static(END_USER), user)).into_iter().collect();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .default_headers(headers)
            .build();
        let http = http.map_err(|source| ClientError::Unreachable { url: url.to_owned(), source })?;
        Ok(Self { http, base })
    }

    /// Asks for a task.
    pub async fn task_create(&self, task: &NewTask) -> Result<TaskDocument, ClientError> {
        self.answer(self.ask(Method::POST, &["tasks"]).json(task)).await
    }

    /// All tasks that are kept, children too, in the order in which they were asked for.
    pub async fn task_list(&self) -> Result<Vec<TaskDocument>, ClientError> {
        self.answer(self.ask(Method::GET, &["tasks"])).await
    }

    /// A task.
    pub async fn task_get(&self, id: &str) -> Result<TaskDocument, ClientError> {
        self.answer(self.ask(Method::GET, &["tasks", id])).await
    }

    /// A task and its children.
    pub async fn task_tree(&self, id: &str) -> Result<TaskTree, ClientError> {
        let request = self.ask(Method::GET, &["tasks", id]).query(&[("layers", 2)]);
        let mut answer: BTreeMap<String, Value> = self.answer(request).await?;
        let task = self.read::<TaskDocument>(answer.remove(id).unwrap_or_default())?;
        answer.remove("init_task_id");
        // The ids of tasks sort by the time of creation.
        let children = answer.into_values().map(|child| self.read(child)).collect::<Result<_, _>>()?;
        Ok(TaskTree { task, children })
    }

    /// A task's steps, in the order of its workflow.
    pub async fn task_steps(&self, id: &str) -> Result<Vec<StepDocument>, ClientError> {
        let answer: StepsDocument = self.answer(self.ask(Method::GET, &["tasks", id, "steps"])).await?;
        Ok(answer.steps)
    }

    /// Asks for a task's end.
    pub async fn task_cancel(&self, id: &str) -> Result<TaskDocument, ClientError> {
        self.answer(self.ask(Method::POST, &["tasks", id, "cancel"])).await
    }

    /// What happened after a cursor, or since a time; of one task only, if it is named.
    pub async fn events(
        &self,
        after: &FeedCursor,
        since: Option<Timestamp>,
        task: Option<TaskId>,
    ) -> Result<EventsDocument, ClientError> {
        let mut query = Vec::new();
        match since {
            Some(since) => query.push(("since", since.to_rfc3339())),
            None if after.is_start() => {}
            None => query.push(("after", after.to_string())),
        }
        query.extend(task.map(|task| ("task", task.to_string())));
        self.answer(self.ask(Method::GET, &["events"]).query(&query)).await
    }

    fn ask(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Cannot fail: `new` takes http and https only, and those have a path.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1.0"]).extend(path);
        }
        url
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let unreachable = |source: reqwest::Error| ClientError::Unreachable {
            url: self.base.to_string(),
            source: source.without_url(),
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        if !status.is_success() {
            return Err(match serde_json::from_slice::<ErrorDocument>(&body) {
                Ok(ErrorDocument { message, .. }) => ClientError::Refused { status, message },
                Err(_) => ClientError::Foreign { url: self.base.to_string(), status },
            });
        }
        if serde_json::from_slice::<IgnoredAny>(&body).is_err() {
            return Err(ClientError::Foreign { url: self.base.to_string(), status });
        }
        serde_json::from_slice(&body).map_err(|source| self.unintelligible(source))
    }

    fn read<T: DeserializeOwned>(&self, document: Value) -> Result<T, ClientError> {
        serde_json::from_value(document).map_err(|source| self.unintelligible(source))
    }

    fn unintelligible(&self, source: serde_json::Error) -> ClientError {
        ClientError::Unintelligible { url: self.base.to_string(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_of_servers_are_taken() {
        let client = Client::new("http://127.0.0.1:9000/", None).unwrap();
        assert_eq!(client.url(&["tasks"]).as_str(), "http://127.0.0.1:9000/api/v1.0/tasks");
        let client = Client::new("https://host/drydock", Some("me")).unwrap();
        assert_eq!(client.url(&["tasks", "a/b"]).as_str(), "https://host/drydock/api/v1.0/tasks/a%2Fb");
        for bad in ["", "localhost:9000", "ftp://x", "/var/run/x"] {
            assert!(Client::new(bad, None).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_server_that_speaks_something_else_is_told_apart() {
        for (status, passing) in
            [(StatusCode::OK, false), (StatusCode::NOT_FOUND, false), (StatusCode::BAD_GATEWAY, true)]
        {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let page = axum::Router::new().fallback(move || async move { (status, "<html>a page</html>") });
            let server = axum::serve(listener, page);
            let client = Client::new(&url, None).unwrap();
            let error = tokio::select! {
                answer = client.task_get("x") => answer.unwrap_err(),
                end = server.into_future() => panic!("{end:?}"),
            };
            let text = error.to_string();
            assert!(text.starts_with(&url) && !text.contains("html"), "{text}");
            assert_eq!(error.is_passing(), passing, "{text}");
        }
    }
}
