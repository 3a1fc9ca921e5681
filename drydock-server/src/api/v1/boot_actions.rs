//! What nodes ask for when they come up first, with the key of their deployment instead of a user's token:
//!
//! * `GET /bootactions/nodes/{name}/files` and `…/units`: an archive, gzip'ed tar;
//! * `POST /bootactions/{id}`: a report on one boot action. A `/` at the end is taken too, as v1.0's own client sends it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use drydock_core::boot_action::{ActionId, BootReport};
use drydock_core::design::AssetKind;

use crate::api::document::BootActionDocument;
use crate::api::error::ApiError;
use crate::api::request;
use crate::app::{App, AppError};

/// By which a node proves who it is.
const KEY: &str = "x-bootaction-key";

pub(super) async fn files(
    app: State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    archive(app, path, &headers, AssetKind::File, "file").await
}

pub(super) async fn units(
    app: State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    archive(app, path, &headers, AssetKind::Unit, "unit").await
}

async fn archive(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
    kind: AssetKind,
    word: &str,
) -> Result<impl IntoResponse + use<>, ApiError> {
    // A name that is no text is nobody's.
    let Path(node) = path.map_err(|_| AppError::NoBootActions("of this name".to_owned()))?;
    let archive = app.boot_files(&node, key(headers), kind).await?;
    // A node's name has neither quotes nor control characters, or it would have no boot actions.
    let name = format!("attachment; filename=\"{node}-{word}.tar.gz\"");
    Ok((
        [(header::CONTENT_TYPE, "application/gzip".to_owned()), (header::CONTENT_DISPOSITION, name)],
        archive,
    ))
}

pub(super) async fn report(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<BootActionDocument>, ApiError> {
    let name = path.map_or_else(|_| String::new(), |Path(name)| name);
    let id: ActionId = name.parse().map_err(|_| AppError::NoBootAction(name))?;
    let reported = app.boot_action(id, key(&headers)).await?;
    let body = request::json_body(&headers, body)?;
    let report = BootReport::from_json(&body).map_err(AppError::Invalid)?;
    let status = report.status;
    app.boot_report(id, &reported, report).await?;
    Ok(Json(BootActionDocument::of(id, &reported, status)))
}

fn key(headers: &HeaderMap) -> Option<&str> {
    // One that is no text is as wrong as any.
    headers.get(KEY).map(|value| value.to_str().unwrap_or("?"))
}
