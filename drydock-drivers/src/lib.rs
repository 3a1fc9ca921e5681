//! Drivers: the hands of Drydock.
//!
//! A driver family is a trait with a few idempotent verbs ([`OobDriver`], [`NodeDriver`]). A driver speaks its protocol natively
//! and asynchronously; it knows no task, no database and no engine. Every error says what may be done about it
//! ([`DriverError`]), and carries no secret. No verb blocks until a machine has done something: it starts the thing and
//! returns; the caller asks for the state.

#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
pub mod node;
pub mod oob;

pub use error::{DriverError, DriverErrorKind};
pub use node::NodeDriver;
pub use oob::OobDriver;
