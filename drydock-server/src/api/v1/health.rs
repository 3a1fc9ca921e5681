//! `GET /health` and `GET /health/extended`: is the server able to work?
//!
//! Unlike v1.0's, they write nothing, and the provisioner's trouble is seen; it only counts for the extended answer, because a
//! supervisor that restarts the server on the short one would not make the provisioner better.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::api::document::HealthDocument;
use crate::api::error::ApiError;
use crate::app::App;

pub(super) async fn health(State(app): State<Arc<App>>) -> Result<StatusCode, ApiError> {
    app.store_health().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn extended(State(app): State<Arc<App>>) -> (StatusCode, Json<HealthDocument>) {
    let document = HealthDocument::of(&app.health().await);
    let status = if document.code == 200 { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(document))
}
