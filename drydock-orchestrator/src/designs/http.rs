//! One document over HTTP: redirects by our own rules, the status looked at, no more read than it may have.

use std::time::Duration;

use drydock_core::ingest::INPUT_BYTES_MAX;
use drydock_core::task::Login;
use drydock_core::{ExposeSecret as _, SecretString};
use reqwest::header::{
    ACCEPT, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION,
};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, redirect};
use url::Url;

use super::error::{FetchError, of_status};
use super::fetch::{Content, Fetched, Known};
use super::redirects::Hop;

/// Where services that trust Keystone look for a token.
const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// How documents are fetched over HTTP.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// The longest until there is a connection; 16 s, as in v1.0.
    pub connect_timeout: Duration,
    /// The longest that everything together may take, redirects and tokens included; 5 min.
    pub timeout: Duration,
    /// The most bytes that a document may have; as many as a design.
    pub bytes_max: usize,
    /// Certificates (PEM) of authorities that are trusted besides the system's.
    pub ca_bundle: Option<Vec<u8>>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(16),
            timeout: Duration::from_mins(5),
            bytes_max: INPUT_BYTES_MAX,
            ca_bundle: None,
        }
    }
}

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The certificates are none.
    #[error("the file of certificates to trust is not PEM, or has none in it")]
    Certificates(#[source] Option<reqwest::Error>),
    /// TLS cannot be set up.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// A client that follows nothing and repeats nothing by itself.
pub(super) fn client(options: &HttpOptions) -> Result<Client, ClientError> {
    let mut builder = Client::builder()
        .user_agent(concat!("drydock/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout);
    if let Some(pem) = &options.ca_bundle {
        let certificates =
            Certificate::from_pem_bundle(pem).map_err(|source| ClientError::Certificates(Some(source)))?;
        if certificates.is_empty() {
            return Err(ClientError::Certificates(None));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(ClientError::Client)
}

/// What a server is shown.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    None,
    Login(&'a Login),
    Bearer(&'a SecretString),
    Token(&'a SecretString),
}

impl Proof<'_> {
    fn on(self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Login(login) => request.basic_auth(&login.user, Some(login.password.expose_secret())),
            Self::Bearer(token) => request.bearer_auth(token.expose_secret()),
            Self::Token(token) => match HeaderValue::from_str(token.expose_secret()) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    request.header(TOKEN, value)
                }
                // What is no header's text is no token either: the server says that it wants one.
                Err(_) => request,
            },
        }
    }
}

pub(super) struct Http {
    client: Client,
    timeout: Duration,
}

impl Http {
    pub(super) fn new(options: &HttpOptions) -> Result<Self, ClientError> {
        Ok(Self { client: client(options)?, timeout: options.timeout })
    }

    /// The longest that fetching may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The document at this address, which may send us on, if it has at most `bytes_max` bytes.
    pub(super) async fn get(
        &self,
        url: Url,
        proof: Proof<'_>,
        known: Option<&Known>,
        bytes_max: usize,
    ) -> Result<Fetched, FetchError> {
        let name = url.to_string();
        let mut hop = Hop::first(url);
        loop {
            let shown = if hop.is_trusted() { proof } else { Proof::None };
            let response = self.ask(&hop, shown, known).await?;
            let status = response.status();
            if status == StatusCode::OK {
                let known = known_of(response.headers());
                let bytes = self.read(&hop, response, bytes_max).await?;
                return Ok(Fetched::Content(Content { name, bytes, known }));
            }
            if status == StatusCode::NOT_MODIFIED && known.is_some() {
                return Ok(Fetched::Unchanged);
            }
            if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
                let advice = advice(status, proof, hop.is_trusted());
                return Err(FetchError::Status { origin: hop.origin(), status: status.as_u16(), advice });
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let next = hop.next(location);
            hop = next.map_err(|source| FetchError::Redirect { origin: hop.origin(), source })?;
        }
    }

    async fn ask(&self, hop: &Hop, proof: Proof<'_>, known: Option<&Known>) -> Result<Response, FetchError> {
        let mut request = proof.on(self.client.get(hop.url().clone())).header(ACCEPT, "*/*");
        if let Some(known) = known {
            let conditions = [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.modified)];
            for (name, value) in conditions {
                request = value.iter().fold(request, |request, value| request.header(&name, value));
            }
        }
        request.send().await.map_err(|source| self.broken(hop, source))
    }

    /// The body, and no more of it than there may be.
    async fn read(&self, hop: &Hop, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, FetchError> {
        let too_large = || FetchError::TooLarge { limit: bytes_max };
        let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|source| self.broken(hop, source))? {
            if bytes.len() + chunk.len() > bytes_max {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// No answer, or half of one. The address stays out of it, for a redirect's may hold what opens it.
    fn broken(&self, hop: &Hop, source: reqwest::Error) -> FetchError {
        if source.is_timeout() && !source.is_connect() {
            return FetchError::Timeout(self.timeout);
        }
        FetchError::Transport { origin: hop.origin(), source: source.without_url() }
    }
}

/// What to do about an answer that is no document.
fn advice(status: StatusCode, proof: Proof<'_>, is_trusted: bool) -> &'static str {
    match (status.as_u16(), proof) {
        (401 | 403, _) if !is_trusted => {
            ": it was reached by a redirect, with which no credentials go to another server; give its own address"
        }
        (401 | 403, Proof::None) => {
            ": it wants credentials; put them into the file that the server is started with (--design-credentials)"
        }
        (401 | 403, Proof::Login(_)) => ": it refuses this user and password",
        (401 | 403, Proof::Bearer(_)) => ": it refuses the token that is configured for it",
        (401 | 403, Proof::Token(_)) => {
            ": it refuses the Keystone token; look at the roles of the Keystone user"
        }
        (404 | 410, _) => ": there is nothing at this address",
        (code, _) if of_status(code) == drydock_core::Disposition::Retryable => ": it may answer again later",
        _ => ", which is no document",
    }
}

/// By what a server can be asked whether this is still its answer (RFC 9111 section 5.2.2 about when it must be).
fn known_of(headers: &HeaderMap) -> Option<Known> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let says = text(CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
    let says = |word: &str| says.split(',').any(|directive| directive.trim() == word);
    if says("no-store") {
        return None;
    }
    let lasts = !says("no-cache") && !says("max-age=0");
    Some(Known { etag: text(ETAG), modified: text(LAST_MODIFIED), lasts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_say_that_its_answer_does_not_last() {
        let known = |control: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(ETAG, HeaderValue::from_static("\"1\""));
            control.map(|text| headers.insert(CACHE_CONTROL, HeaderValue::from_static(text)));
            known_of(&headers).map(|known| (known.etag.unwrap(), known.lasts))
        };
        let tag = || "\"1\"".to_owned();
        assert_eq!(known(None), Some((tag(), true)));
        assert_eq!(known(Some("max-age=60")), Some((tag(), true)));
        assert_eq!(known(Some("private, No-Cache")), Some((tag(), false)));
        assert_eq!(known(Some("max-age=0")), Some((tag(), false)));
        assert_eq!(known(Some("no-store")), None);
    }
}
