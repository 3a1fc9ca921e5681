//! One simulated process: an instance in a runtime of its own, which can be stopped, let go on, and killed at any point where it waits.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use drydock_core::journal::Journal;
use drydock_core::{InstanceName, TaskId, error_chain};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::network::{Door, Gate, Ledger, Line, Shared};
use super::oracle::Rule;
use super::scenario::{LEASE_MS, Scenario};
use super::workload::Workload;
use crate::engine::{Engine, EngineBuilder, EngineOptions};
use crate::testing::probe::Watch;
use crate::testing::{FaultyJournal, Random, SeededEntropy, TokioClock};

/// After how long a wait a task sleeps, in milliseconds: one of these. Some instances let none sleep but those that wait for no time.
const NAPS: [u64; 4] = [200, 1_000, 3_000, 86_400_000];

/// From how many writes on an instance that has several commits under way begins another beside one: one of these.
const BESIDE: [usize; 4] = [1, 1, 2, 4];

/// What stands between an instance and its way to the store; tests of the oracle put broken things there.
pub(super) type Layer = dyn Fn(Arc<dyn Journal>) -> Arc<dyn Journal> + Send + Sync;

/// How long a process that has stopped by itself stays away, as under a service manager.
const RESTART: Duration = Duration::from_millis(500);

/// What all incarnations of an instance have in common.
pub(super) struct Process {
    pub(super) index: u32,
    name: InstanceName,
    journal: Arc<dyn Journal>,
    shared: Arc<Shared>,
    options: EngineOptions,
    half: Option<usize>,
    /// How much faster its monotonic clock runs than the world's, in millionths.
    drift: i64,
    /// How far its wall clock is off, in microseconds.
    offset: i64,
    entropy: Arc<SeededEntropy>,
    up: Option<Up>,
}

/// A running incarnation.
struct Up {
    runtime: Runtime,
    origin: Instant,
    /// When it was started, on the world's clock, in microseconds.
    since: u64,
    clock: Arc<TokioClock>,
    engine: Arc<Mutex<Option<Engine>>>,
}

impl Process {
    pub(super) fn new(
        index: u32,
        name: InstanceName,
        scenario: &Scenario,
        store: &Arc<dyn Journal>,
        shared: &Arc<Shared>,
        layer: &Layer,
    ) -> Self {
        let mut random = Random::new(scenario.seed).fork(100 + u64::from(index));
        let mut lanes = Random::new(scenario.seed).fork(300 + u64::from(index));
        let door = Door { shared: Arc::clone(shared), instance: Some(index) };
        let line = Line {
            shared: Arc::clone(shared),
            troubles: scenario.troubles.iter().filter(|trouble| trouble.instance == index).cloned().collect(),
            commit: Duration::from_millis(scenario.commit_ms),
            lengths: (!scenario.feed).then(|| Mutex::new(lanes.fork(1))),
        };
        let journal = FaultyJournal::watched(Arc::clone(store), door);
        let gate = Gate { shared: Arc::clone(shared) };
        let journal = layer(FaultyJournal::watched(FaultyJournal::watched(journal, line), gate));
        let signed = |random: &mut Random, most: u64| {
            i64::try_from(random.below(2 * most + 1)).unwrap_or(0) - i64::try_from(most).unwrap_or(0)
        };
        let mut sleep = Random::new(scenario.seed).fork(200 + u64::from(index));
        let options = EngineOptions {
            lease: Duration::from_millis(LEASE_MS),
            poll: Duration::from_millis(random.between(300, 1_500)),
            capacity: usize::try_from(scenario.capacity).unwrap_or(1).max(1),
            grace: Duration::from_secs(1),
            batch: if random.chance(20) { 2 } else { 1_000 },
            feed: scenario.feed,
            park_after: Duration::from_millis(sleep.pick(&NAPS).copied().unwrap_or(0)),
            ..EngineOptions::default()
        };
        Self {
            index,
            name,
            journal,
            shared: Arc::clone(shared),
            options,
            half: lanes.pick(&BESIDE).copied().filter(|_| !scenario.feed),
            drift: signed(&mut random, 10_000),
            offset: signed(&mut random, 5_000_000),
            entropy: Arc::new(SeededEntropy::new(random.number())),
            up: None,
        }
    }

    pub(super) const fn is_up(&self) -> bool {
        self.up.is_some()
    }

