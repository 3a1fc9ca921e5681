//! `GET /nodes/{name}/builddata`: what tasks found out about a node, the oldest first; with `latest=true` of each generator the newest.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use crate::api::document::BuildDataDocument;
use crate::api::error::ApiError;
use crate::api::request::Parameters;
use crate::app::{App, AppError};

pub(super) async fn build_data(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    parameters: Parameters,
) -> Result<Json<Vec<BuildDataDocument>>, ApiError> {
    let latest = parameters.flag("latest")?;
    // A name that is no text is nobody's.
    let Path(name) = path.map_err(|_| AppError::NoBuildData)?;
    let facts = app.facts_about(&name, latest).await?;
    Ok(Json(facts.iter().map(BuildDataDocument::of).collect()))
}
