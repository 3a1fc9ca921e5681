//! Answers as MAAS sends them. Those of a handler carry the hash of the API; those made outside of one do not.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use drydock_core::Timestamp;
use serde_json::{Value, json};

/// Any value: it stands for "the shape of this API".
const API_HASH: &str = "d0cd0c0000000000000000000000000000000000";

const JSON: &str = "application/json; charset=utf-8";
const BSON: &str = "application/bson";
const PLAIN: &str = "text/plain; charset=utf-8";

pub(super) struct Reply {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
    from_handler: bool,
    extra: Option<(&'static str, &'static str)>,
}

impl Reply {
    /// Success, with a document.
    pub(super) fn ok(value: &Value) -> Self {
        let body = value.to_string().into_bytes();
        Self { status: 200, content_type: JSON, body, from_handler: true, extra: None }
    }

    /// Success, with a document in BSON.
    pub(super) fn bson(body: Vec<u8>) -> Self {
        Self { status: 200, content_type: BSON, body, from_handler: true, extra: None }
    }

    /// Success, with nothing to say.
    pub(super) fn deleted() -> Self {
        Self::handler(204, "")
    }

    /// Nothing has this id.
    pub(super) fn missing(what: &str) -> Self {
        Self::handler(404, &format!("No {what} matches the given query."))
    }

    /// A failure in text.
    pub(super) fn text(status: u16, text: &str) -> Self {
        Self { status, content_type: PLAIN, body: text.into(), from_handler: false, extra: None }
    }

    /// A form field is wrong.
    pub(super) fn invalid(field: &str, problem: &str) -> Self {
        let body = json!({ field: [problem] }).to_string().into_bytes();
        Self { status: 400, content_type: JSON, body, from_handler: false, extra: None }
    }

    /// The signature is not accepted.
    pub(super) fn unauthorised(text: &str) -> Self {
        Self {
            status: 401,
            content_type: "text/html; charset=utf-8",
            body: format!("Authorization Error: {text}").into_bytes(),
            from_handler: false,
            extra: Some(("www-authenticate", "OAuth realm=\"OAuth\"")),
        }
    }

    /// There is no signature.
    pub(super) fn forbidden() -> Self {
        Self::handler(401, "Forbidden")
    }

    /// The resource has other methods.
    pub(super) fn wrong_method(allow: &'static str) -> Self {
        Self {
            status: 405,
            content_type: "text/html; charset=utf-8",
            body: Vec::new(),
            from_handler: true,
            extra: Some(("allow", allow)),
        }
    }

    fn handler(status: u16, text: &str) -> Self {
        Self { status, content_type: "text/plain", body: text.into(), from_handler: true, extra: None }
    }

    pub(super) fn into_response(self, now: Timestamp) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Ok(date) = HeaderValue::try_from(now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
            headers.insert(header::DATE, date);
        }
        if self.from_handler {
            headers.insert("x-maas-api-hash", HeaderValue::from_static(API_HASH));
        }
        if let Some((name, value)) = self.extra {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
