//! Emulators that speak the real protocols on loopback, over one [`Yard`] of emulated machines.
//! They power the demo and the tests, and are themselves checked with real clients.

mod ipmi;
mod maas;
mod yard;

pub use ipmi::{IpmiEmulator, serve_ipmi};
pub use maas::{MaasFault, MaasFaults, serve_maas};
pub use yard::{Effect, EffectKind, MaasStatus, MachineSpec, MachineView, Refusal, Timing, Yard};
