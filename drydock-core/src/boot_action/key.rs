//! The key with which a node asks for its files and reports: random, kept only as a hash, and of use for some time only.
//!
//! A key has 32 random bytes, so a plain hash of it gives nothing away. On the wire it is 64 hex digits, as in v1.0.

use std::fmt::Write as _;

use secrecy::SecretBox;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{Entropy, ExposeSecret as _, SecretString, Timestamp};

/// The length of a key, in bytes.
const LENGTH: usize = 32;

/// What stands for a node's key where it has none: in a preview, and where packages are listed, which are for the provisioner and
/// not for the node.
pub const NO_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A node's key. Neither `Debug` nor any other form but [`NodeKey::to_hex`] shows it; it is wiped when it is dropped.
#[derive(Debug)]
pub struct NodeKey(SecretBox<[u8; LENGTH]>);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no key of a node: it has 64 hex digits")]
pub struct InvalidKey;

/// Why a key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// It is not the node's.
    #[error("the key is not the node's")]
    Wrong,
    /// It was the node's.
    #[error("the key has expired: deploy the node again to give it another")]
    Expired,
}

impl NodeKey {
    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(SecretBox::init_with_mut(|bytes: &mut [u8; LENGTH]| entropy.fill(bytes)))
    }

    /// The key as a node sends it: hex digits, in either case.
    pub fn from_hex(text: &str) -> Result<Self, InvalidKey> {
        let digits = text.as_bytes();
        if digits.len() != 2 * LENGTH {
            return Err(InvalidKey);
        }
        let mut bytes = SecretBox::new(Box::new([0; LENGTH]));
        let mut is_hex = true;
        let target: &mut [u8; LENGTH] = secrecy::ExposeSecretMut::expose_secret_mut(&mut bytes);
        for (byte, pair) in target.iter_mut().zip(digits.chunks_exact(2)) {
            match (digit(pair[0]), digit(pair[1])) {
                (Some(high), Some(low)) => *byte = high << 4 | low,
                _ => is_hex = false,
            }
        }
        if is_hex { Ok(Self(bytes)) } else { Err(InvalidKey) }
    }

    /// The key as it is handed out: 64 digits in lower case.
    pub fn to_hex(&self) -> SecretString {
        // With room from the start no copy is left behind.
        let mut text = String::with_capacity(2 * LENGTH);
        for byte in self.0.expose_secret() {
            // Writing to a string does not fail.
            let _always_ok = write!(text, "{byte:02x}");
        }
        SecretString::from(text)
    }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptKey {
    /// SHA-256 of the key.
    sha256: [u8; 32],
    /// From when on it is of no use.
    expires: Timestamp,
}

impl KeptKey {
    /// What is kept of `key`, which is of use until `expires`.
    pub fn of(key: &NodeKey, expires: Timestamp) -> Self {
        Self { sha256: hash(key), expires }
    }

    /// Whether `offered` is this key, and still of use at `now`. A wrong key takes as long as the right one to compare, and learns
    /// nothing of whether the right one has expired.
    pub fn admit(&self, offered: &NodeKey, now: Timestamp) -> Result<(), KeyRefused> {
        if !bool::from(hash(offered).ct_eq(&self.sha256)) {
            return Err(KeyRefused::Wrong);
        }
        if now < self.expires { Ok(()) } else { Err(KeyRefused::Expired) }
    }
}

fn hash(key: &NodeKey) -> [u8; 32] {
    Sha256::digest(key.0.expose_secret()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEntropy;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_is_taken_until_it_expires_and_no_other_ever() {
        let (key, other) = (NodeKey::generate(&SystemEntropy), NodeKey::generate(&SystemEntropy));
        let (before, expires) = (time("2026-02-03T04:05:05Z"), time("2026-02-03T04:05:06Z"));
        let kept = KeptKey::of(&key, expires);
        let again = NodeKey::from_hex(&key.to_hex().expose_secret().to_uppercase()).unwrap();
        assert_eq!(kept.admit(&again, before), Ok(()));
        assert_eq!(kept.admit(&again, expires), Err(KeyRefused::Expired));
        for now in [before, expires] {
            assert_eq!(kept.admit(&other, now), Err(KeyRefused::Wrong));
        }
        let stored = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<KeptKey>(&stored).unwrap(), kept);
    }

    #[test]
    fn what_is_kept_and_what_is_shown_has_no_key() {
        let hex = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let key = NodeKey::from_hex(hex).unwrap();
        assert_eq!(key.to_hex().expose_secret(), hex);
        let kept = KeptKey::of(&key, time("2026-02-03T04:05:06Z"));
        let shown = format!("{key:?} {kept:?} {:?} {}", key.to_hex(), serde_json::to_string(&kept).unwrap());
        for trace in [hex, "17, 34, 51", "17,34,51"] {
            assert!(!shown.contains(trace), "{shown}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "00", &"g".repeat(64), &"0".repeat(65), &"é".repeat(32)] {
            assert_eq!(NodeKey::from_hex(text).unwrap_err(), InvalidKey, "{text}");
        }
    }
}
