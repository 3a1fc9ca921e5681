//! `POST /nodefilter`: the names of the nodes that a filter selects, in order.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use drydock_core::NodeName;
use drydock_core::task::NodeFilterRequest;

use crate::api::error::ApiError;
use crate::api::request;
use crate::app::{App, AppError};

pub(super) async fn select(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Vec<NodeName>>, ApiError> {
    let body = request::json_body(&headers, body)?;
    let request = NodeFilterRequest::from_json(&body).map_err(AppError::Invalid)?;
    Ok(Json(app.nodes_select(request).await?))
}
