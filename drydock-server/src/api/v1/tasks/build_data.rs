//! `GET /tasks/{id}/builddata`: what a task found out about nodes, the oldest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use super::task_id;
use crate::api::document::BuildDataDocument;
use crate::api::error::ApiError;
use crate::app::App;

pub(in crate::api::v1) async fn build_data(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Vec<BuildDataDocument>>, ApiError> {
    let facts = app.facts_of_task(task_id(path)?).await?;
    Ok(Json(facts.iter().map(BuildDataDocument::of).collect()))
}
