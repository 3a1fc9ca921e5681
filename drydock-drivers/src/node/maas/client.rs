//! One HTTP client for one MAAS: signs every attempt anew, bounds time, size and concurrency, and turns what goes wrong into
//! [`DriverError`]s. It repeats questions (GET) when the trouble passes; a command goes out once.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::{Clock, Entropy, RetryPolicy};
use reqwest::header::{ACCEPT, AUTHORIZATION};
use reqwest::{Certificate, Method, Url, redirect};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::MaasOptions;
use super::answer::{Answer, Fault};
use super::oauth::Signer;
use crate::{DriverError, DriverErrorKind};

/// The driver's name in errors.
pub(super) const DRIVER: &str = "maas";

/// More than any answer needs: a machine takes about 30 kB.
const LARGEST_BODY: usize = 64 << 20;

/// One thing to ask of MAAS.
#[derive(Clone, Copy, Default)]
pub(super) struct Call<'a> {
    /// What the driver is doing, for messages.
    pub(super) operation: &'static str,
    /// Which machine it is about, for messages; empty for the site.
    pub(super) about: &'a str,
    /// The path below `/api/2.0/`, with its trailing slash: MAAS answers 404 without it.
    pub(super) path: &'a str,
    /// The query; MAAS reads filters and `op` nowhere else.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// The body's fields, sent URL-encoded: with JSON many operations silently use their defaults.
    pub(super) form: &'a [(&'a str, &'a str)],
}

pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    signer: Signer,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    permits: Semaphore,
    retries: RetryPolicy,
}

/// A failed attempt.
struct Failure {
    error: DriverError,
    /// Whether the same question may be asked again, and after how long at the least.
    again: Option<Duration>,
}

impl Client {
    pub(super) fn new(
        options: &MaasOptions,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, DriverError> {
        let input = || DriverError::new(DRIVER, "connect", "the MAAS options", DriverErrorKind::Input);
        let base = api_url(&options.url).map_err(|problem| input().detail(problem))?;
        let signer = Signer::new(&options.api_key, clock.clone(), entropy.clone())
            .map_err(|problem| input().detail(problem.to_string()))?;
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("drydock/", env!("CARGO_PKG_VERSION")))
            // A followed redirect would repeat the nonce, and turn a POST into a GET.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(options.connect_timeout)
            .timeout(options.answer_timeout);
        if let Some(pem) = &options.ca_bundle {
            let certificates = Certificate::from_pem_bundle(pem)
                .map_err(|problem| input().detail("the CA bundle is not PEM").source(problem))?;
            if certificates.is_empty() {
                return Err(input().detail("the CA bundle holds no certificate"));
            }
            http = http.tls_certs_merge(certificates);
        }
        let http = http
            .build()
            .map_err(|problem| input().detail("the HTTP client cannot be made").source(problem))?;
        let permits = Semaphore::new(options.concurrency.max(1));
        Ok(Self { http, base, signer, clock, entropy, permits, retries: options.retries })
    }

    /// Asks, and reads the answer as a `T`. Passing trouble is met with a few more attempts.
    #[tracing::instrument(name = "driver.call", level = "debug", skip_all, fields(driver.kind = DRIVER, driver.op = call.operation))]
    pub(super) async fn read<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, DriverError> {
        let answer = self.ask(call).await?;
        self.decode(call, &answer)
    }

    /// As [`Client::read`], what is no JSON.
    #[tracing::instrument(name = "driver.call", level = "debug", skip_all, fields(driver.kind = DRIVER, driver.op = call.operation))]
    pub(super) async fn read_bytes(&self, call: &Call<'_>) -> Result<Vec<u8>, DriverError> {
        Ok(self.ask(call).await?.body)
    }

