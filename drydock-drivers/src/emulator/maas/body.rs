//! Request bodies: URL-encoded, and multipart with base64 parts, as the older Python clients send them.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use url::form_urlencoded;

/// The fields of a form, or of a query; a name may come more than once.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of_query(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    pub(super) fn of_body(headers: &HeaderMap, body: &[u8]) -> Self {
        let kind =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary =
            kind.starts_with("multipart/form-data").then(|| kind.split_once("boundary=")).flatten();
        Self(match boundary {
            Some((_, boundary)) => multipart(&String::from_utf8_lossy(body), boundary.trim_matches('"')),
            None => form_urlencoded::parse(body).into_owned().collect(),
        })
    }

    /// The first value of this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All fields.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn multipart(body: &str, boundary: &str) -> Vec<(String, String)> {
    let boundary = format!("--{boundary}");
    let parts = body.split(boundary.as_str()).filter_map(|part| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        let name = head.split_once("name=\"")?.1.split_once('"')?.0;
        let value = value.strip_suffix("\r\n").unwrap_or(value);
        let encoded = head.to_ascii_lowercase().contains("content-transfer-encoding: base64");
        let value = if encoded {
            String::from_utf8(BASE64.decode(value.trim()).ok()?).ok()?
        } else {
            value.to_owned()
        };
        Some((name.to_owned(), value))
    });
    parts.collect()
}
