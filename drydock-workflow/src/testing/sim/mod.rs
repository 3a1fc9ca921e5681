//! Whole worlds from one seed: several instances, one store, and everything that can go wrong between them.
//!
//! * **Instances** are processes of their own in all but memory: each has a runtime that is driven by hand. So one can be killed at any
//!   point where it waits, and can stand still while the others go on.
//! * **Time** is simulated. Each instance's monotonic clock drifts by up to 1 %, its wall clock is off by up to 5 s, and may be set.
//! * **Chance** is one seed: the same [`Scenario`] always gives the same trace.
//! * **The oracle** keeps its own books of what the store accepts and of what bodies do. It judges after each commit and each begin of a
//!   body by the [`Rule`]s.
//!
//! What it cannot show: faults of a real database or a real network that nobody thought of, anything that needs two
//! threads at once, and an instance that is stopped in the middle of a computation.
//!
//! ```
//! use std::sync::Arc;
//! use drydock_store::MemoryStore;
//! use drydock_workflow::testing::sim::{Simulation, Workload};
//! use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
//!
//! let mut builder = WorkflowBuilder::<u32>::new("double", 1);
//! let input = builder.input();
//! let double = builder.step("double", step_fn(|_, n: u32| async move { Ok(Outcome::Done(n * 2)) })).run(&input);
//! let workflow = builder.output(&double).unwrap();
//!
//! let simulation = Simulation::new(|| Arc::new(MemoryStore::new()), move |random| {
//!     let mut workload = Workload::new();
//!     for n in 0..u32::try_from(random.between(1, 5)).unwrap() {
//!         workload.task(&workflow, n, Some(&(n * 2))).unwrap();
//!     }
//!     workload
//! });
//! let tally = simulation.play_seeds(0..50, 1).unwrap_or_else(|error| panic!("{error}"));
//! assert!(tally.checkpoints > 50);
//! ```

mod network;
mod operator;
mod oracle;
mod process;
mod scenario;
mod shrink;
mod workload;
mod world;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use drydock_core::journal::Journal;

pub use oracle::{Breach, Rule, Tally};
pub use scenario::{Scenario, Submission, Trouble, TroubleKind};
pub use workload::Workload;
pub use world::WorldError;

use super::Random;

/// Runs scenarios over a store and a workload of yours.
pub struct Simulation {
    stores: Box<dyn Fn() -> Arc<dyn Journal> + Send + Sync>,
    workloads: Box<dyn Fn(&mut Random) -> Workload + Send + Sync>,
    layer: Box<process::Layer>,
}

/// A scenario in which a rule was broken.
#[derive(Debug)]
pub struct Failure {
    /// As small as it could be made.
    pub scenario: Scenario,
    /// What was broken, in the order of time.
    pub breaches: Vec<Breach>,
    /// Everything that happened.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trace.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        writeln!(f, "\nseed {}: {} rules were broken", self.scenario.seed, self.breaches.len())?;
        self.breaches.iter().try_for_each(|breach| writeln!(f, "{breach}"))?;
        write!(f, "{}", serde_json::to_string_pretty(&self.scenario).unwrap_or_default())
    }
}

impl std::error::Error for Failure {}

/// Why seeds did not pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// A rule was broken.
    #[error("{0}")]
    Broken(Box<Failure>),
    /// There was no world to look at.
    #[error("the simulation cannot be run")]
    World(#[from] WorldError),
}

impl Simulation {
    /// A simulation over new stores from `stores`, each with the workload that `workloads` makes of a seed.
    ///
    /// The store must answer without waiting, as one in memory does.
    pub fn new<J: Journal>(
        stores: impl Fn() -> Arc<J> + Send + Sync + 'static,
        workloads: impl Fn(&mut Random) -> Workload + Send + Sync + 'static,
    ) -> Self {
        Self {
            stores: Box::new(move || stores()),
            workloads: Box::new(workloads),
            layer: Box::new(|journal| journal),
        }
    }

    /// Puts something of yours between each instance and its store.
    #[must_use = "a simulation does nothing until it is run"]
    pub fn layer(
        mut self,
        layer: impl Fn(Arc<dyn Journal>) -> Arc<dyn Journal> + Send + Sync + 'static,
    ) -> Self {
        self.layer = Box::new(layer);
        self
    }

    /// What happens from this seed.
    pub fn scenario(&self, seed: u64) -> Scenario {
        Scenario::generate(seed, &self.workload(seed).signals())
    }

    /// Plays a scenario, and makes it smaller when it breaks a rule.
    pub fn play(&self, scenario: &Scenario) -> Result<Tally, SimulationError> {
        let came = self.run(scenario, false)?;
        if came.breaches.is_empty() {
            return Ok(came.tally);
        }
        let scenario = shrink::shrink(scenario.clone(), |smaller| {
            self.run(smaller, false).is_ok_and(|came| !came.breaches.is_empty())
        });
        let came = self.run(&scenario, true)?;
        let failure = Failure { scenario, breaches: came.breaches, trace: came.trace };
        Err(SimulationError::Broken(Box::new(failure)))
    }

    /// Plays a scenario as it is, and tells everything that happened.
    pub fn trace(&self, scenario: &Scenario) -> Result<Vec<String>, WorldError> {
        Ok(self.run(scenario, true)?.trace)
    }

    /// Plays the scenarios of many seeds on so many threads, up to the first that breaks a rule.
    pub fn play_seeds(&self, seeds: Range<u64>, threads: usize) -> Result<Tally, SimulationError> {
        let next = AtomicU64::new(seeds.start);
        let stop = AtomicBool::new(false);
        let (tally, first) = (Mutex::new(Tally::default()), Mutex::new(None));
        let work = || {
            while !stop.load(Ordering::Relaxed) {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return;
                }
                match self.play(&self.scenario(seed)) {
                    Ok(of_one) => tally.lock().unwrap_or_else(PoisonError::into_inner).add(&of_one),
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(work);
            }
        });
        let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
        first.map_or_else(|| Ok(tally.into_inner().unwrap_or_else(PoisonError::into_inner)), Err)
    }

    fn workload(&self, seed: u64) -> Workload {
        (self.workloads)(&mut Random::new(seed).fork(4))
    }

    fn run(&self, scenario: &Scenario, trace: bool) -> Result<world::Came, WorldError> {
        world::run(scenario, (self.stores)(), self.workload(scenario.seed), &*self.layer, trace)
    }
}
