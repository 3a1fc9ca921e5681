//! The two cipher suites that are spoken, and what their keys do (sections 13.28 and 22.15.2).
//!
//! The suites 0, 1 and 2 leave out authentication, integrity or secrecy: they are not here, so they cannot be chosen.

use aes::Aes128;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Malformed;

/// Authentication, integrity and secrecy of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CipherSuite {
    /// Number 17: RAKP-HMAC-SHA256, HMAC-SHA256-128, AES-CBC-128.
    Sha256,
    /// Number 3: RAKP-HMAC-SHA1, HMAC-SHA1-96, AES-CBC-128.
    Sha1,
}

impl CipherSuite {
    /// All of them, the best first.
    pub(crate) const ALL: [Self; 2] = [Self::Sha256, Self::Sha1];

    /// Its number (table 22-20).
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Sha256 => 17,
            Self::Sha1 => 3,
        }
    }

    /// The numbers of its authentication, integrity and secrecy algorithms (tables 13-17 to 13-19).
    pub(crate) const fn algorithms(self) -> [u8; 3] {
        match self {
            Self::Sha256 => [3, 4, 1],
            Self::Sha1 => [1, 1, 1],
        }
    }

    /// The length of a packet's authentication code, and of that in RAKP message 4.
    pub(crate) const fn short_code(self) -> usize {
        match self {
            Self::Sha256 => 16,
            Self::Sha1 => 12,
        }
    }

    /// The suite's HMAC. A `key` has at most 64 bytes; all of IPMI's have at most 32.
    pub(crate) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        // Both hashes have blocks of 64 bytes, and HMAC pads a shorter key with zeros to a block (RFC 2104 section 2).
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        match self {
            Self::Sha256 => digest(Hmac::<Sha256>::new(&block.into()), parts),
            Self::Sha1 => digest(Hmac::<Sha1>::new(&block.into()), parts),
        }
    }
}

fn digest(mut mac: impl Mac, parts: &[&[u8]]) -> Vec<u8> {
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Whether two codes are equal, in a time that does not tell where they differ.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// The keys of a session. Not printable.
pub(crate) struct Keys {
    suite: CipherSuite,
    integrity: Vec<u8>,
    secrecy: [u8; 16],
}

impl Keys {
    /// The session's keys from its integrity key (section 13.32).
    pub(crate) fn derive(suite: CipherSuite, session_key: &[u8]) -> Self {
        let second = suite.hmac(session_key, &[&[2; 20]]);
        let mut secrecy = [0; 16];
        for (to, from) in secrecy.iter_mut().zip(second) {
            *to = from;
        }
        Self { suite, integrity: suite.hmac(session_key, &[&[1; 20]]), secrecy }
    }

    pub(crate) const fn suite(&self) -> CipherSuite {
        self.suite
    }

    /// The authentication code of a packet.
    pub(crate) fn code(&self, covered: &[u8]) -> Vec<u8> {
        let mut code = self.suite.hmac(&self.integrity, &[covered]);
        code.truncate(self.suite.short_code());
        code
    }

    /// Encrypts a payload: the initialisation vector, then the padded text (section 13.29).
    pub(crate) fn encrypt(&self, plain: &[u8], iv: [u8; 16]) -> Vec<u8> {
        let mut text = plain.to_vec();
        let padding = 15 - u8::try_from(plain.len() % 16).unwrap_or_default();
        text.extend(1..=padding);
        text.push(padding);
        let length = text.len();
        let cipher = cbc::Encryptor::<Aes128>::new(&self.secrecy.into(), &iv.into());
        let mut bytes = iv.to_vec();
        // The text has whole blocks, so there is no error to have.
        bytes.extend_from_slice(cipher.encrypt_padded::<NoPadding>(&mut text, length).unwrap_or_default());
        bytes
    }

    /// Reverses [`Keys::encrypt`]. To be used only on what was authenticated.
    pub(crate) fn decrypt(&self, bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
        let wrong = Malformed("encrypted payload has a wrong length");
        let (iv, text) = bytes.split_first_chunk::<16>().ok_or(wrong)?;
        let mut text = text.to_vec();
        let cipher = cbc::Decryptor::<Aes128>::new(&self.secrecy.into(), iv.into());
        let plain = cipher.decrypt_padded::<NoPadding>(&mut text).map_err(|_| wrong)?;
        let (padding, rest) = plain.split_last().ok_or(wrong)?;
        let end = rest.len().checked_sub(usize::from(*padding)).filter(|_| *padding < 16).ok_or(wrong)?;
        Ok(rest[..end].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_the_published_test_vectors() {
        // RFC 2202 section 3 and RFC 4231 section 4.3, test case 2.
        let data: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert_eq!(CipherSuite::Sha1.hmac(b"Jefe", &data)[..4], [0xEF, 0xFC, 0xDF, 0x6A]);
        assert_eq!(CipherSuite::Sha256.hmac(b"Jefe", &data)[..4], [0x5B, 0xDC, 0xC1, 0x46]);
    }

    #[test]
    fn text_of_any_length_comes_back_and_a_cut_one_does_not() {
        let keys = Keys::derive(CipherSuite::Sha256, &[7; 32]);
        for length in 0..50_u8 {
            let plain: Vec<u8> = (0..length).collect();
            let bytes = keys.encrypt(&plain, [length; 16]);
            assert_eq!(bytes.len() % 16, 0);
            assert_eq!(keys.decrypt(&bytes), Ok(plain));
            assert!(keys.decrypt(&bytes[..bytes.len() - 1]).is_err());
        }
        assert!(keys.decrypt(&[]).is_err());
        assert!(keys.decrypt(&[0; 16]).is_err());
    }
}
