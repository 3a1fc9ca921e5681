//! Tokens of Keystone (Identity API v3), for `deckhand+` and `promenade+` references.
//!
//! One token serves all; it is asked for when the first is wanted, again before it expires, and again when a server refuses it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::{Classify, Clock, Disposition, ExposeSecret as _, SecretString, Timestamp, before};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::error::of_status;
use super::http::{ClientError, HttpOptions, client};

/// How long before its end a token is not used any more: a fetch that begins with it has to be answered with it.
const MARGIN: Duration = Duration::from_mins(5);

/// More than any answer has: a token with a large catalogue takes some tens of kB.
const LARGEST_BODY: usize = 4 << 20;

/// Where tokens come from.
#[async_trait]
pub trait Tokens: Send + Sync + 'static {
    /// A token that is good now. Cancel-safe.
    async fn token(&self) -> Result<SecretString, TokenError>;

    /// Says that a server refused this token: it is not given again. Cancel-safe.
    async fn refused(&self, token: &SecretString);
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Keystone could not be reached, or broke off.
    #[error("Keystone at {origin} does not answer")]
    Transport {
        /// Where it is.
        origin: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// Keystone refuses us.
    #[error(
        "Keystone at {origin} refuses the user {user}: look at the user, the domains, the project and the password that the server \
         is started with (--keystone-…)"
    )]
    Refused {
        /// Where it is.
        origin: String,
        /// Who we say to be.
        user: String,
    },
    /// Keystone answered with something else.
    #[error("Keystone at {origin} answers {status}, where 201 with a token was expected")]
    Answer {
        /// Where it is.
        origin: String,
        /// The status.
        status: u16,
    },
}

impl Classify for TokenError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Transport { .. } => Disposition::Retryable,
            Self::Refused { .. } => Disposition::Permanent,
            Self::Answer { status, .. } => of_status(*status),
        }
    }
}

/// Who we are to Keystone.
#[derive(Debug, Clone)]
pub struct KeystoneOptions {
    /// Where it is, such as `https://keystone.example/v3`; with or without the version.
    pub url: Url,
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
    /// The name of the user's domain.
    pub user_domain: String,
    /// The project, and the name of its domain.
    pub project: String,
    /// The name of the project's domain.
    pub project_domain: String,
}

/// Tokens by user and password.
pub struct KeystoneTokens {
    client: Client,
    options: KeystoneOptions,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Held>>,
}

/// A token, and until when it is given out.
struct Held {
    token: SecretString,
    until: Timestamp,
}

#[derive(Deserialize)]
struct Answer {
    token: Described,
}

#[derive(Deserialize)]
struct Described {
    expires_at: Timestamp,
}

impl KeystoneTokens {
    /// Nothing is asked yet. An error only if TLS cannot be set up.
    pub fn new(
        http: &HttpOptions,
        options: KeystoneOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ClientError> {
        Ok(Self { client: client(http)?, options, clock, held: Mutex::default() })
    }

    async fn issue(&self) -> Result<Held, TokenError> {
        let origin = || self.options.url.origin().ascii_serialization();
        let broken =
            |source: reqwest::Error| TokenError::Transport { origin: origin(), source: source.without_url() };
        let asked_at = self.clock.now();
        let request = self.client.post(tokens_url(&self.options.url)).json(&self.question());
        let mut response = request.send().await.map_err(broken)?;
        let status = response.status();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(TokenError::Refused { origin: origin(), user: self.options.user.clone() });
        }
        let unexpected = || TokenError::Answer { origin: origin(), status: status.as_u16() };
        if status != StatusCode::CREATED {
            return Err(unexpected());
        }
        let token = response.headers().get("x-subject-token").and_then(|value| value.to_str().ok());
        let token = SecretString::from(token.ok_or_else(unexpected)?);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(unexpected());
            }
            body.extend_from_slice(&chunk);
        }
        let Answer { token: Described { expires_at } } =
            serde_json::from_slice(&body).map_err(|_| unexpected())?;
        let lifetime = (expires_at - asked_at).to_std().unwrap_or_default();
        Ok(Held { token, until: before(expires_at, MARGIN.min(lifetime / 2)) })
    }

    fn question(&self) -> Value {
        let KeystoneOptions { user, password, user_domain, project, project_domain, .. } = &self.options;
        let user = json!({
            "name": user, "domain": {"name": user_domain}, "password": password.expose_secret()
        });
        json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": project, "domain": {"name": project_domain}}},
        }})
    }
}

#[async_trait]
impl Tokens for KeystoneTokens {
    async fn token(&self) -> Result<SecretString, TokenError> {
        // Held while asking, so that all who want one at once share it.
        let mut held = self.held.lock().await;
        let now = self.clock.now();
        if let Some(held) = held.as_ref().filter(|held| now < held.until) {
            return Ok(held.token.clone());
        }
        let issued = self.issue().await?;
        Ok(held.insert(issued).token.clone())
    }

    async fn refused(&self, token: &SecretString) {
        let mut held = self.held.lock().await;
        // Another may have brought a new one since.
        if held.as_ref().is_some_and(|held| held.token.expose_secret() == token.expose_secret()) {
            *held = None;
        }
    }
}

fn tokens_url(url: &Url) -> Url {
    let path = url.path().trim_end_matches('/').trim_end_matches("/v3");
    let path = format!("{path}/v3/auth/tokens");
    let mut url = url.clone();
    url.set_path(&path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_may_be_part_of_the_url_or_not() {
        for (url, expected) in [
            ("http://k:5000", "http://k:5000/v3/auth/tokens"),
            ("http://k:5000/v3", "http://k:5000/v3/auth/tokens"),
            ("https://k/identity/v3/", "https://k/identity/v3/auth/tokens"),
            ("https://k/identity", "https://k/identity/v3/auth/tokens"),
        ] {
            assert_eq!(tokens_url(&url.parse().unwrap()).as_str(), expected);
        }
    }
}
