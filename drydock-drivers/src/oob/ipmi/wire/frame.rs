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
