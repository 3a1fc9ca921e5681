//! What both sides know when the four RAKP messages are through, and the codes and keys that follow from it
//! (sections 13.31 and 13.32).

use super::suite::{CipherSuite, Keys};

/// The key of a user: the password, padded with zeros to 20 bytes. `None` if it is longer.
pub(crate) fn user_key(password: &str) -> Option<[u8; 20]> {
    let mut key = [0; 20];
    key.get_mut(..password.len())?.copy_from_slice(password.as_bytes());
    Some(key)
}

/// The values of one session set-up. It holds the user's key, so it is not printable.
#[derive(Clone)]
pub(crate) struct Agreement {
    pub(crate) suite: CipherSuite,
    /// The session id that the console chose.
    pub(crate) console: u32,
    /// The session id that the BMC chose.
    pub(crate) bmc: u32,
    pub(crate) console_random: [u8; 16],
    pub(crate) bmc_random: [u8; 16],
    pub(crate) guid: [u8; 16],
    /// The role byte of RAKP message 1.
    pub(crate) role: u8,
    /// The user name; at most 16 bytes.
    pub(crate) user: Vec<u8>,
    pub(crate) key: [u8; 20],
}

impl Agreement {
    /// The code by which the BMC shows in RAKP message 2 that it knows the password.
    pub(crate) fn bmc_code(&self) -> Vec<u8> {
        self.suite.hmac(
            &self.key,
            &[
                &self.console.to_le_bytes(),
                &self.bmc.to_le_bytes(),
                &self.console_random,
                &self.bmc_random,
                &self.guid,
                &self.who(),
                &self.user,
            ],
        )
    }

    /// The code by which the console shows in RAKP message 3 that it knows the password.
    pub(crate) fn console_code(&self) -> Vec<u8> {
        let console = self.console.to_le_bytes();
        self.suite.hmac(&self.key, &[&self.bmc_random, &console, &self.who(), &self.user])
    }

    /// The code of RAKP message 4.
    pub(crate) fn final_code(&self) -> Vec<u8> {
        let bmc = self.bmc.to_le_bytes();
        let mut code = self.suite.hmac(&self.session_key(), &[&self.console_random, &bmc, &self.guid]);
        code.truncate(self.suite.short_code());
        code
    }

    /// The keys of the session.
    pub(crate) fn keys(&self) -> Keys {
        Keys::derive(self.suite, &self.session_key())
    }

    /// The session integrity key. Without a BMC key (Kg) the user's key takes its place.
    fn session_key(&self) -> Vec<u8> {
        self.suite.hmac(&self.key, &[&self.console_random, &self.bmc_random, &self.who(), &self.user])
    }

    fn who(&self) -> [u8; 2] {
        [self.role, u8::try_from(self.user.len()).unwrap_or(u8::MAX)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_at_most_twenty_bytes() {
        assert_eq!(user_key("ab").unwrap()[..3], *b"ab\0");
        assert!(user_key(&"x".repeat(20)).is_some());
        assert!(user_key(&"x".repeat(21)).is_none());
    }
}
