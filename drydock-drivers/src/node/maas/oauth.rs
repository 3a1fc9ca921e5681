//! The API key, and the OAuth 1.0 header made of it. A header is good for one attempt: MAAS refuses a nonce that it has seen.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use drydock_core::{Clock, Entropy, ExposeSecret, SecretString};
use reqwest::header::{HeaderValue, InvalidHeaderValue};

/// Why a text is not an API key. It never shows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidKey {
    /// Not three parts.
    #[error("a MAAS API key has three parts, CONSUMER:TOKEN:SECRET, and this one has {0}")]
    Parts(usize),
    /// A part is empty.
    #[error("a MAAS API key has three parts, CONSUMER:TOKEN:SECRET, and the {0} part of this one is empty")]
    Empty(&'static str),
    /// A part holds something that keys do not hold.
    #[error("the {0} part of the MAAS API key holds a space or a control character")]
    Blank(&'static str),
}

struct ApiKey {
    consumer: SecretString,
    token: SecretString,
    secret: SecretString,
}

impl ApiKey {
    fn parse(text: &SecretString) -> Result<Self, InvalidKey> {
        let parts: Vec<&str> = text.expose_secret().trim().split(':').collect();
        let &[consumer, token, secret] = parts.as_slice() else {
            return Err(InvalidKey::Parts(parts.len()));
        };
        for (name, part) in [("consumer", consumer), ("token", token), ("secret", secret)] {
            if part.is_empty() {
                return Err(InvalidKey::Empty(name));
            }
            if part.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return Err(InvalidKey::Blank(name));
            }
        }
        Ok(Self { consumer: consumer.into(), token: token.into(), secret: secret.into() })
    }
}

/// Makes Authorization headers, each one different.
pub(super) struct Signer {
    key: ApiKey,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    made: AtomicU64,
}

impl Signer {
    /// A signer with this key, `CONSUMER:TOKEN:SECRET`.
    pub(super) fn new(
        key: &SecretString,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, InvalidKey> {
        Ok(Self { key: ApiKey::parse(key)?, clock, entropy, made: AtomicU64::new(0) })
    }

    /// The header for one attempt (RFC 5849 section 3.4.4: with an empty consumer secret the PLAINTEXT signature is
    /// `&` and the token's secret).
    pub(super) fn header(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut random = [0; 16];
        self.entropy.fill(&mut random);
        // The number keeps two nonces of this process apart whatever the random bytes are.
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let mut nonce = hex(&random);
        let _ = write!(nonce, "{number:x}");
        let text = format!(
            "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", \
             oauth_token=\"{}\", oauth_signature=\"%26{}\", oauth_nonce=\"{nonce}\", oauth_timestamp=\"{}\"",
            percent(self.key.consumer.expose_secret()),
            percent(self.key.token.expose_secret()),
            percent(self.key.secret.expose_secret()),
            self.clock.now().timestamp(),
        );
        let mut header = HeaderValue::try_from(text)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// `text` without the key, should it repeat any part of it.
    pub(super) fn scrub(&self, text: &str) -> String {
        [&self.key.secret, &self.key.token, &self.key.consumer]
            .into_iter()
            .fold(text.to_owned(), |text, part| text.replace(part.expose_secret(), "***"))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len() + 8), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Percent-encodes all but the unreserved characters (RFC 5849 section 3.6).
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use drydock_core::{SystemClock, SystemEntropy};

    use super::*;

    fn signer(key: &str) -> Result<Signer, InvalidKey> {
        Signer::new(&key.into(), Arc::new(SystemClock), Arc::new(SystemEntropy))
    }

    #[test]
    fn keys_that_are_none_are_refused_without_being_shown() {
        for (key, why) in [
            ("", InvalidKey::Parts(1)),
            ("hush:hush", InvalidKey::Parts(2)),
            ("a:b:hush:d", InvalidKey::Parts(4)),
            ("a:b:", InvalidKey::Empty("secret")),
            (":b:hush", InvalidKey::Empty("consumer")),
            ("a:b:hu sh", InvalidKey::Blank("secret")),
        ] {
            let refused = signer(key).map(|_| ()).unwrap_err();
            assert_eq!(refused, why, "{key}");
            assert!(!format!("{refused} {refused:?}").contains("hush"));
        }
    }

    #[test]
    fn a_header_holds_the_encoded_key_and_hides_from_debug() {
        let signer = signer("con/1:tok~2:s&c\n").unwrap();
        let header = signer.header().unwrap();
        let text = header.to_str().unwrap();
        assert!(text.contains(r#"oauth_consumer_key="con%2F1", oauth_token="tok~2""#), "{text}");
        assert!(text.contains(r#"oauth_signature="%26s%26c""#), "{text}");
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert_ne!(signer.header().unwrap(), header);
    }

    #[test]
    fn nonces_differ_even_without_randomness() {
        struct Stuck;
        impl Entropy for Stuck {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(7);
            }
        }
        let signer = Signer::new(&"a:b:c".into(), Arc::new(SystemClock), Arc::new(Stuck)).unwrap();
        let nonce = || {
            let header = signer.header().unwrap();
            header.to_str().unwrap().split("oauth_nonce=").nth(1).unwrap()[..40].to_owned()
        };
        assert_ne!(nonce(), nonce());
    }

    #[test]
    fn scrubbing_takes_every_part_out() {
        let scrubbed =
            signer("consumer1:token1:secret1").unwrap().scrub("consumer1 said &secret1 for token1");
        assert_eq!(scrubbed, "*** said &*** for ***");
    }
}
