//! `POST /tasks/{id}/cancel`: ask for the end of a task and of all below it. An extension; v1.0 could end nothing.
//!
//! 202 with the task document: the task is `terminating` until its steps have stopped. Asking again is harmless; a task that has
//! ended is 409.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::task_id;
use crate::api::document::TaskDocument;
use crate::api::error::ApiError;
use crate::api::request;
use crate::app::App;

pub(in crate::api::v1) async fn cancel(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<TaskDocument>), ApiError> {
    let id = task_id(path)?;
    let by = request::end_user(&headers)?;
    let task = app.task_cancel(id, &by).await?;
    Ok((StatusCode::ACCEPTED, Json(TaskDocument::of(&task))))
}
