//! What an HTTP answer of MAAS means: which statuses are failures, of which kind, and what of their text may be shown.
//!
//! MAAS answers 409 and 503 both for "not in this state" and for "try again"; only `Retry-After` tells them apart. The
//! body of a 401 may hold the expected signature, so no part of it is ever shown.

use std::time::Duration;

use chrono::DateTime;
use drydock_core::Timestamp;
use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::DriverErrorKind;

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What a failing answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: DriverErrorKind,
    pub(super) detail: String,
    /// Whether the same question may simply be asked again, and after how long at the least.
    pub(super) again: Option<Duration>,
}

impl Answer {
    /// What the answer to `method` means if it is a failure. `now` is our own time, to compare clocks with MAAS.
    pub(super) fn fault(&self, method: &Method, now: Timestamp) -> Option<Fault> {
        use DriverErrorKind::{Busy, Credential, EffectUnknown, NotFound, Protocol, Refused, Unreachable};
        let command = *method != Method::GET;
        let code = self.status.as_u16();
        let wait = self.retry_after();
        let text = self.text();
        let said = || format!("{code}: {text}");
        let (kind, detail, again) = match code {
            200..=299 => return None,
            300..=399 => (Protocol, self.redirect(), None),
            401 => (Credential, self.unauthorised(now), None),
            404 if self.is_from_a_handler() => (NotFound, said(), None),
            404 => (Protocol, format!("{}; is the URL that of a MAAS?", said()), None),
            409 if wait.is_some() => (Busy, said(), wait),
            410 => (NotFound, said(), None),
            405 => (Protocol, said(), None),
            429 => (Busy, said(), None),
            400..=499 => (Refused, said(), None),
            503 => (Busy, said(), Some(wait.unwrap_or_default())),
            502 if !command => (Unreachable, said(), Some(Duration::ZERO)),
            504 if !command => (Unreachable, said(), None),
            500..=599 if !command => (Busy, said(), None),
            500..=599 => (EffectUnknown, said(), None),
            _ => (Protocol, said(), None),
        };
        Some(Fault { kind, detail, again })
    }

    /// Whether MAAS found a handler for the URL. It answers 404 both for a machine that is not there and for a path that
    /// is not part of the API; only the first says anything about machines.
    fn is_from_a_handler(&self) -> bool {
        self.headers.contains_key("x-maas-api-hash")
            || String::from_utf8_lossy(&self.body).contains("matches the given query")
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    fn redirect(&self) -> String {
        let target = self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
        let target = target.split(['?', '#']).next().unwrap_or_default();
        format!("it redirects to {}; give the URL of MAAS itself", shorten(target))
    }

    /// Why MAAS does not accept the key, in our own words: its text may hold the expected signature.
    fn unauthorised(&self, now: Timestamp) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let has = |part: &str| text.contains(part);
        if has("Expired timestamp") {
            let theirs = self.headers.get(DATE).and_then(|value| value.to_str().ok());
            let theirs = theirs.and_then(|text| DateTime::parse_from_rfc2822(text).ok()).map_or_else(
                || "it does not say what its time is".to_owned(),
                |time| format!("its time is {}", time.to_utc().format("%FT%TZ")),
            );
            format!("clock skew: our time is {}, {theirs}; set the clocks right", now.format("%FT%TZ"))
        } else if has("Nonce already used") {
            "401: it has seen this request before; does a proxy repeat requests?".to_owned()
        } else if has("Invalid API key") {
            "401: the consumer part of the API key is not known".to_owned()
        } else if has("Invalid access token") {
            "401: the token part of the API key is not known, or was revoked".to_owned()
        } else if has("Invalid signature") {
            "401: the secret part of the API key is wrong".to_owned()
        } else if has("Forbidden") {
            "401: it saw no usable Authorization header; does a proxy remove it?".to_owned()
        } else {
            "401: the API key is not accepted".to_owned()
        }
    }

