//! Simulated worlds, from seeds: instances die, stand still and lose their store, and an oracle looks at everything.
//!
//! * `DRYDOCK_SIM_SEEDS=1000000` plays so many seeds instead of the usual number, `DRYDOCK_SIM_FROM=5000` from that one on.
//! * `DRYDOCK_SIM_SEED=123` plays one, and with `-- --nocapture` prints everything that happens in it.
//!
//! A seed that breaks a rule is made smaller, printed, and kept in `regressions/`, which every later run plays. A file lists what goes
//! wrong; the workload follows from its seed, and so from `dags.rs`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and one that was asked to tells"
)]

mod bites;
mod broken;
mod dags;
mod greedy;
mod guards;
mod manner;
mod rollouts;
mod seeds;
mod shapes;
