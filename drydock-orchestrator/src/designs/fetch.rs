//! From a reference to bytes: which way each kind of reference goes, and what goes with it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::task::{DesignRef, Login};
use url::Url;

use super::credentials::{Credential, Credentials};
use super::error::FetchError;
use super::file::Files;
use super::http::{ClientError, Http, HttpOptions, Proof};
use super::keystone::Tokens;

/// Fetches what references lead to.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// What is at this reference. With a `login` that is what its server is shown, in the place of any credentials known here. With
    /// what is `known` of an earlier answer the server may say that nothing has changed. Cancel-safe.
    async fn fetch(
        &self,
        reference: &DesignRef,
        login: Option<&Login>,
        known: Option<&Known>,
    ) -> Result<Fetched, FetchError>;

    /// The longest that fetching may take.
    fn limit(&self) -> Duration {
        HttpOptions::default().timeout
    }

    /// Whether the server of this reference is shown the same login without one. Nobody's is, usually.
    fn knows(&self, reference: &DesignRef, login: &Login) -> bool {
        let _ = (reference, login);
        false
    }
}

/// What came of fetching.
#[derive(Debug)]
pub enum Fetched {
    /// It is still what it was.
    Unchanged,
    /// This.
    Content(Content),
}

/// A document.
pub struct Content {
    /// Its name in messages.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// By what it can be asked for again; none where each time has to be the first.
    pub known: Option<Known>,
}

impl fmt::Debug for Content {
    /// Without its bytes, among which secrets may be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("name", &self.name)
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

/// What a server said of a document's version (RFC 9110 section 8.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its entity tag.
    pub etag: Option<String>,
    /// When it was changed, as the server wrote it.
    pub modified: Option<String>,
    /// Whether questions may be answered with it for a while without asking again.
    pub lasts: bool,
}

#[async_trait]
impl<F: Fetch> Fetch for Arc<F> {
    async fn fetch(
        &self,
        reference: &DesignRef,
        login: Option<&Login>,
        known: Option<&Known>,
    ) -> Result<Fetched, FetchError> {
        (**self).fetch(reference, login, known).await
    }

    fn limit(&self) -> Duration {
        (**self).limit()
    }

    fn knows(&self, reference: &DesignRef, login: &Login) -> bool {
        (**self).knows(reference, login)
    }
}

/// How much may come, and how long that may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) time: Duration,
    pub(super) bytes: usize,
}

/// Fetches files, and over HTTP and TLS, with the credentials that each server is to be given: designs, and what boot actions
/// refer to.
pub struct References {
    bytes_max: usize,
    http: Http,
    credentials: Credentials,
    tokens: Option<Arc<dyn Tokens>>,
}

impl References {
    /// A way to all kinds of references. An error only if TLS cannot be set up.
    pub fn new(
        options: &HttpOptions,
        credentials: Credentials,
        tokens: Option<Arc<dyn Tokens>>,
    ) -> Result<Self, ClientError> {
        Ok(Self { bytes_max: options.bytes_max, http: Http::new(options)?, credentials, tokens })
    }

    /// What is at this reference, within these bounds.
    pub(super) async fn fetch_within(
        &self,
        reference: &DesignRef,
        login: Option<&Login>,
        known: Option<&Known>,
        bounds: Bounds,
    ) -> Result<Fetched, FetchError> {
        let way = Way::of(reference)?;
        let fetched = async {
            match way {
                Way::File => Files { bytes_max: bounds.bytes }.fetch(reference, login, known).await,
                Way::Page(url) => self.page(url, login, known, bounds).await,
                Way::Token(_) if login.is_some() => Err(FetchError::Login),
                Way::Token(url) => self.with_token(url, known, bounds).await,
            }
        };
        let fetched = tokio::time::timeout(bounds.time, fetched).await;
        fetched.unwrap_or(Err(FetchError::Timeout(bounds.time)))
    }

