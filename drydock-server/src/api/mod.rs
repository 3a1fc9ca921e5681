//! The HTTP API, v1.0's with extensions. Handlers are thin: they read a request, call a use case, write a document.
//!
//! | file | endpoint |
//! |---|---|
//! | `versions` | `GET /versions` |
//! | `metrics` | `GET /metrics`, an extension |
//! | `v1/health` | `GET /api/v1.0/health`, `GET /api/v1.0/health/extended` |
//! | `v1/tasks/create` | `POST /api/v1.0/tasks` |
//! | `v1/tasks/list` | `GET /api/v1.0/tasks` |
//! | `v1/tasks/get` | `GET /api/v1.0/tasks/{id}` |
//! | `v1/tasks/build_data` | `GET /api/v1.0/tasks/{id}/builddata` |
//! | `v1/nodes` | `GET /api/v1.0/nodes/{name}/builddata` |
//! | `v1/node_filter` | `POST /api/v1.0/nodefilter` |
//! | `v1/validate_design` | `POST /api/v1.0/validatedesign` |
//! | `v1/boot_actions` | `GET /api/v1.0/bootactions/nodes/{name}/files`, `…/units`, `POST /api/v1.0/bootactions/{id}` |
//! | `v1/tasks/steps` | `GET /api/v1.0/tasks/{id}/steps`, an extension |
//! | `v1/events` | `GET /api/v1.0/events`, an extension |
//! | `workers` | `POST /workers/v1/queues/…`, for embedders of the engine |
//! | `v1/tasks/cancel` | `POST /api/v1.0/tasks/{id}/cancel`, an extension |
//!
//! Whatever happens, a response of 400 or more holds an [`ErrorDocument`](document::ErrorDocument), and every response the
//! header `X-Drydock-Req`.

pub mod document;
mod error;
mod guard;
pub(crate) mod listen;
mod metrics;
mod request;
mod v1;
mod versions;
pub mod workers;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use self::error::ApiError;
pub use self::guard::Access;
use crate::app::App;

/// The longest body, in bytes: a node filter that names ten thousand nodes has room.
const BODY_MAX: usize = 1 << 20;

/// The routes.
pub(crate) fn router(app: Arc<App>, access: Access) -> Router {
    Router::new()
        .route("/versions", get(versions::versions))
        .route("/metrics", get(metrics::metrics))
        .merge(v1::routes())
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn(request::in_time))
        .layer(from_fn_with_state(access, guard::admit))
        .layer(from_fn_with_state(Arc::clone(&app), request::observe))
        .with_state(app)
}

async fn no_route(uri: Uri) -> ApiError {
    ApiError::NoRoute(uri.path().to_owned())
}

/// The header `Allow` is added to whatever this answers. `OPTIONS` is answered everywhere, as in v1.0.
async fn no_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::OK.into_response();
    }
    ApiError::NoMethod(method).into_response()
}
