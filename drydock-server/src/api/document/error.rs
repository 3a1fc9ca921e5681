//! The one form of an error.

use serde::{Deserialize, Serialize};

/// What every response with a status of 400 or more says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDocument {
    /// Always `error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong, for a person.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retry: bool,
    /// What is wrong, field by field. An extension.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<ErrorDetail>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// The field of the body, the parameter or the header.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl ErrorDocument {
    /// An error that will be the same next time.
    pub fn new(message: impl Into<String>) -> Self {
        Self { kind: "error".to_owned(), message: message.into(), retry: false, details: Vec::new() }
    }
}