    async fn page(
        &self,
        url: Url,
        login: Option<&Login>,
        known: Option<&Known>,
        bounds: Bounds,
    ) -> Result<Fetched, FetchError> {
        let proof = match (login, self.credentials.of(&url)) {
            (Some(login), _) | (None, Some(Credential::Login(login))) => Proof::Login(login),
            (None, Some(Credential::Bearer(token))) => Proof::Bearer(token),
            (None, Some(Credential::Keystone) | None) => Proof::None,
        };
        self.http.get(url, proof, known, bounds.bytes).await
    }

    /// With a token of Keystone; with a new one if that is refused.
    async fn with_token(
        &self,
        url: Url,
        known: Option<&Known>,
        bounds: Bounds,
    ) -> Result<Fetched, FetchError> {
        // Whoever reaches the API can name any server, and a token opens more than designs.
        if !matches!(self.credentials.of(&url), Some(Credential::Keystone)) {
            return Err(FetchError::NoTokenFor { origin: url.origin().ascii_serialization() });
        }
        let tokens = self.tokens.as_ref().ok_or(FetchError::NoKeystone)?;
        let token = tokens.token().await?;
        match self.http.get(url.clone(), Proof::Token(&token), known, bounds.bytes).await {
            Err(FetchError::Status { status: 401, .. }) => {
                tokens.refused(&token).await;
                let token = tokens.token().await?;
                self.http.get(url, Proof::Token(&token), known, bounds.bytes).await
            }
            other => other,
        }
    }
}

#[async_trait]
impl Fetch for References {
    async fn fetch(
        &self,
        reference: &DesignRef,
        login: Option<&Login>,
        known: Option<&Known>,
    ) -> Result<Fetched, FetchError> {
        let bounds = Bounds { time: self.limit(), bytes: self.bytes_max };
        self.fetch_within(reference, login, known, bounds).await
    }

    fn limit(&self) -> Duration {
        self.http.timeout()
    }

    fn knows(&self, reference: &DesignRef, login: &Login) -> bool {
        let Ok(Way::Page(url)) = Way::of(reference) else { return false };
        matches!(self.credentials.of(&url), Some(Credential::Login(own)) if own == login)
    }
}

/// How a reference is fetched.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    File,
    Page(Url),
    Token(Url),
}

impl Way {
    fn of(reference: &DesignRef) -> Result<Self, FetchError> {
        let text = reference.as_str();
        let scheme = reference.scheme();
        let page = |text: &str| Url::parse(text).map_err(|_| FetchError::Scheme);
        match scheme.as_str() {
            "file" => Ok(Self::File),
            "http" | "https" => page(text).map(Self::Page),
            "deckhand+http" | "deckhand+https" | "promenade+http" | "promenade+https" => {
                let (_, text) = text.split_once('+').ok_or(FetchError::Scheme)?;
                page(text).map(Self::Token)
            }
            _ => Err(FetchError::Scheme),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(reference: &str) -> Result<Way, FetchError> {
        Way::of(&reference.parse().unwrap())
    }

    #[test]
    fn each_kind_of_reference_has_its_way() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        assert_eq!(way("FILE:///x").unwrap(), Way::File);
        assert_eq!(way("https://h/x?y").unwrap(), Way::Page(url("https://h/x?y")));
        let long = "http://deckhand-int:9000/api/v1.0/revisions/3/rendered-documents";
        for prefix in ["deckhand+", "promenade+", "Deckhand+"] {
            assert_eq!(way(&format!("{prefix}{long}")).unwrap(), Way::Token(url(long)));
        }
        assert_eq!(way("deckhand+https://h/x").unwrap(), Way::Token(url("https://h/x")));
        for other in
            ["gopher://h/x", "deckhand+file:///x", "pegleg+http://h/x", "deckhand+deckhand+http://h/x"]
        {
            assert!(matches!(way(other), Err(FetchError::Scheme)), "{other}");
        }
    }
}
