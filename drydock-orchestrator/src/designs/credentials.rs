//! Who we are to the servers that have designs: read from a file that the operator keeps, by origin.
//!
//! ```text
//! # server                      how         what
//! https://sites.example         basic       drydock:secret
//! https://git.example:8443      bearer      a-token
//! http://deckhand-int:9000      keystone
//! ```

use std::collections::BTreeMap;

use drydock_core::SecretString;
use drydock_core::task::Login;
use url::Url;

/// What a server is given.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    /// A user and a password, by basic authentication.
    Login(Login),
    /// This token.
    Bearer(SecretString),
    /// A token of Keystone, where the reference asks for one.
    Keystone,
}

/// What each server is given. A server that is not in it is given nothing.
#[derive(Debug, Clone, Default)]
pub struct Credentials(BTreeMap<String, Credential>);

/// A line that says nothing that could be understood. Its text is not told: it may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct InvalidCredential {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

const FORM: &str = "not `SERVER basic USER:PASSWORD`, `SERVER bearer TOKEN` or `SERVER keystone`";
const ORIGIN: &str =
    "the server is not written as http://HOST, https://HOST or with a :PORT, and nothing after it";
const TWICE: &str = "this server has a line already";

impl Credentials {
    /// Reads a file's text: a server, how, and what on each line; empty lines and those that begin with `#` count for nothing.
    pub fn parse(text: &str) -> Result<Self, InvalidCredential> {
        let mut found = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |problem| InvalidCredential { line: index + 1, problem };
            let (server, rest) = word(line);
            let credential = credential(rest).ok_or_else(|| wrong(FORM))?;
            let origin = origin(server).ok_or_else(|| wrong(ORIGIN))?;
            if found.insert(origin, credential).is_some() {
                return Err(wrong(TWICE));
            }
        }
        Ok(Self(found))
    }

    /// What the server of this address is given.
    pub(super) fn of(&self, url: &Url) -> Option<&Credential> {
        self.0.get(&url.origin().ascii_serialization())
    }
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

fn credential(text: &str) -> Option<Credential> {
    match word(text) {
        ("basic", what) => {
            let (user, password) = what.split_once(':')?;
            let login = Login { user: user.to_owned(), password: SecretString::from(password) };
            Some(Credential::Login(login))
        }
        ("bearer", token) if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Some(Credential::Bearer(SecretString::from(token)))
        }
        ("keystone", "") => Some(Credential::Keystone),
        _ => None,
    }
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_origin = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    is_origin.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use drydock_core::ExposeSecret as _;

    use super::*;

    #[test]
    fn each_server_has_its_own_and_no_other() {
        let text = "\n# a comment\nhttps://Sites.example basic me:a pass:word\n\thttp://git:81/  bearer\thush \n\
                    http://deckhand keystone\r\n";
        let credentials = Credentials::parse(text).unwrap();
        let of = |url: &str| credentials.of(&url.parse().unwrap());
        let Some(Credential::Login(login)) = of("https://sites.example:443/a/b?c") else {
            panic!("no login")
        };
        assert_eq!((login.user.as_str(), login.password.expose_secret()), ("me", "a pass:word"));
        assert!(
            matches!(of("http://git:81/x"), Some(Credential::Bearer(token)) if token.expose_secret() == "hush")
        );
        assert!(matches!(of("http://deckhand:80"), Some(Credential::Keystone)));
        for other in
            ["http://sites.example/", "https://sites.example:444/", "http://git/", "https://x.sites.example/"]
        {
            assert!(of(other).is_none(), "{other}");
        }
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("hush") && !shown.contains("pass:"), "{shown}");
    }

    #[test]
    fn a_line_that_cannot_be_understood_is_named_by_its_number_alone() {
        for (line, problem) in [
            ("https://host", FORM),
            ("https://host basic hush", FORM),
            ("https://host bearer", FORM),
            ("https://host bearer hush hush", FORM),
            ("https://host keystone hush", FORM),
            ("https://host digest me:hush", FORM),
            ("host basic me:hush", ORIGIN),
            ("ftp://host basic me:hush", ORIGIN),
            ("https://me:hush@host keystone", ORIGIN),
            ("https://host/hush keystone", ORIGIN),
            ("http://a basic me:hush", TWICE),
        ] {
            let error = Credentials::parse(&format!("http://a keystone\n{line}")).unwrap_err();
            assert_eq!(error, InvalidCredential { line: 2, problem }, "{line}");
            assert!(!error.to_string().contains("hush"));
        }
    }
}