    /// What MAAS said, in one short line: field errors flattened, web pages left out.
    fn text(&self) -> String {
        if let Ok(value) = serde_json::from_slice::<Value>(&self.body) {
            return shorten(&flatten(&value));
        }
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        if text.starts_with('<') {
            return "(a web page)".to_owned();
        }
        if text.is_empty() {
            self.status.canonical_reason().unwrap_or("(no text)").to_owned()
        } else {
            shorten(text)
        }
    }
}

/// `{"name": ["a", "b"], "__all__": ["c"]}` as `name: a b; c`.
fn flatten(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(flatten).collect::<Vec<_>>().join(" "),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match name.as_str() {
                "__all__" => flatten(value),
                _ => format!("{name}: {}", flatten(value)),
            })
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    }
}

/// On one line, and no longer than a message should be.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 400;
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.retain(|c| !c.is_control());
    if line.chars().count() > LONGEST {
        line = line.chars().take(LONGEST).chain(['…']).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(method: &Method, status: u16, headers: &[(&'static str, &str)], body: &str) -> Fault {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers, body: body.into() };
        answer.fault(method, DateTime::from_timestamp(1_000, 0).unwrap()).unwrap()
    }

    #[test]
    fn a_status_means_the_same_for_questions_and_commands_except_when_an_effect_is_possible() {
        use DriverErrorKind::{Busy, EffectUnknown, NotFound, Protocol, Refused, Unreachable};
        let hash = [("x-maas-api-hash", "0")];
        let later = [("retry-after", "5")];
        for (status, headers, get, post) in [
            (302, &[][..], Protocol, Protocol),
            (400, &[], Refused, Refused),
            (403, &[], Refused, Refused),
            (404, &[], Protocol, Protocol),
            (404, &hash, NotFound, NotFound),
            (405, &[], Protocol, Protocol),
            (409, &[], Refused, Refused),
            (409, &later, Busy, Busy),
            (410, &[], NotFound, NotFound),
            (429, &[], Busy, Busy),
            (500, &[], Busy, EffectUnknown),
            (502, &[], Unreachable, EffectUnknown),
            (503, &[], Busy, Busy),
            (503, &later, Busy, Busy),
            (504, &[], Unreachable, EffectUnknown),
        ] {
            assert_eq!(fault(&Method::GET, status, headers, "x").kind, get, "GET {status}");
            assert_eq!(fault(&Method::POST, status, headers, "x").kind, post, "POST {status}");
        }
    }

    #[test]
    fn only_passing_trouble_may_be_asked_again() {
        let again = |status, headers: &[_]| fault(&Method::GET, status, headers, "").again;
        assert_eq!(again(502, &[]), Some(Duration::ZERO));
        assert_eq!(again(503, &[("retry-after", "10")]), Some(Duration::from_secs(10)));
        assert_eq!(again(409, &[("retry-after", "5")]), Some(Duration::from_secs(5)));
        for status in [400, 401, 403, 404, 409, 500, 504] {
            assert_eq!(again(status, &[]), None, "{status}");
        }
    }

    #[test]
    fn texts_are_flat_and_short() {
        let said = |body: &str| fault(&Method::GET, 400, &[], body).detail;
        assert_eq!(
            said(r#"{"name": ["Bad.", "Worse."], "__all__": ["No."]}"#),
            "400: No.; name: Bad. Worse."
        );
        assert_eq!(said("<html>x</html>"), "400: (a web page)");
        assert_eq!(said(""), "400: Bad Request");
        assert_eq!(said("two\nlines\u{1b}[2J"), "400: two lines[2J");
        assert!(said(&"long ".repeat(1000)).chars().count() < 420);
    }

    #[test]
    fn skewed_clocks_are_named_with_both_times() {
        let detail = fault(
            &Method::GET,
            401,
            &[("date", "Sat, 21 Nov 2026 10:02:57 GMT")],
            "Authorization Error: 'Expired timestamp: given 1 and now 2 has a greater difference'",
        )
        .detail;
        assert!(
            detail.contains("1970-01-01T00:16:40Z") && detail.contains("2026-11-21T10:02:57Z"),
            "{detail}"
        );
    }
}
