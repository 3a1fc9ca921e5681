//! Where a server may send us on, and what may go with us: pure rules.
//!
//! A credential is for the server that was asked. It goes with a redirect on the same origin (scheme, host and port), and never
//! comes back once it was left behind. Nobody is led from https to http, and nowhere but to these two.

use url::{Origin, Url};

/// How many redirects are followed.
const FOLLOWED_MAX: u8 = 5;

/// Why a redirect is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// It says nothing, or nothing that can be read.
    #[error("to no address that can be read")]
    Nowhere,
    /// It leads to something that is not fetched over HTTP.
    #[error("to a {0}: address, which is not followed")]
    Scheme(String),
    /// It leads from https to http.
    #[error(
        "from https to http, where anybody may read and change what is sent: give the http:// reference itself if that is wanted"
    )]
    Downgrade,
    /// It is one too many.
    #[error("too often: give the address to which it leads in the end")]
    TooMany,
}

/// One address on the way to a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hop {
    url: Url,
    trusted: Option<Origin>,
    followed: u8,
}

impl Hop {
    /// The address that was asked for.
    pub(super) fn first(url: Url) -> Self {
        let mut url = bare(url);
        url.set_fragment(None);
        Self { trusted: Some(url.origin()), url, followed: 0 }
    }

    /// What is to be asked for now.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The server that is asked, for messages.
    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether the credentials that go with the first address may go with this one.
    pub(super) fn is_trusted(&self) -> bool {
        self.trusted.is_some()
    }

    /// The address to which `location` leads from here.
    pub(super) fn next(&self, location: Option<&str>) -> Result<Self, RedirectError> {
        if self.followed >= FOLLOWED_MAX {
            return Err(RedirectError::TooMany);
        }
        let location = location.ok_or(RedirectError::Nowhere)?;
        let mut url = bare(self.url.join(location).map_err(|_| RedirectError::Nowhere)?);
        url.set_fragment(None);
        if !matches!(url.scheme(), "http" | "https") {
            return Err(RedirectError::Scheme(url.scheme().to_owned()));
        }
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(RedirectError::Downgrade);
        }
        let trusted = self.trusted.clone().filter(|origin| *origin == url.origin());
        Ok(Self { url, trusted, followed: self.followed + 1 })
    }
}

/// Without a user and a password, which a redirect has no business to give.
fn bare(mut url: Url) -> Url {
    // They fail only for addresses that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(url: &str) -> Hop {
        Hop::first(url.parse().unwrap())
    }

    #[test]
    fn a_credential_stays_with_its_origin() {
        for (from, location, to, trusted) in [
            ("http://a/x/y?q#f", "z", "http://a/x/z", true),
            ("http://a/x", "//a:80/z", "http://a/z", true),
            ("https://a/x", "https://A/z", "https://a/z", true),
            ("http://a/x", "http://a:81/", "http://a:81/", false),
            ("http://a/x", "http://b/", "http://b/", false),
            ("http://a/x", "//b/y#f", "http://b/y", false),
            ("http://a/x", "https://a/", "https://a/", false),
            ("http://a/x", "http://a.b/", "http://a.b/", false),
            ("http://a/x", "http://me:secret@a/", "http://a/", true),
            ("http://a/x", "http://a@b/", "http://b/", false),
        ] {
            let hop = first(from).next(Some(location)).unwrap();
            assert_eq!((hop.url().as_str(), hop.is_trusted()), (to, trusted), "{from} {location}");
        }
    }

    #[test]
    fn what_was_left_behind_does_not_come_back() {
        let back = first("http://a/x").next(Some("http://b/")).unwrap().next(Some("http://a/x")).unwrap();
        assert!(!back.is_trusted());
    }

    #[test]
    fn some_ways_are_not_gone() {
        for (location, problem) in [
            (Some("http://a/x"), RedirectError::Downgrade),
            (Some("http://b/x"), RedirectError::Downgrade),
            (Some("file:///etc/passwd"), RedirectError::Scheme("file".to_owned())),
            (Some("http://"), RedirectError::Nowhere),
            (None, RedirectError::Nowhere),
        ] {
            assert_eq!(first("https://a/x").next(location), Err(problem), "{location:?}");
        }
        let mut hop = first("http://a/");
        for _ in 0..FOLLOWED_MAX {
            hop = hop.next(Some("/")).unwrap();
        }
        assert_eq!(hop.next(Some("/")), Err(RedirectError::TooMany));
    }
}
