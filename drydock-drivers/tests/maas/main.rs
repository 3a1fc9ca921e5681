//! The MAAS driver and the emulated MAAS: against each other, and both against what a real MAAS 3.4.10 said.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod decoding;
mod emulation;
mod faults;
mod inventory;
mod life;
mod recording;
mod replay;
mod rig;
mod secrets;
mod spans;
mod tags;
mod tls;
