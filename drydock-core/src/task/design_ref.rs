//! References to site designs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How long a reference may be, in bytes.
const LENGTH_MAX: usize = 2048;

/// Where a site design is to be found: an absolute URI (RFC 3986 section 3) of at most 2048 bytes.
///
/// It may hold a user and a password; `Display` and `Debug` leave them out, [`DesignRef::as_str`] does not.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// It is too long.
    #[error("is longer than {LENGTH_MAX} bytes: put the design at a shorter address")]
    TooLong,
}

impl DesignRef {
    /// The reference as it was given, with its password if it has one: for fetching and for storing.
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
        Ok(Self(text.to_owned()))
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
        let Some((scheme, rest)) = self.0.split_once("://") else { return f.write_str(&self.0) };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        write!(f, "{scheme}://{host}{path}")
    }
}

impl fmt::Debug for DesignRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
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
        ] {
            assert_eq!(bad.parse::<DesignRef>(), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let reference: DesignRef = "https://me:p%40ss@host/x@y".parse().unwrap();
        assert_eq!(format!("{reference} {reference:?}"), "https://host/x@y https://host/x@y");
        assert_eq!(reference.scheme(), "https");
    }
}
