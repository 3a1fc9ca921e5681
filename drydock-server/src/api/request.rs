//! What all requests have in common: their headers, their parameters, their line in the log.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, MatchedPath, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use super::error::ApiError;
use super::metrics;
use crate::app::App;

/// The id of the request, on every response.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-drydock-req");
/// For whom the client acts.
const END_USER: HeaderName = HeaderName::from_static("x-end-user");
/// The client's own id of what it is doing, for both sides' logs.
const CONTEXT_MARKER: HeaderName = HeaderName::from_static("x-context-marker");
/// The user of a request without one, as in v1.0 without authentication.
const NOBODY: &str = "noauth";
/// The longest name of a user, in bytes.
const USER_MAX: usize = 255;
/// The longest that a request may take, with its body.
const PATIENCE: Duration = Duration::from_mins(1);

/// Gives the request an id, and one line in the log.
pub(super) async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let mut random = [0; 16];
    app.entropy.fill(&mut random);
    let id = uuid::Builder::from_random_bytes(random).into_uuid().to_string();
    let headers = request.headers();
    let span = tracing::info_span!(
        "http.request",
        request.id = %id,
        request.marker = context_marker(headers).map(tracing::field::display),
        actor = headers.get(END_USER).and_then(|user| user.to_str().ok()),
    );
    let method = request.method().clone();
    let is_read = method.is_safe();
    // The pattern, if one fits: the log is then free of what clients put into paths.
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    async move {
        let mut response = next.run(request).await;
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let status = response.status();
        let took = began.elapsed();
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let path = path.as_deref().unwrap_or("-");
        metrics::count(&app, &method, path, status, took);
        if is_read && status.is_success() {
            // Whoever follows a task asks several times a second.
            tracing::debug!(duration_ms, outcome = status.as_u16(), "{method} {path}");
        } else {
            tracing::info!(duration_ms, outcome = status.as_u16(), "{method} {path}");
        }
        response
    }
    .instrument(span)
    .await
}

/// Ends a request that takes too long.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::Late.into_response(),
    }
}

/// The body, if it is declared as JSON. Parameters of the type, such as `charset`, do not matter: JSON is always UTF-8.
pub(super) fn json_body(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = declared.and_then(|value| value.split(';').next()).unwrap_or_default();
    if !media_type.trim().eq_ignore_ascii_case("application/json") {
        return Err(ApiError::ContentType);
    }
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLong,
        _ => ApiError::Body,
    })
}

/// For whom the client acts: it is recorded as who asked for a task, or for its end.
pub(super) fn end_user(headers: &HeaderMap) -> Result<String, ApiError> {
    let Some(value) = headers.get(END_USER) else { return Ok(NOBODY.to_owned()) };
    let refuse = |problem: &str| Err(ApiError::parameter("X-End-User", problem));
    match std::str::from_utf8(value.as_bytes()).map(str::trim) {
        Ok("") => Ok(NOBODY.to_owned()),
        Ok(user) if user.len() > USER_MAX => refuse(&format!("is longer than {USER_MAX} bytes")),
        Ok(user) if user.chars().any(char::is_control) => refuse("has a control character"),
        Ok(user) => Ok(user.to_owned()),
        Err(_) => refuse("is not UTF-8"),
    }
}

/// v1.0 keeps a marker only if it is a random UUID (version 4), and passes over any other.
fn context_marker(headers: &HeaderMap) -> Option<Uuid> {
    let text = headers.get(CONTEXT_MARKER)?.to_str().ok()?;
    let marker = Uuid::parse_str(text).ok()?;
    let hyphenated = text.len() == 36;
    (hyphenated && marker.get_version_num() == 4).then_some(marker)
}

/// The parameters of the query. Unknown ones are passed over, as in v1.0; of several of a name the first counts.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A truth value in the words that v1.0 takes; false when absent.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            Some("true" | "True" | "t" | "yes" | "y" | "1" | "on") => Ok(true),
            None | Some("false" | "False" | "f" | "no" | "n" | "0" | "off") => Ok(false),
            Some(other) => Err(ApiError::parameter(name, format!("{other:?} is neither true nor false"))),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        query.map(|Query(pairs)| Self(pairs)).map_err(|_| ApiError::parameter("", "the query cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        [(name, value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn only_random_uuids_are_markers() {
        for (text, kept) in [
            ("b3b0ad9c-6e5c-4d3a-9c0a-3f0f1e0d2c1b", true),
            ("B3B0AD9C-6E5C-4D3A-9C0A-3F0F1E0D2C1B", true),
            ("0190b2c8-0000-7000-8000-000000000000", false),
            ("b3b0ad9c6e5c4d3a9c0a3f0f1e0d2c1b", false),
            ("{b3b0ad9c-6e5c-4d3a-9c0a-3f0f1e0d2c1b}", false),
            ("b3b0ad9c", false),
            ("", false),
        ] {
            assert_eq!(context_marker(&headers(CONTEXT_MARKER, text)).is_some(), kept, "{text}");
        }
    }

    #[test]
    fn truth_values_are_those_of_v1_0() {
        for (text, value) in
            [("true", true), ("True", true), ("1", true), ("on", true), ("no", false), ("0", false)]
        {
            let parameters =
                Parameters(vec![("x".to_owned(), text.to_owned()), ("x".to_owned(), "?".to_owned())]);
            assert_eq!(parameters.flag("x").unwrap(), value, "{text}");
            assert!(!parameters.flag("y").unwrap());
        }
        for text in ["", "TRUE", "2"] {
            assert!(Parameters(vec![("x".to_owned(), text.to_owned())]).flag("x").is_err(), "{text}");
        }
    }
}
