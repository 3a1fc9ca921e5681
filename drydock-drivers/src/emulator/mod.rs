//! Emulators that speak the real protocols on loopback, over one [`Yard`] of emulated machines.
//! They power the demo and the tests, and are themselves checked with real clients.

mod yard;

pub use yard::{Effect, EffectKind, MaasStatus, MachineSpec, MachineView, Refusal, Timing, Yard};
