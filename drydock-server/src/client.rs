//! A client of the v1.0 API, for the command line: tasks are created, listed, followed and cancelled.
//!
//! Questions are repeated by whoever asks them; nothing is repeated here. Answers are read leniently: fields that are not known are
//! passed over, so that a newer server can be asked.

use std::collections::BTreeMap;
use std::time::Duration;

use drydock_core::node_filter::NodeFilter;
use drydock_core::task::{Action, ActionResult, DesignRef, TaskStatus};
use drydock_core::{TaskId, Timestamp};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

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
    #[error("cannot reach the server at {url}: is `drydock serve` running there? (--server takes another URL)")]
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
    /// Whatever answered is no Drydock server, or one that this client is too old for.
    #[error("the answer of {url} is not that of a Drydock server")]
    Unintelligible {
        /// What was asked.
        url: String,
        /// What was wrong with the answer.
        #[source]
        source: serde_json::Error,
    },
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

/// The parts of a task document that a screen shows.
#[derive(Debug, Clone, Deserialize)]
pub struct Task {
    /// Its id.
    pub task_id: TaskId,
    /// What it does.
    pub action: String,
    /// Its parent, if it is a child.
    #[serde(default)]
    pub parent_task_id: Option<TaskId>,
    /// The design.
    pub design_ref: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// Its nodes, if not all.
    #[serde(default)]
    pub node_filter: Value,
    /// When it was asked for.
    #[serde(deserialize_with = "time")]
    pub created: Timestamp,
    /// Who asked.
    #[serde(default)]
    pub created_by: String,
    /// When something last happened to it.
    #[serde(default, deserialize_with = "maybe_time")]
    pub updated: Option<Timestamp>,
    /// What it came to.
    pub result: TaskOutcome,
}

/// What a task came to.
#[derive(Debug, Clone, Deserialize)]
pub struct TaskOutcome {
    /// In a word.
    pub status: ActionResult,
    /// In a sentence.
    #[serde(default)]
    pub message: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Mostly nodes: what went well.
    #[serde(default)]
    pub successes: Vec<String>,
    /// Mostly nodes: what did not.
    #[serde(default)]
    pub failures: Vec<String>,
    /// What was said on the way.
    #[serde(default)]
    pub details: TaskDetails,
}

/// What was said on the way.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct TaskDetails {
    /// Line by line.
    #[serde(default, rename = "messageList")]
    pub messages: Vec<TaskMessage>,
}

/// One line.
#[derive(Debug, Clone, Deserialize)]
pub struct TaskMessage {
    /// The text.
    pub message: String,
    /// Whether it tells of an error.
    #[serde(default)]
    pub error: bool,
}

impl Task {
    /// The node of a task that is for one alone.
    pub fn node(&self) -> Option<&str> {
        let names = &self.node_filter["filter_set"][0]["node_names"];
        if names.as_array()?.len() == 1 { names[0].as_str() } else { None }
    }
}

/// A task and its children.
#[derive(Debug, Clone)]
pub struct TaskTree {
    /// The task.
    pub task: Task,
    /// Its children, in the order of their nodes.
    pub children: Vec<Task>,
}

impl Client {
    /// A client of the server at `url`, such as `http://127.0.0.1:9000`. Nothing is sent yet.
    pub fn new(url: &str) -> Result<Self, ClientError> {
        let base = url.parse::<Url>().ok().filter(|base| matches!(base.scheme(), "http" | "https"));
        let base = base.ok_or_else(|| ClientError::Url(url.to_owned()))?;
        let http = reqwest::Client::builder().connect_timeout(CONNECT).timeout(ANSWER).build();
        let http = http.map_err(|source| ClientError::Unreachable { url: url.to_owned(), source })?;
        Ok(Self { http, base })
    }

    /// Asks for a task; the answer is its document.
    pub async fn task_create(&self, task: &NewTask) -> Result<Value, ClientError> {
        let url = self.url(&["tasks"]);
        self.answer(self.http.request(Method::POST, url).json(task)).await
    }

    /// The documents of the newest tasks that are nobody's children, at most `limit`, the newest first.
    pub async fn task_list(&self, limit: u32) -> Result<Vec<Value>, ClientError> {
        self.answer(self.http.request(Method::GET, self.url(&["tasks"])).query(&[("limit", limit)])).await
    }

