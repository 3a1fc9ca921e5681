//! The console's half of the session set-up: Open Session and the RAKP messages 1 to 4 (sections 13.17 to 13.24).

use super::suite::CipherSuite;
use super::{ADMINISTRATOR, Malformed, take, take_u32};

/// The role asked for: administrator; bit 4: the BMC finds the user by the name alone.
pub(crate) const ROLE: u8 = 0x10 | ADMINISTRATOR;

/// Why a reply does not lead on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It belongs to another request.
    NotOurs,
    /// The BMC refuses, with this status (table 13-15).
    Status(u8),
    /// It is not what the specification says.
    Malformed(Malformed),
}

impl From<Malformed> for Refusal {
    fn from(problem: Malformed) -> Self {
        Self::Malformed(problem)
    }
}

/// Asks for a session with `suite`.
pub(crate) fn open_request(tag: u8, console: u32, suite: CipherSuite) -> Vec<u8> {
    let mut bytes = vec![tag, ADMINISTRATOR, 0, 0];
    bytes.extend(console.to_le_bytes());
    for (kind, algorithm) in (0_u8..).zip(suite.algorithms()) {
        bytes.extend([kind, 0, 0, 8, algorithm, 0, 0, 0]);
    }
    bytes
}

/// The BMC's session id, if it agreed to `suite`.
pub(crate) fn open_response(bytes: &[u8], tag: u8, console: u32, suite: CipherSuite) -> Result<u32, Refusal> {
    let mut rest = head(bytes, tag, console)?;
    let bmc = take_u32(&mut rest)?;
    if bmc == 0 {
        return Err(Malformed("the BMC chose session id 0").into());
    }
    for algorithm in suite.algorithms() {
        let [_, _, _, _, chosen, _, _, _]: [u8; 8] = take(&mut rest)?;
        if chosen & 0x3F != algorithm {
            // It overrode what was asked for: that is a refusal of the suite.
            return Err(Refusal::Status(super::codes::NO_SUITE));
        }
    }
    Ok(bmc)
}

/// RAKP message 1: the console's random number and the user.
pub(crate) fn rakp1(tag: u8, bmc: u32, random: [u8; 16], user: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag, 0, 0, 0];
    bytes.extend(bmc.to_le_bytes());
    bytes.extend(random);
    bytes.extend([ROLE, 0, 0, u8::try_from(user.len()).unwrap_or(u8::MAX)]);
    bytes.extend_from_slice(user);
    bytes
}

/// What RAKP message 2 says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rakp2 {
    pub(crate) random: [u8; 16],
    pub(crate) guid: [u8; 16],
    pub(crate) code: Vec<u8>,
}

pub(crate) fn rakp2(bytes: &[u8], tag: u8, console: u32) -> Result<Rakp2, Refusal> {
    let mut rest = head(bytes, tag, console)?;
    Ok(Rakp2 { random: take(&mut rest)?, guid: take(&mut rest)?, code: rest.to_vec() })
}

/// RAKP message 3: the console's code; or a status, without a code, that makes the BMC forget the session.
pub(crate) fn rakp3(tag: u8, bmc: u32, code: Result<&[u8], u8>) -> Vec<u8> {
    let mut bytes = vec![tag, code.err().unwrap_or_default(), 0, 0];
    bytes.extend(bmc.to_le_bytes());
    bytes.extend_from_slice(code.unwrap_or_default());
    bytes
}

/// The code of RAKP message 4.
pub(crate) fn rakp4(bytes: &[u8], tag: u8, console: u32) -> Result<&[u8], Refusal> {
    head(bytes, tag, console)
}

/// Checks what all replies start with. A refusing BMC may leave out the session id, so the status comes first.
fn head(bytes: &[u8], tag: u8, console: u32) -> Result<&[u8], Refusal> {
    let mut rest = bytes;
    let [their_tag, status] = take(&mut rest)?;
    if their_tag != tag {
        return Err(Refusal::NotOurs);
    }
    if status != 0 {
        return Err(Refusal::Status(status));
    }
    let [_, _] = take(&mut rest)?;
    if take_u32(&mut rest)? != console {
        return Err(Refusal::NotOurs);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_request_names_its_three_algorithms() {
        let bytes = open_request(9, 0x0403_0201, CipherSuite::Sha256);
        let expected = [
            [9, 4, 0, 0, 1, 2, 3, 4],
            [0, 0, 0, 8, 3, 0, 0, 0],
            [1, 0, 0, 8, 4, 0, 0, 0],
            [2, 0, 0, 8, 1, 0, 0, 0],
        ];
        assert_eq!(bytes, expected.concat());
    }

    #[test]
    fn a_reply_of_another_suite_or_request_is_not_taken() {
        let mut reply = vec![9, 0, 4, 0, 1, 0, 0, 0, 7, 0, 0, 0];
        for (kind, algorithm) in (0_u8..).zip(CipherSuite::Sha1.algorithms()) {
            reply.extend([kind, 0, 0, 8, algorithm, 0, 0, 0]);
        }
        assert_eq!(open_response(&reply, 9, 1, CipherSuite::Sha1), Ok(7));
        assert_eq!(open_response(&reply, 9, 1, CipherSuite::Sha256), Err(Refusal::Status(0x11)));
        assert_eq!(open_response(&reply, 8, 1, CipherSuite::Sha1), Err(Refusal::NotOurs));
        assert_eq!(open_response(&reply, 9, 2, CipherSuite::Sha1), Err(Refusal::NotOurs));
        assert_eq!(open_response(&[9, 1], 9, 1, CipherSuite::Sha1), Err(Refusal::Status(1)));
        for end in 0..reply.len() {
            assert!(open_response(&reply[..end], 9, 1, CipherSuite::Sha1).is_err(), "cut at {end}");
        }
    }
}
