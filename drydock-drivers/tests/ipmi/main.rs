//! The IPMI driver and the IPMI emulator against real peers, against each other, and over a bad network.
//!
//! Needs the programs `ipmi_sim` (Debian package `openipmi`) and `ipmitool` (package `ipmitool`).

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod emulator;
mod faults;
mod ipmitool;
mod proxy;
mod simulator;
mod spans;
mod support;
