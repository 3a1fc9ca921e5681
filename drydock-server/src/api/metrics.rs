//! `GET /metrics`: the figures of this server for Prometheus, its requests among them; nothing is there when they are switched off.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use drydock_store::Connections;
use drydock_workflow::observe::{HTTP_REQUESTS, HTTP_SECONDS, STORE_CONNECTIONS, number};

use super::error::ApiError;
use crate::app::App;

/// The version of the text format.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let page = app.metrics.as_ref().ok_or_else(|| ApiError::NoRoute("/metrics".to_owned()))?;
    // Nobody tells when a pool changes: it is looked at when somebody asks.
    page.scope(|| {
        for Connections { pool, open, idle } in app.store.connections() {
            let busy = f64::from(open) - number(idle);
            STORE_CONNECTIONS.gauge(&[pool, "idle"]).set(number(idle));
            STORE_CONNECTIONS.gauge(&[pool, "busy"]).set(busy);
        }
    });
    Ok(([(header::CONTENT_TYPE, FORMAT)], page.render()).into_response())
}

/// Counts a request under the pattern of its path.
pub(super) fn count(app: &App, method: &Method, route: &str, status: StatusCode, took: Duration) {
    let Some(page) = &app.metrics else { return };
    // Clients may send any word for a method, and each would be a series.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "other",
    };
    page.scope(|| {
        HTTP_REQUESTS.counter(&[method, route, status.as_str()]).increment(1);
        HTTP_SECONDS.histogram(&[route]).record(took);
    });
}
