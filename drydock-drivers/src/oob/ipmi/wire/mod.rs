//! The IPMI 2.0 over LAN formats, without I/O: bytes in, values out, and back. Both the driver and the emulator speak
//! through it. Nothing in here panics, whatever arrives.
//!
//! Section numbers are those of the "Intelligent Platform Management Interface Specification Second Generation v2.0",
//! revision 1.1.

mod agreement;
pub(crate) mod chassis;
pub(crate) mod codes;
pub(crate) mod frame;
pub(crate) mod handshake;
mod message;
mod suite;
mod window;

pub(crate) use agreement::{Agreement, user_key};
pub(crate) use message::{Command, Message};
pub(crate) use suite::{CipherSuite, Keys, same};
pub(crate) use window::Window;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

/// The privilege level "administrator" (section 6.8).
pub(crate) const ADMINISTRATOR: u8 = 4;

/// Cuts `N` bytes off the front.
pub(crate) fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (head, rest) = input.split_first_chunk::<N>().ok_or(Malformed("ends too early"))?;
    *input = rest;
    Ok(*head)
}

/// Cuts a little-endian number off the front.
pub(crate) fn take_u32(input: &mut &[u8]) -> Result<u32, Malformed> {
    take(input).map(u32::from_le_bytes)
}