    /// A task's document.
    pub async fn task_get(&self, id: TaskId) -> Result<Value, ClientError> {
        self.answer(self.http.request(Method::GET, self.url(&["tasks", &id.to_string()]))).await
    }

    /// A task and its children.
    pub async fn task_tree(&self, id: TaskId) -> Result<TaskTree, ClientError> {
        let url = self.url(&["tasks", &id.to_string()]);
        let request = self.http.request(Method::GET, url.clone()).query(&[("layers", 2)]);
        let mut answer: BTreeMap<String, Value> = self.answer(request).await?;
        let root = answer.remove(&id.to_string()).unwrap_or_default();
        let task = read::<Task>(&url, root)?;
        answer.remove("init_task_id");
        let children: Result<Vec<Task>, _> = answer.into_values().map(|child| read(&url, child)).collect();
        let mut children = children?;
        children.sort_by(|a, b| (a.node(), a.task_id).cmp(&(b.node(), b.task_id)));
        Ok(TaskTree { task, children })
    }

    /// A task's steps, in the order of its workflow.
    pub async fn task_steps(&self, id: TaskId) -> Result<Vec<Value>, ClientError> {
        self.answer(self.http.request(Method::GET, self.url(&["tasks", &id.to_string(), "steps"]))).await
    }

    /// Asks for a task's end; the answer is its document.
    pub async fn task_cancel(&self, id: TaskId) -> Result<Value, ClientError> {
        let url = self.url(&["tasks", &id.to_string(), "cancel"]);
        self.answer(self.http.request(Method::POST, url)).await
    }

    /// A document as a type.
    pub fn read<T: DeserializeOwned>(&self, document: &Value) -> Result<T, ClientError> {
        read(&self.base, document.clone())
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
        let unreachable = |source| ClientError::Unreachable { url: self.base.to_string(), source };
        let response = request.send().await.map_err(unreachable)?;
        let (status, url) = (response.status(), response.url().clone());
        let body = response.bytes().await.map_err(unreachable)?;
        if !status.is_success() {
            return Err(ClientError::Refused { status, message: refusal(&body) });
        }
        serde_json::from_slice(&body)
            .map_err(|source| ClientError::Unintelligible { url: url.to_string(), source })
    }
}

fn read<T: DeserializeOwned>(url: &Url, document: Value) -> Result<T, ClientError> {
    serde_json::from_value(document)
        .map_err(|source| ClientError::Unintelligible { url: url.to_string(), source })
}

/// The words of a refusal: those of an error document, else what there is of the text.
fn refusal(body: &[u8]) -> String {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    match document["message"].as_str() {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(body).chars().take(200).collect(),
    }
}

/// A moment as v1.0 writes it: a space or a `T` in the middle, with or without an offset, which is that of UTC.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    parse_time(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("no moment in time"))
}

fn maybe_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_time(&text).ok_or_else(|| D::Error::custom("no moment in time"))).transpose()
}

/// Reads a moment as v1.0 writes it.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.replacen(' ', "T", 1);
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_all_forms_of_v1() {
        let expected: Timestamp = "2026-02-03T04:05:06.5Z".parse().unwrap();
        for text in [
            "2026-02-03 04:05:06.500000",
            "2026-02-03 04:05:06.500000+00:00",
            "2026-02-03T04:05:06.5Z",
        ] {
            assert_eq!(parse_time(text), Some(expected), "{text}");
        }
        assert_eq!(parse_time("yesterday"), None);
    }

    #[test]
    fn only_urls_of_servers_are_taken() {
        let client = Client::new("http://127.0.0.1:9000/").unwrap();
        assert_eq!(client.url(&["tasks"]).as_str(), "http://127.0.0.1:9000/api/v1.0/tasks");
        let client = Client::new("https://host/drydock").unwrap();
        assert_eq!(client.url(&["tasks", "a/b"]).as_str(), "https://host/drydock/api/v1.0/tasks/a%2Fb");
        for bad in ["", "localhost:9000", "ftp://x", "/var/run/x"] {
            assert!(Client::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        assert_eq!(refusal(br#"{"type":"error","message":"no","retry":false}"#), "no");
        assert_eq!(refusal(b"<html>"), "<html>");
    }
}
