//! What happens in a simulated world, as an explicit list: so that a failure can be made smaller, kept, and played again.

use serde::{Deserialize, Serialize};

use crate::testing::Random;

/// All that happens from outside. The workload itself follows from the seed too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Everything that is not listed here follows from it: the workload, ids, jitter, and how instances take turns.
    pub seed: u64,
    /// How many instances there are.
    pub instances: u32,
    /// How many tasks one instance holds.
    pub capacity: u32,
    /// How long a commit takes, in milliseconds.
    pub commit_ms: u64,
    /// Whether instances tell the feed of their commits. Those that do not have several under way at once, of different lengths.
    #[serde(default = "told")]
    pub feed: bool,
    /// Which tasks of the workload are started.
    pub tasks: Vec<Submission>,
    /// What goes wrong.
    pub troubles: Vec<Trouble>,
}

/// What a scenario says that was kept when all worlds had a feed.
const fn told() -> bool {
    true
}

/// A task of the workload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Its place in the workload; one that the workload does not have is nothing.
    pub task: usize,
    /// When it is started, in milliseconds from the beginning.
    pub at_ms: u64,
    /// Through which instance; `None`: it is put into the store as it is.
    pub through: Option<u32>,
    /// When its cancellation is asked for.
    pub cancel_at_ms: Option<u64>,
    /// When it is paused, and for how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<(u64, u64)>,
    /// When an operator has everything of it tried again that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retry_at_ms: Vec<u64>,
    /// For each of its signals, when it is sent: once or more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals_at_ms: Vec<Vec<u64>>,
}

/// Something that goes wrong with an instance for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trouble {
    /// When it begins, in milliseconds from the beginning.
    pub at_ms: u64,
    /// How long it lasts.
    pub for_ms: u64,
    /// Whose trouble it is.
    pub instance: u32,
    /// What it is.
    pub kind: TroubleKind,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TroubleKind {
    /// The process is killed, and started again at the end.
    Crash,
    /// The process stands still, and at the end goes on as if nothing had been.
    Pause,
    /// The instance is asked to come to an orderly end, and is started again after it.
    Drain,
    /// The store does not answer, and nothing happens.
    Away,
    /// The store does not answer, and what was to be committed is committed so many milliseconds later.
    Astray(u64),
    /// What is asked happens, but the answer is lost.
    LoseAnswers,
    /// What is asked happens, and the answer takes so many milliseconds.
    LateAnswers(u64),
    /// What is asked takes so many milliseconds to happen.
    Slow(u64),
    /// What is to be committed arrives twice.
    Twice,
    /// What is to be committed is refused, unless it is about one task.
    Picky,
    /// The instance's clock is set by so many milliseconds, and back at the end.
    ClockSet(i64),
}

/// The lease of all instances, in milliseconds.
pub(super) const LEASE_MS: u64 = 3_000;

impl Submission {
    /// What is said to a task from outside, at random.
    fn said(random: &mut Random, at_ms: u64, signals: usize) -> Self {
        let later = |random: &mut Random| at_ms + random.below(9_000);
        let pause_ms = random.chance(10).then(|| (later(random), random.below(9_000)));
        let retry_at_ms = match random.below(5) {
            0 => vec![later(random)],
            1 => vec![later(random), later(random) + 4_000],
            _ => Vec::new(),
        };
        let mut times = || {
            let first = later(random);
            if random.chance(30) { vec![first, first + random.below(3_000)] } else { vec![first] }
        };
        let signals_at_ms = (0..signals).map(|_| times()).collect();
        Self { pause_ms, retry_at_ms, signals_at_ms, ..Self::default() }
    }
}

impl Scenario {
    /// The scenario of `seed` for a workload of one task for each of `signals`, which waits for so many signals.
    #[must_use = "a scenario does nothing until it is run"]
    pub fn generate(seed: u64, signals: &[usize]) -> Self {
        let mut random = Random::new(seed).fork(1);
        let instances = 1 + u32::from(random.chance(85)) + u32::from(random.chance(50));
        let one_of = |random: &mut Random| u32::try_from(random.below(u64::from(instances))).unwrap_or(0);
        let tasks = signals
            .iter()
            .enumerate()
            .map(|(task, signals)| {
                let at_ms = random.below(6_000);
                let through = random.chance(60).then(|| one_of(&mut random));
                let cancel_at_ms = random.chance(15).then(|| at_ms + random.below(8_000));
                Submission {
                    task,
                    at_ms,
                    through,
                    cancel_at_ms,
                    ..Submission::said(&mut random, at_ms, *signals)
                }
            })
            .collect();
        let mut troubles: Vec<Trouble> = (0..random.below(9))
            .map(|_| {
                let (kind, for_ms) = Self::trouble(&mut random);
                Trouble { at_ms: random.below(9_000), for_ms, instance: one_of(&mut random), kind }
            })
            .collect();
        let capacity = if random.chance(25) { 1 + one_of(&mut random) } else { 100 };
        let commit_ms = random.pick(&[0, 2, 15, 120]).copied().unwrap_or(0);
        let mut untold = Random::new(seed).fork(5);
        let feed = untold.chance(50);
        if !feed && untold.chance(30) {
            let (at_ms, for_ms) = (untold.below(9_000), untold.below(4 * LEASE_MS));
            troubles.push(Trouble { at_ms, for_ms, instance: one_of(&mut untold), kind: TroubleKind::Picky });
        }
        Self { seed, instances, capacity, commit_ms, feed, tasks, troubles }
    }

    fn trouble(random: &mut Random) -> (TroubleKind, u64) {
        match random.below(13) {
            0..=2 => (TroubleKind::Crash, random.below(2 * LEASE_MS)),
            3 | 4 => (TroubleKind::Pause, LEASE_MS / 2 + random.below(3 * LEASE_MS)),
            5 => (TroubleKind::Drain, 0),
            6 => (TroubleKind::Away, random.below(2 * LEASE_MS)),
            7 => (TroubleKind::Astray(random.below(2 * LEASE_MS)), 500 + random.below(LEASE_MS)),
            8 => (TroubleKind::LoseAnswers, random.below(LEASE_MS)),
            9 => (TroubleKind::LateAnswers(random.between(5, 900)), random.below(2 * LEASE_MS)),
            10 => (TroubleKind::Slow(random.between(5, 900)), random.below(2 * LEASE_MS)),
            11 => (TroubleKind::Twice, random.below(4 * LEASE_MS)),
            _ => {
                let by = i64::try_from(random.between(100, 20_000)).unwrap_or(100);
                let by = if random.chance(50) { by } else { -by };
                (TroubleKind::ClockSet(by), random.below(4 * LEASE_MS))
            }
        }
    }
}
