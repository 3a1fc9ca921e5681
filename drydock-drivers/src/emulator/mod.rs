//! Emulators that speak the real protocols on loopback, over one [`Yard`] of emulated machines.
//! They power the demo and the tests, and are themselves checked with real clients.

mod effect;
mod ipmi;
mod maas;
mod yard;

pub use effect::{Effect, EffectKind, MaasStatus, Refusal};
pub use ipmi::{IpmiEmulator, serve_ipmi};
pub use maas::{MaasFault, MaasFaults, serve_maas};
pub use yard::{MachineSpec, MachineView, Timing, Yard};
