//! `POST /tasks`: start a task.
//!
//! 201 with the task document and its `Location`. What v1.0 answered with 500 (no body, no JSON, no `design_ref`) is the
//! client's error here, and all that is wrong with a request is told at once.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use drydock_core::task::NewTaskRequest;

use crate::api::document::TaskDocument;
use crate::api::error::ApiError;
use crate::api::request;
use crate::app::{App, AppError};

pub(in crate::api::v1) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, ApiError> {
    let body = request::json_body(&headers, body)?;
    let by = request::end_user(&headers)?;
    let request = NewTaskRequest::from_json(&body).map_err(AppError::Invalid)?;
    let task = app.task_create(request, by).await?;
    let location = format!("/api/v1.0/tasks/{}", task.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(TaskDocument::of(&task))))
}
