//! `GET /tasks/{id}/steps`: where each step of a task stands. An extension.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use super::task_id;
use crate::api::document::StepsDocument;
use crate::api::error::ApiError;
use crate::app::App;

pub(in crate::api::v1) async fn steps(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<StepsDocument>, ApiError> {
    let id = task_id(path)?;
    let steps = app.task_steps(id).await?;
    Ok(Json(StepsDocument::of(id, steps)))
}