    async fn ask(&self, call: &Call<'_>) -> Result<Answer, DriverError> {
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(&Method::GET, call).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let delay = self.retries.delay_after(attempt, self.entropy.fraction());
            let (Some(delay), Some(least)) = (delay, failure.again) else {
                return Err(failure.error);
            };
            // A long wait belongs to the caller, who can make it durable.
            if least > self.retries.max {
                return Err(failure.error);
            }
            tracing::debug!(error = %failure.error, attempt, "asking MAAS again");
            tokio::time::sleep(delay.max(least)).await;
            attempt += 1;
        }
    }

    /// Sends a command, once, and reads the answer as a `T`.
    #[tracing::instrument(name = "driver.call", level = "debug", skip_all, fields(driver.kind = DRIVER, driver.op = call.operation))]
    pub(super) async fn command<T: DeserializeOwned>(
        &self,
        method: Method,
        call: &Call<'_>,
    ) -> Result<T, DriverError> {
        let answer = self.attempt(&method, call).await.map_err(|failure| failure.error)?;
        self.decode(call, &answer)
    }

    /// Sends a DELETE, once.
    #[tracing::instrument(name = "driver.call", level = "debug", skip_all, fields(driver.kind = DRIVER, driver.op = call.operation))]
    pub(super) async fn delete(&self, call: &Call<'_>) -> Result<(), DriverError> {
        let answer = self.attempt(&Method::DELETE, call).await.map_err(|failure| failure.error)?;
        if answer.status.as_u16() == 204 {
            return Ok(());
        }
        let detail = format!("{} where 204 was expected", answer.status.as_u16());
        Err(self.error(call, DriverErrorKind::Protocol).detail(detail))
    }

    /// An error about this call.
    pub(super) fn error(&self, call: &Call<'_>, kind: DriverErrorKind) -> DriverError {
        let site = format!("MAAS at {}", self.base.origin().ascii_serialization());
        let target = if call.about.is_empty() { site } else { format!("{} in {site}", call.about) };
        DriverError::new(DRIVER, call.operation, target, kind)
    }

    fn decode<T: DeserializeOwned>(&self, call: &Call<'_>, answer: &Answer) -> Result<T, DriverError> {
        serde_json::from_slice(&answer.body).map_err(|problem| {
            // The problem's own text may quote the body, and some bodies hold tokens: name only the place.
            let detail = format!(
                "{} at {}: unexpected content at line {}, column {}",
                answer.status.as_u16(),
                call.path,
                problem.line(),
                problem.column()
            );
            self.error(call, DriverErrorKind::Protocol).detail(detail)
        })
    }

    async fn attempt(&self, method: &Method, call: &Call<'_>) -> Result<Answer, Failure> {
        let fail = |kind| Failure { error: self.error(call, kind), again: None };
        // INVARIANT: the semaphore is never closed, so a permit always comes.
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(fail(DriverErrorKind::Busy));
        };
        let request = self.request(method, call).map_err(|error| Failure { error, again: None })?;
        let answer = match self.exchange(request).await {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let error = self.error(call, DriverErrorKind::Protocol).detail("the answer is too large");
                return Err(Failure { error, again: None });
            }
            Err(problem) => return Err(self.broken(method, call, problem)),
        };
        match answer.fault(method, self.clock.now()) {
            None => Ok(answer),
            Some(Fault { kind, detail, again }) => {
                let error = self.error(call, kind).detail(self.signer.scrub(&detail));
                Err(Failure { error, again })
            }
        }
    }

    fn request(&self, method: &Method, call: &Call<'_>) -> Result<reqwest::Request, DriverError> {
        let input = || self.error(call, DriverErrorKind::Input);
        let mut url = self.base.join(call.path).map_err(|problem| input().source(problem))?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        // Not `source`: the cause would hold the header's text.
        let header =
            self.signer.header().map_err(|_| input().detail("the API key does not fit in a header"))?;
        let mut request = self
            .http
            .request(method.clone(), url)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, header);
        if *method == Method::POST || *method == Method::PUT {
            request = request.form(call.form);
        }
        request.build().map_err(|problem| input().source(problem.without_url()))
    }

    /// Sends the request and reads the whole answer; `None` if it is too large.
    async fn exchange(&self, request: reqwest::Request) -> Result<Option<Answer>, reqwest::Error> {
        let mut response = self.http.execute(request).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(Answer { status: response.status(), headers: response.headers().clone(), body }))
    }

    /// No answer, or half of one. Before a connection stands nothing can have had an effect; after, a command may.
    fn broken(&self, method: &Method, call: &Call<'_>, problem: reqwest::Error) -> Failure {
        let connecting = problem.is_connect();
        let kind = if connecting || *method == Method::GET {
            DriverErrorKind::Unreachable
        } else {
            DriverErrorKind::EffectUnknown
        };
        let mut error = self.error(call, kind);
        if problem.is_timeout() {
            error = error.detail("no answer in time");
        }
        let again = connecting.then_some(Duration::ZERO);
        Failure { error: error.source(problem.without_url()), again }
    }
}

/// The URL of the API below the URL of MAAS, or what is wrong with it.
fn api_url(url: &str) -> Result<Url, String> {
    let mut url = Url::parse(url).map_err(|problem| format!("the URL of MAAS: {problem}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the URL of MAAS begins with {}:, not http: or https:", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL of MAAS holds a user name or a password; MAAS takes only its API key".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the URL of MAAS has a query or a fragment".to_owned());
    }
    let path = url.path().trim_end_matches('/').trim_end_matches("/api/2.0");
    let path = format!("{path}/api/2.0/");
    url.set_path(&path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_the_api_is_found_from_the_url_of_maas() {
        let api = |url: &str| api_url(url).map(|url| url.to_string());
        for url in ["http://m:5240/MAAS", "http://m:5240/MAAS/", "http://m:5240/MAAS/api/2.0/"] {
            assert_eq!(api(url).unwrap(), "http://m:5240/MAAS/api/2.0/");
        }
        for url in ["m:5240/MAAS", "ftp://m/MAAS", "http://admin:hush@m/MAAS", "http://m/MAAS?x=1", ""] {
            let problem = api(url).unwrap_err();
            assert!(!problem.contains("hush"), "{problem}");
        }
    }
}
