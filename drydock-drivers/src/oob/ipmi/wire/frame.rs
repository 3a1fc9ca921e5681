//! The packet around every payload: the RMCP header, then an IPMI 1.5 envelope (outside of a session only) or an
//! IPMI 2.0 one, in clear or authenticated and encrypted (sections 13.1 and 13.6).

use super::suite::{Keys, same};
use super::{Malformed, take, take_u32};

/// RMCP version 1.0, no acknowledgement wanted, class IPMI (section 13.1.3).
const RMCP: [u8; 4] = [0x06, 0x00, 0xFF, 0x07];
const ENCRYPTED: u8 = 0x80;
const AUTHENTICATED: u8 = 0x40;
/// The trailer's "next header" byte (table 13-8).
const NEXT_HEADER: u8 = 0x07;

/// What a 2.0 packet carries (table 13-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Payload {
    Ipmi = 0x00,
    OpenRequest = 0x10,
    OpenResponse = 0x11,
    Rakp1 = 0x12,
    Rakp2 = 0x13,
    Rakp3 = 0x14,
    Rakp4 = 0x15,
}

impl Payload {
    fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Ipmi,
            Self::OpenRequest,
            Self::OpenResponse,
            Self::Rakp1,
            Self::Rakp2,
            Self::Rakp3,
            Self::Rakp4,
        ]
        .into_iter()
        .find(|payload| *payload as u8 == byte & 0x3F)
    }
}

/// A packet that arrived.
#[derive(Debug)]
pub(crate) enum Frame<'a> {
    /// An IPMI message in a 1.5 envelope, outside of a session.
    Outside(&'a [u8]),
    /// A 2.0 packet.
    Plus(Plus<'a>),
}

/// A 2.0 packet that arrived; its content is not checked yet.
#[derive(Debug)]
pub(crate) struct Plus<'a> {
    pub(crate) payload: Payload,
    pub(crate) session: u32,
    pub(crate) sequence: u32,
    flags: u8,
    /// From the authentication type to the end of the packet.
    whole: &'a [u8],
    /// Where in `whole` the payload is.
    start: usize,
    end: usize,
}

/// Takes a datagram apart.
pub(crate) fn decode(datagram: &[u8]) -> Result<Frame<'_>, Malformed> {
    let mut rest = datagram;
    let [version, _, _, class] = take(&mut rest)?;
    if version != RMCP[0] || class != RMCP[3] {
        return Err(Malformed("not an RMCP packet of class IPMI"));
    }
    match rest.first() {
        Some(0x00) => outside(rest),
        Some(0x06) => plus(rest),
        _ => Err(Malformed("unknown authentication type")),
    }
}

fn outside(whole: &[u8]) -> Result<Frame<'_>, Malformed> {
    let mut rest = whole;
    let [_, _, _, _, _, session @ .., length]: [u8; 10] = take(&mut rest)?;
    if session != [0; 4] {
        return Err(Malformed("session of IPMI 1.5"));
    }
    rest.get(..usize::from(length)).map(Frame::Outside).ok_or(Malformed("payload ends too early"))
}

fn plus(whole: &[u8]) -> Result<Frame<'_>, Malformed> {
    let mut rest = whole;
    let [_, kind] = take(&mut rest)?;
    let payload = Payload::from_byte(kind).ok_or(Malformed("unknown payload type"))?;
    let session = take_u32(&mut rest)?;
    let sequence = take_u32(&mut rest)?;
    let length = usize::from(u16::from_le_bytes(take(&mut rest)?));
    let start = whole.len() - rest.len();
    let end = start + length;
    if end > whole.len() {
        return Err(Malformed("payload ends too early"));
    }
    Ok(Frame::Plus(Plus { payload, session, sequence, flags: kind & 0xC0, whole, start, end }))
}

impl<'a> Plus<'a> {
    /// The payload of a packet outside of a session, which is in clear.
    pub(crate) fn clear(&self) -> Result<&'a [u8], Malformed> {
        if self.flags != 0 || self.session != 0 {
            return Err(Malformed("packet of a session where none is"));
        }
        Ok(&self.whole[self.start..self.end])
    }

    /// The payload of a packet in a session: checks the code, then decrypts. A packet in clear is refused.
    pub(crate) fn open(&self, keys: &Keys) -> Result<Vec<u8>, Malformed> {
        if self.flags != ENCRYPTED | AUTHENTICATED {
            return Err(Malformed("packet without authentication or encryption in a session"));
        }
        let split = self.whole.len().checked_sub(keys.suite().short_code());
        let split = split.filter(|at| *at >= self.end + 2).ok_or(Malformed("packet without a code"))?;
        let (covered, code) = self.whole.split_at(split);
        if !same(code, &keys.code(covered)) {
            return Err(Malformed("packet has a wrong code"));
        }
        let [.., padding, next] = covered else { return Err(Malformed("packet without a trailer")) };
        if *next != NEXT_HEADER || self.end + usize::from(*padding) + 2 != covered.len() {
            return Err(Malformed("packet has a wrong trailer"));
        }
        keys.decrypt(&self.whole[self.start..self.end])
    }
}

