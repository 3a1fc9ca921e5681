//! Tasks: an endpoint per file, and what they share.

pub(super) mod build_data;
pub(super) mod cancel;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod steps;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use drydock_core::TaskId;

use crate::api::error::ApiError;
use crate::app::AppError;

/// The task that a path names. A text that is no id names no task, as in v1.0.
fn task_id(path: Result<Path<String>, PathRejection>) -> Result<TaskId, ApiError> {
    let text = path.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(text)| text);
    let shown = || text.chars().take(80).collect();
    text.parse().map_err(|_| AppError::NoTaskId(shown()).into())
}
