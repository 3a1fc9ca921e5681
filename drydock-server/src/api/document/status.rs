//! The health document.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::app::Health;

/// How the server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthDocument {
    /// Always `Status`.
    pub kind: String,
    /// Always `v1.0`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always empty.
    pub metadata: Map<String, Value>,
    /// `Success` or `Failure`.
    pub status: String,
    /// What is wrong, in one line; empty when nothing is.
    pub message: String,
    /// Always `HealthCheck`.
    pub reason: String,
    /// What is wrong, in detail.
    pub details: HealthDetails,
    /// The status of the response.
    pub code: u16,
}

/// What is wrong with the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthDetails {
    /// How many messages tell of an error.
    #[serde(rename = "errorCount")]
    pub error_count: usize,
    /// The messages.
    #[serde(rename = "messageList")]
    pub message_list: Vec<HealthMessage>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthMessage {
    /// What.
    pub message: String,
    /// Whether it is an error.
    pub error: bool,
    /// Always `SimpleMessage`.
    pub kind: String,
}

impl HealthDocument {
    pub(crate) fn of(health: &Health) -> Self {
        let well = health.problems.is_empty();
        let messages = health.problems.iter().map(|problem| HealthMessage {
            message: (*problem).to_owned(),
            error: true,
            kind: "SimpleMessage".to_owned(),
        });
        Self {
            kind: "Status".to_owned(),
            api_version: "v1.0".to_owned(),
            metadata: Map::new(),
            status: if well { "Success" } else { "Failure" }.to_owned(),
            message: if well { "" } else { "Drydock failed to respond" }.to_owned(),
            reason: "HealthCheck".to_owned(),
            details: HealthDetails { error_count: health.problems.len(), message_list: messages.collect() },
            code: if well { 200 } else { 503 },
        }
    }
}
