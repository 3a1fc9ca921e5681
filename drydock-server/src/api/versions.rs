//! `GET /versions`: which versions of the API there are.

use axum::Json;
use serde_json::{Value, json};

pub(super) async fn versions() -> Json<Value> {
    Json(json!({ "v1.0": { "path": "/api/v1.0", "status": "stable" } }))
}