    /// Starts a new incarnation at `now`.
    pub(super) fn start(&mut self, now: u64, workload: &Arc<Workload>) -> io::Result<()> {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let (origin, clock) = runtime.block_on(async { (Instant::now(), TokioClock::new()) });
        clock.set_forward_micros(self.offset.saturating_add_unsigned(now));
        let engine = Arc::new(Mutex::new(None));
        let life = Life {
            name: self.name.clone(),
            journal: Arc::clone(&self.journal),
            shared: Arc::clone(&self.shared),
            options: self.options,
            half: self.half,
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&self.entropy),
            watch: Arc::new(Ledger { shared: Arc::clone(&self.shared), instance: self.index }),
            workload: Arc::clone(workload),
            engine: Arc::clone(&engine),
        };
        runtime.spawn(life.run());
        self.up = Some(Up { runtime, origin, since: now, clock, engine });
        Ok(())
    }

    /// The end of a power cut: nothing of it runs any more.
    pub(super) fn kill(&mut self) {
        self.up = None;
    }

    /// Runs everything that happens in it until `now`. After a standstill all its timers fire at once.
    pub(super) fn run_until(&self, now: u64, after_standstill: bool) {
        let Some(up) = &self.up else { return };
        let lived = i64::try_from(now.saturating_sub(up.since)).unwrap_or(i64::MAX);
        let drifted = lived.saturating_add(lived / 1_000 * self.drift / 1_000);
        let target = up.origin + Duration::from_micros(u64::try_from(drifted).unwrap_or(0));
        up.runtime.block_on(async {
            if after_standstill {
                tokio::time::advance(target.saturating_duration_since(Instant::now())).await;
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
            } else {
                tokio::time::sleep_until(target).await;
            }
        });
    }

    /// Sets its wall clock.
    pub(super) fn set_clock(&self, millis: i64) {
        if let Some(up) = &self.up {
            up.clock.set_forward_micros(millis.saturating_mul(1_000));
        }
    }

    /// Has work done with its engine, if it has one now.
    pub(super) fn with_engine<Fut>(&self, work: impl FnOnce(Engine) -> Fut) -> bool
    where
        Fut: Future<Output = ()> + Send + 'static,
    {
        let Some(up) = &self.up else { return false };
        let Some(engine) = up.engine.lock().unwrap_or_else(PoisonError::into_inner).clone() else {
            return false;
        };
        up.runtime.spawn(work(engine));
        true
    }

    /// Starts a task of the workload through it. `told` hears of the task's id, if it comes to that.
    pub(super) fn submit(
        &self,
        workload: &Arc<Workload>,
        job: usize,
        told: impl FnOnce(TaskId) + Send + 'static,
    ) -> bool {
        let workload = Arc::clone(workload);
        self.with_engine(move |engine| async move {
            let Some(job) = workload.tasks.get(job) else { return };
            if let Ok(task) = (job.submit)(engine, job.priority).await {
                told(task);
            }
        })
    }
}

/// What runs in a process.
struct Life {
    name: InstanceName,
    journal: Arc<dyn Journal>,
    shared: Arc<Shared>,
    options: EngineOptions,
    half: Option<usize>,
    clock: Arc<TokioClock>,
    entropy: Arc<SeededEntropy>,
    watch: Arc<dyn Watch>,
    workload: Arc<Workload>,
    engine: Arc<Mutex<Option<Engine>>>,
}

impl Life {
    /// An instance, and after its end another.
    async fn run(self) {
        loop {
            let builder = Engine::builder(Arc::clone(&self.journal), self.name.clone())
                .clock(Arc::clone(&self.clock) as _)
                .entropy(Arc::clone(&self.entropy) as _)
                .options(self.options);
            let builder = self.half.into_iter().fold(builder, EngineBuilder::half);
            let offered =
                self.workload.offers.iter().fold(builder, |builder, offer| offer(builder, &self.watch));
            // The store may be away: a service manager tries again.
            if let Ok(engine) = offered.start().await {
                self.hold(Some(engine.clone()));
                if let Err(error) = engine.stopped().await {
                    let what = format!("{} stopped: {}", self.name, error_chain(&error));
                    self.shared.oracle().breach(Rule::Alive, what);
                }
                self.hold(None);
            }
            tokio::time::sleep(RESTART).await;
        }
    }

    fn hold(&self, engine: Option<Engine>) {
        *self.engine.lock().unwrap_or_else(PoisonError::into_inner) = engine;
    }
}
