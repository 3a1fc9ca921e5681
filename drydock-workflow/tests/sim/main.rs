//! Simulated worlds, from seeds: instances die, stand still and lose their store, and an oracle looks at everything.
//!
//! * `DRYDOCK_SIM_SEEDS=1000000` plays so many seeds instead of the usual number.
//! * `DRYDOCK_SIM_SEED=123` plays one, and prints everything that happens in it.
//!
//! A seed that breaks a rule is made smaller and printed; kept as a file in `regressions/`, it is played first from then on.

mod dags;
mod seeds;
