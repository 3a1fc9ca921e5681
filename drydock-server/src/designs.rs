//! How designs and what boot actions refer to are fetched: what a server is told about it, and the way there that comes of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use drydock_core::{Clock, SecretString};
use drydock_orchestrator::{Credentials, HttpOptions, KeystoneOptions, KeystoneTokens, References, Tokens};
use url::Url;

use crate::config::ConfigProblem;
use crate::serve::ServeError;

/// How designs are fetched, and what boot actions refer to.
#[derive(Debug, Clone)]
pub struct DesignsConfig {
    /// A file that says what the servers of these are given, by server: see [`Credentials`].
    pub credentials: Option<PathBuf>,
    /// A file of certificates (PEM) of authorities to trust for them and for Keystone, besides the system's.
    pub ca: Option<PathBuf>,
    /// The longest that fetching one may take.
    pub timeout: Duration,
    /// How long questions are answered with what came over HTTP before its server is asked again; 3 min, as v1.0 meant. A task
    /// begins with the design as it is then.
    pub fresh: Duration,
    /// The Keystone that gives tokens for `deckhand+` and `promenade+` references.
    pub keystone: Option<KeystoneConfig>,
}

impl Default for DesignsConfig {
    fn default() -> Self {
        let timeout = HttpOptions::default().timeout;
        Self { credentials: None, ca: None, timeout, fresh: Duration::from_mins(3), keystone: None }
    }
}

/// A Keystone, and who we are to it.
#[derive(Debug, Clone)]
pub struct KeystoneConfig {
    /// Its URL, such as `https://keystone.example:5000/v3`.
    pub url: String,
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
    /// The name of the user's domain.
    pub user_domain: String,
    /// The name of the project.
    pub project: String,
    /// The name of the project's domain.
    pub project_domain: String,
}

impl KeystoneConfig {
    /// Its URL, or what is wrong with that. The text of the URL stays out of the message: it may hold a password.
    fn url(&self) -> Result<Url, ConfigProblem> {
        let wrong = |problem: String| ConfigProblem { setting: "keystone.url", problem };
        let url: Url = self
            .url
            .parse()
            .map_err(|problem| wrong(format!("not a URL ({problem}): write https://HOST:5000/v3")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(format!("{}: is not http: or https:", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user name or a password: they have settings of their own".to_owned()));
        }
        Ok(url)
    }
}

impl DesignsConfig {
    /// Everything that is wrong with it.
    pub(crate) fn problems(&self) -> Vec<ConfigProblem> {
        let timeout = self.timeout.is_zero().then(|| ConfigProblem {
            setting: "design.timeout",
            problem: "nothing can be fetched in no time".to_owned(),
        });
        timeout.into_iter().chain(self.keystone.as_ref().and_then(|keystone| keystone.url().err())).collect()
    }

    /// The way to designs, and to what boot actions refer to, that it describes.
    pub(crate) async fn references(&self, clock: &Arc<dyn Clock>) -> Result<Arc<References>, ServeError> {
        let http = HttpOptions {
            timeout: self.timeout,
            ca_bundle: match &self.ca {
                Some(file) => Some(tokio::fs::read(file).await.map_err(unreadable(file))?),
                None => None,
            },
            ..HttpOptions::default()
        };
        let credentials = match &self.credentials {
            Some(file) => {
                let text = tokio::fs::read_to_string(file).await.map_err(unreadable(file))?;
                Credentials::parse(&text)
                    .map_err(|source| ServeError::Credentials { file: file.display().to_string(), source })?
            }
            None => Credentials::default(),
        };
        let tokens = match &self.keystone {
            Some(keystone) => Some(tokens(keystone, &http, clock)?),
            None => None,
        };
        Ok(Arc::new(References::new(&http, credentials, tokens)?))
    }
}

fn tokens(
    keystone: &KeystoneConfig,
    http: &HttpOptions,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Tokens>, ServeError> {
    let options = KeystoneOptions {
        url: keystone.url().map_err(|problem| ServeError::Config(vec![problem]))?,
        user: keystone.user.clone(),
        password: keystone.password.clone(),
        user_domain: keystone.user_domain.clone(),
        project: keystone.project.clone(),
        project_domain: keystone.project_domain.clone(),
    };
    Ok(Arc::new(KeystoneTokens::new(http, options, Arc::clone(clock))?))
}

fn unreadable(file: &Path) -> impl Fn(std::io::Error) -> ServeError {
    move |source| ServeError::File { file: file.display().to_string(), source }
}