/// Wraps a message in a 1.5 envelope, outside of a session.
pub(crate) fn encode_outside(message: &[u8]) -> Vec<u8> {
    let mut bytes = RMCP.to_vec();
    bytes.extend([0; 9]);
    // Messages have some ten bytes; one that is too long for its length byte would be refused by the other side.
    bytes.push(u8::try_from(message.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(message);
    bytes
}

/// Wraps a payload in a 2.0 packet in clear, outside of a session.
pub(crate) fn encode_clear(payload: Payload, content: &[u8]) -> Vec<u8> {
    let mut bytes = RMCP.to_vec();
    bytes.extend(header(payload as u8, 0, 0, content.len()));
    bytes.extend_from_slice(content);
    bytes
}

/// Wraps a message in an encrypted and authenticated packet. No `sequence` may be used twice in a session.
pub(crate) fn encode_secure(
    session: u32,
    sequence: u32,
    message: &[u8],
    keys: &Keys,
    iv: [u8; 16],
) -> Vec<u8> {
    let content = keys.encrypt(message, iv);
    let kind = Payload::Ipmi as u8 | ENCRYPTED | AUTHENTICATED;
    let mut covered = header(kind, session, sequence, content.len());
    covered.extend(content);
    // The code covers a multiple of four bytes, with the two of the trailer.
    let padding = (4 - (covered.len() + 2) % 4) % 4;
    covered.resize(covered.len() + padding, 0xFF);
    covered.push(u8::try_from(padding).unwrap_or_default());
    covered.push(NEXT_HEADER);
    let code = keys.code(&covered);
    [&RMCP[..], &covered, &code].concat()
}

fn header(kind: u8, session: u32, sequence: u32, length: usize) -> Vec<u8> {
    let mut bytes = vec![0x06, kind];
    bytes.extend(session.to_le_bytes());
    bytes.extend(sequence.to_le_bytes());
    bytes.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::{CipherSuite, Message, chassis, handshake};
    use super::*;

    const IV: [u8; 16] = [9; 16];

    fn opened(packet: &[u8], keys: &Keys) -> Result<Vec<u8>, Malformed> {
        match decode(packet)? {
            Frame::Plus(plus) => plus.open(keys),
            Frame::Outside(_) => Err(Malformed("outside")),
        }
    }

    #[test]
    fn packets_in_clear_have_the_bytes_of_the_specification() {
        let outside = encode_outside(&[0xAA]);
        assert_eq!(outside, [6, 0, 0xFF, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xAA]);
        assert!(matches!(decode(&outside), Ok(Frame::Outside([0xAA]))));
        let clear = encode_clear(Payload::Rakp1, &[0xBB]);
        assert_eq!(clear, [6, 0, 0xFF, 7, 6, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0xBB]);
        let Ok(Frame::Plus(plus)) = decode(&clear) else { panic!("not a packet") };
        assert_eq!((plus.payload, plus.clear()), (Payload::Rakp1, Ok(&[0xBB][..])));
    }

    #[test]
    fn a_secure_packet_opens_with_its_keys_only_and_uncut() {
        for suite in CipherSuite::ALL {
            let keys = Keys::derive(suite, &[1; 20]);
            let packet = encode_secure(5, 1, b"message", &keys, IV);
            assert_eq!(opened(&packet, &keys), Ok(b"message".to_vec()));
            assert!(opened(&packet, &Keys::derive(suite, &[2; 20])).is_err());
            for end in 0..packet.len() {
                assert!(opened(&packet[..end], &keys).is_err(), "cut at {end}");
            }
            // From the authentication type on, every bit is covered.
            for at in 4..packet.len() {
                let mut changed = packet.clone();
                changed[at] ^= 1;
                assert!(opened(&changed, &keys).is_err(), "changed at {at}");
            }
        }
    }

    #[test]
    fn a_packet_in_clear_is_nothing_in_a_session() {
        let keys = Keys::derive(CipherSuite::Sha256, &[1; 20]);
        let message = Message::request(1, super::super::Command::CHASSIS_STATUS, &[]).encode();
        assert!(opened(&encode_clear(Payload::Ipmi, &message), &keys).is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_makes_the_codec_panic(
            bytes in vec(any::<u8>(), 0..200), start in 0..4_usize,
        ) {
            let starts: [&[u8]; 4] = [&[], &RMCP, &[6, 0, 0xFF, 7, 0], &[6, 0, 0xFF, 7, 6, 0xC0]];
            let datagram = [starts[start], &bytes].concat();
            let keys = Keys::derive(CipherSuite::Sha1, &[1; 20]);
            let _ = opened(&datagram, &keys);
            if let Ok(Frame::Plus(plus)) = decode(&datagram) {
                let _ = plus.clear();
            }
            let _ = Message::decode(&bytes);
            let _ = keys.decrypt(&bytes);
            let _ = handshake::open_response(&bytes, 0, 0, CipherSuite::Sha1);
            let _ = handshake::rakp2(&bytes, 0, 0);
            let _ = handshake::rakp4(&bytes, 0, 0);
            let _ = chassis::boot_flags(&bytes);
        }

        #[test]
        fn every_message_comes_back(message in vec(any::<u8>(), 0..100), session: u32, sequence: u32) {
            let keys = Keys::derive(CipherSuite::Sha256, &[3; 32]);
            prop_assert_eq!(opened(&encode_secure(session, sequence, &message, &keys, IV), &keys), Ok(message));
        }
    }
}
