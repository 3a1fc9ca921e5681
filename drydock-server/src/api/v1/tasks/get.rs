//! `GET /tasks/{id}`: one task, and with v1.0's parameters what is below it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use super::task_id;
use crate::api::document::{TreeDocument, Wanted};
use crate::api::error::ApiError;
use crate::api::request::Parameters;
use crate::app::App;

pub(in crate::api::v1) async fn get(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    parameters: Parameters,
) -> Result<Json<TreeDocument>, ApiError> {
    let id = task_id(path)?;
    let wanted = Wanted {
        // v1.0 takes what is no number for 0.
        layers: parameters.get("layers").and_then(|text| text.parse().ok()).unwrap_or(0),
        errors: parameters.flag("subtaskerrors")?,
        build_data: parameters.flag("builddata")?,
    };
    let mut tree = app.task_tree(id, wanted.depth()).await?;
    if wanted.build_data {
        app.add_facts(&mut tree, wanted.shown()).await?;
    }
    Ok(Json(TreeDocument::of(&tree, wanted)))
}
