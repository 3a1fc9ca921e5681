//! References to site designs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How long a reference may be, in bytes.
const LENGTH_MAX: usize = 2048;

/// Where a site design is to be found: an absolute URI (RFC 3986 section 3) of at most 2048 bytes, without a user and without a
/// password, so that it can be stored and shown. [`GivenRef`](super::GivenRef) is one that may have come with them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DesignRef(String);

/// A text that is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDesignRef {
    /// It has no scheme, or nothing after it.
    #[error("not an absolute URI: write one such as file:///etc/drydock/site.yaml")]
    NotAbsolute,
    /// It has a space or another character that URIs do not have.
    #[error("has a character that a URI does not have: write it as %20 and the like")]
    Character,
    /// It has a user or a password.
    #[error(
        "holds a user or a password, which would be stored and shown: leave them out, and put them into the file of \
         credentials that the server is started with"
    )]
    Login,
    /// The user or the password before the host cannot be read.
    #[error(
        "has a user and a password that cannot be read: write them as USER:PASSWORD@ with %40 for @ and the like"
    )]
    UnreadableLogin,
    /// It is too long.
    #[error("is longer than {LENGTH_MAX} bytes: put the design at a shorter address")]
    TooLong,
}

impl DesignRef {
    /// The reference as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The scheme, in lower case: `file`, `https`, `deckhand+http` …
    pub fn scheme(&self) -> String {
        self.0.split(':').next().unwrap_or_default().to_ascii_lowercase()
    }
}

impl FromStr for DesignRef {
    type Err = InvalidDesignRef;

    fn from_str(text: &str) -> Result<Self, InvalidDesignRef> {
        if text.len() > LENGTH_MAX {
            return Err(InvalidDesignRef::TooLong);
        }
        let Some((scheme, rest)) = text.split_once(':') else { return Err(InvalidDesignRef::NotAbsolute) };
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        if !is_scheme || rest.trim_start_matches('/').is_empty() {
            return Err(InvalidDesignRef::NotAbsolute);
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)) {
            return Err(InvalidDesignRef::Character);
        }
        let Some(place) = authority(scheme, rest)? else { return Ok(Self(text.to_owned())) };
        if place.contains('@') { Err(InvalidDesignRef::Login) } else { Ok(Self(text.to_owned())) }
    }
}

impl TryFrom<String> for DesignRef {
    type Error = InvalidDesignRef;

    fn try_from(text: String) -> Result<Self, InvalidDesignRef> {
        text.parse()
    }
}

impl From<DesignRef> for String {
    fn from(reference: DesignRef) -> Self {
        reference.0
    }
}

impl fmt::Display for DesignRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DesignRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who and where (`user:password@host:port`) of what follows a scheme's colon, if it has that.
///
/// Of HTTP the host is wanted just after two slashes: those who fetch would find it after one or three, too, and with it a password
/// that was not seen here.
fn authority<'t>(scheme: &str, rest: &'t str) -> Result<Option<&'t str>, InvalidDesignRef> {
    let scheme = scheme.to_ascii_lowercase();
    let is_http = matches!(scheme.rsplit('+').next(), Some("http" | "https"));
    let Some(rest) = rest.strip_prefix("//") else {
        return if is_http { Err(InvalidDesignRef::NotAbsolute) } else { Ok(None) };
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let found = rest.get(..end).unwrap_or_default();
    let host = found.rsplit_once('@').map_or(found, |(_, host)| host);
    // A password with a slash in it ends the host too early, and what is before the slash is no port.
    if is_http && (host.is_empty() || host.starts_with(':') || !has_port_or_none(host)) {
        return Err(InvalidDesignRef::NotAbsolute);
    }
    Ok(Some(found))
}

fn has_port_or_none(host: &str) -> bool {
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    after.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_uris_are_taken_up_to_their_longest() {
        let longest = format!("http://h/{}", "x".repeat(LENGTH_MAX - 9));
        for good in ["file:///x.yaml", "deckhand+http://h:80/api/v1.0/x?y=%20#z", "HTTP://[::1]/x", &longest]
        {
            assert_eq!(good.parse::<DesignRef>().unwrap().as_str(), good);
        }
        let too_long = format!("{longest}x");
        for (bad, why) in [
            ("", InvalidDesignRef::NotAbsolute),
            ("/etc/site.yaml", InvalidDesignRef::NotAbsolute),
            ("site.yaml", InvalidDesignRef::NotAbsolute),
            ("://h/x", InvalidDesignRef::NotAbsolute),
            ("1http://h/x", InvalidDesignRef::NotAbsolute),
            ("file://", InvalidDesignRef::NotAbsolute),
            ("file:///a b", InvalidDesignRef::Character),
            ("file:///\u{e9}", InvalidDesignRef::Character),
            (&too_long, InvalidDesignRef::TooLong),
            ("https://me:p%40ss@host/x@y", InvalidDesignRef::Login),
            ("deckhand+https://token@host/x", InvalidDesignRef::Login),
            ("other://me:secret@host/x", InvalidDesignRef::Login),
            ("http:me:secret@host/x", InvalidDesignRef::NotAbsolute),
            ("https:///me:secret@host/x", InvalidDesignRef::NotAbsolute),
            ("https://me:sec/ret@host/x", InvalidDesignRef::NotAbsolute),
            ("https://:80/x", InvalidDesignRef::NotAbsolute),
        ] {
            assert_eq!(bad.parse::<DesignRef>(), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn a_reference_is_shown_as_it_was_given() {
        let reference: DesignRef = "HTTPS://host:443/x@y".parse().unwrap();
        assert_eq!(format!("{reference} {reference:?}"), "HTTPS://host:443/x@y HTTPS://host:443/x@y");
        assert_eq!(reference.scheme(), "https");
    }

    #[test]
    fn what_was_stored_with_a_password_is_not_read() {
        assert!(serde_json::from_str::<DesignRef>("\"https://host/x\"").is_ok());
        let problem =
            serde_json::from_str::<DesignRef>("\"https://me:hush@host/x\"").unwrap_err().to_string();
        assert!(problem.contains("leave them out") && !problem.contains("hush"), "{problem}");
    }
}
