//! References as somebody gives them: perhaps with a user and a password, which are taken out at once.

use std::str::FromStr;

use subtle::ConstantTimeEq as _;

use super::{DesignRef, InvalidDesignRef};
use crate::{ExposeSecret as _, SecretString};

/// A user and a password for HTTP's basic authentication.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password; empty where only a user was given.
    pub password: SecretString,
}

impl PartialEq for Login {
    /// In a time that says nothing about the password.
    fn eq(&self, other: &Self) -> bool {
        let (mine, its) = (self.password.expose_secret(), other.password.expose_secret());
        self.user == other.user && bool::from(mine.as_bytes().ct_eq(its.as_bytes()))
    }
}

impl Eq for Login {}

/// A reference with what it was given with. Nothing of this type is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenRef {
    /// The reference.
    pub reference: DesignRef,
    /// Who the one that gave it says to be to that host.
    pub login: Option<Login>,
}

impl From<DesignRef> for GivenRef {
    fn from(reference: DesignRef) -> Self {
        Self { reference, login: None }
    }
}

impl FromStr for GivenRef {
    type Err = InvalidDesignRef;

    /// Takes `scheme://user:password@host/…`, both in percent encoding, as well as every [`DesignRef`].
    fn from_str(text: &str) -> Result<Self, InvalidDesignRef> {
        let found = text.parse::<DesignRef>();
        let Err(InvalidDesignRef::Login) = found else { return found.map(Self::from) };
        let unreadable = InvalidDesignRef::UnreadableLogin;
        let (scheme, rest) = text.split_once("://").ok_or(unreadable)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(unreadable)?;
        let (login, host) = authority.rsplit_once('@').ok_or(unreadable)?;
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let login = Login {
            user: decoded(user).ok_or(unreadable)?,
            password: SecretString::from(decoded(password).ok_or(unreadable)?),
        };
        let reference = format!("{scheme}://{host}{path}").parse()?;
        Ok(Self { reference, login: Some(login) })
    }
}

/// The text that this percent encoding stands for (RFC 3986 section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_taken_out_of_the_reference_and_is_not_shown() {
        for (text, reference, user, password) in [
            ("https://me:hu%73h@host:80/x@y?z", "https://host:80/x@y?z", "me", "hush"),
            ("http://a%3Ab:c:d@[::1]#x", "http://[::1]#x", "a:b", "c:d"),
            ("http://hush@host", "http://host", "hush", ""),
        ] {
            let given: GivenRef = text.parse().unwrap();
            let login = given.login.clone().unwrap();
            assert_eq!((given.reference.as_str(), login.user.as_str()), (reference, user));
            assert_eq!(login.password.expose_secret(), password);
            if !password.is_empty() {
                assert!(!format!("{given:?}").contains(password), "{given:?}");
            }
        }
        assert_eq!("file:///x".parse::<GivenRef>().unwrap().login, None);
    }

    #[test]
    fn a_login_that_cannot_be_read_is_refused_and_not_told() {
        for text in ["https://me:hush%4@host/x", "https://me:hush%zz@host/x", "https://me:hush%ff@host/x"] {
            let problem = text.parse::<GivenRef>().unwrap_err();
            assert_eq!(problem, InvalidDesignRef::UnreadableLogin);
            assert!(!problem.to_string().contains("hush"));
        }
    }

    #[test]
    fn logins_are_equal_when_user_and_password_are() {
        let login = |text: &str| format!("http://{text}@h").parse::<GivenRef>().unwrap().login;
        assert_eq!(login("a:b"), login("%61:b"));
        for other in ["a:c", "b:b", "a", "a:bb"] {
            assert_ne!(login("a:b"), login(other), "{other}");
        }
    }
}
