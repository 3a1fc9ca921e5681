//! Who may speak to an API that knows no authentication: programs, not web pages.
//!
//! A browser lets any web page send requests to the loopback address. It says where they come from (`Origin`, and
//! `Sec-Fetch-Site`), and under which name the server was reached (`Host`): a page that had its own name point to 127.0.0.1 is
//! seen by that name.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::ApiError;

/// Who may reach a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Programs on this machine, under a name of this machine.
    ThisMachine,
    /// Programs anywhere, under any name: something else guards the port.
    Anyone,
}

/// Refuses what a web page of another site sent.
pub(super) async fn admit(State(access): State<Access>, request: Request, next: Next) -> Response {
    match access.refusal(request.headers()) {
        Some(problem) => ApiError::Foreign(problem).into_response(),
        None => next.run(request).await,
    }
}

impl Access {
    fn refusal(self, headers: &HeaderMap) -> Option<String> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        if let Some(origin) = text(header::ORIGIN) {
            return Some(format!("web pages may not use this API, and this request comes from {origin}"));
        }
        if matches!(text(header::HeaderName::from_static("sec-fetch-site")), Some("cross-site" | "same-site"))
        {
            return Some("web pages may not use this API".to_owned());
        }
        match text(header::HOST) {
            Some(host) if self == Self::ThisMachine && !is_local(host) => Some(format!(
                "this server is only for its own machine, and {host} is no name of it: use localhost, or let the server allow unauthenticated access"
            )),
            Some(_) | None => None,
        }
    }
}

/// `localhost` or an address, with or without a port.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_on_this_machine_are_admitted_and_web_pages_are_not() {
        let table: [(&[(&str, &str)], bool); 10] = [
            (&[("host", "127.0.0.1:9000")], true),
            (&[("host", "localhost:9000")], true),
            (&[("host", "LOCALHOST")], true),
            (&[("host", "[::1]:9000")], true),
            (&[], true),
            (&[("host", "evil.example:9000")], false),
            (&[("host", "127.0.0.1.evil.example")], false),
            (&[("host", "localhost"), ("origin", "https://evil.example")], false),
            (&[("host", "localhost"), ("origin", "null")], false),
            (&[("host", "localhost"), ("sec-fetch-site", "cross-site")], false),
        ];
        for (headers, admitted) in table {
            let map: HeaderMap =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(Access::ThisMachine.refusal(&map).is_none(), admitted, "{headers:?}");
        }
        let elsewhere: HeaderMap = [(header::HOST, "drydock.example".parse().unwrap())].into_iter().collect();
        assert_eq!(Access::Anyone.refusal(&elsewhere), None);
    }
}
