//! OAuth as MAAS checks it: in this order consumer, token, age, nonce, signature, each with its own text.

use std::collections::{BTreeMap, HashMap};

use axum::http::HeaderMap;
use drydock_core::{ExposeSecret, SecretString, Timestamp};
use url::form_urlencoded;

use super::reply::Reply;

/// How old a request may be, in seconds. It may come from the future.
const OLDEST: i64 = 300;

pub(super) struct Guard {
    key: SecretString,
    /// Those seen, with the timestamp they came with.
    nonces: HashMap<String, i64>,
}

impl Guard {
    pub(super) fn new(key: SecretString) -> Self {
        Self { key, nonces: HashMap::new() }
    }

    /// Whether the request is signed at all.
    pub(super) fn is_signed(headers: &HeaderMap) -> bool {
        parameters(headers).is_some()
    }

    /// Admits a request with a good signature that was not seen before.
    pub(super) fn check(&mut self, headers: &HeaderMap, now: Timestamp) -> Result<(), Reply> {
        let given = parameters(headers).ok_or_else(Reply::forbidden)?;
        let get = |name: &str| given.get(name).map_or("", String::as_str);
        self.forget_old_nonces(now.timestamp());
        let mut parts = self.key.expose_secret().split(':');
        let (consumer, token, secret) = (parts.next(), parts.next(), parts.next());
        if consumer != Some(get("oauth_consumer_key")) {
            return Err(Reply::unauthorised("Invalid API key."));
        }
        if token != Some(get("oauth_token")) {
            return Err(Reply::unauthorised(&format!("'Invalid access token: {}'", get("oauth_token"))));
        }
        let (given, now) = (get("oauth_timestamp").parse().unwrap_or(0), now.timestamp());
        if now - given > OLDEST {
            return Err(Reply::unauthorised(&format!(
                "'Expired timestamp: given {given} and now {now} has a greater difference than threshold {OLDEST}'"
            )));
        }
        if self.nonces.insert(get("oauth_nonce").to_owned(), given).is_some() {
            return Err(Reply::unauthorised(&format!("'Nonce already used: {}'", get("oauth_nonce"))));
        }
        // With an empty consumer secret the signature is "&" and the token's secret. MAAS does tell the right one.
        let right = format!("&{}", secret.unwrap_or_default());
        if get("oauth_signature") != right {
            return Err(Reply::unauthorised(&format!(
                "'Invalid signature. Expected signature base string: {right}'"
            )));
        }
        Ok(())
    }

    /// A nonce whose timestamp is too old is refused for that, and need not be remembered.
    fn forget_old_nonces(&mut self, now: i64) {
        const MANY: usize = 10_000;
        if self.nonces.len() >= MANY {
            self.nonces.retain(|_, given| now - *given <= OLDEST);
        }
    }
}

/// The parameters of an OAuth header, decoded.
fn parameters(headers: &HeaderMap) -> Option<BTreeMap<String, String>> {
    let text = headers.get("authorization")?.to_str().ok()?.strip_prefix("OAuth ")?;
    let parameters = text.split(',').filter_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        Some((name.to_owned(), decode(value.trim_matches('"'))))
    });
    Some(parameters.collect())
}

/// Undoes percent-encoding; a `+` is a plus here.
fn decode(text: &str) -> String {
    let text = text.replace('+', "%2B");
    form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}
