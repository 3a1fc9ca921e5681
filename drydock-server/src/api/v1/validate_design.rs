//! `POST /validatedesign`: is a design valid? 200 when it is, 400 when it is not, with the same document.
//!
//! Unlike v1.0's, it says the same each time, and a reference that leads nowhere is the client's error.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use drydock_core::task::ValidateDesignRequest;

use crate::api::document::ValidationDocument;
use crate::api::error::ApiError;
use crate::api::request;
use crate::app::{App, AppError};

pub(super) async fn validate(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<ValidationDocument>), ApiError> {
    let body = request::json_body(&headers, body)?;
    let request = ValidateDesignRequest::from_json(&body).map_err(AppError::Invalid)?;
    let document = app.design_validate(request).await?;
    let status = if document.is_valid() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    Ok((status, Json(document)))
}
