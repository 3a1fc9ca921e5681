//! The rounds: raw inserts and the engine, in turns, then one task alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use drydock_core::InstanceName;
use drydock_core::journal::Journal;
use drydock_workflow::{Engine, EngineOptions};
use hdrhistogram::Histogram;

use crate::Failure;
use crate::args::Args;
use crate::database::{Batch, Bench, Census};
use crate::journal::Counting;
use crate::load::{Load, STEPS, Until, workflow};
use crate::progress::Progress;
use crate::report::{Report, Spread, micros, per, share};
use crate::usage;

/// Rows of a raw commit, where the size is not the engine's.
const RAW_ROWS: usize = 500;
/// How long everything runs before it is measured: caches, prepared statements, the first pages of the tables.
const WARM_UP: Duration = Duration::from_secs(1);
/// Tasks that are run alone: first unmeasured, then measured.
const ALONE: (usize, usize) = (30, 300);

/// What a round with the engine came to.
struct Round {
    tasks: u64,
    elapsed: Duration,
    own_cpu: Duration,
    below: Below,
    appends: u64,
    writes: u64,
    committing: Duration,
}

/// What the database did meanwhile, as far as it can be told.
#[derive(Clone, Copy, Default)]
struct Below {
    log: Option<u64>,
    cpu: Option<Duration>,
}

impl Below {
    fn since(self, before: Self) -> Self {
        Self {
            log: self.log.zip(before.log).map(|(after, before)| after.saturating_sub(before)),
            cpu: self.cpu.zip(before.cpu).map(|(after, before)| after.saturating_sub(before)),
        }
    }
}

impl Round {
    fn steps(&self) -> u64 {
        self.tasks * u64::from(STEPS)
    }

    /// Steps per second.
    fn speed(&self) -> f64 {
        per(self.steps(), self.elapsed)
    }
}

/// What a raw round came to.
#[derive(Default)]
struct RawRound {
    rows: u64,
    elapsed: Duration,
    own_cpu: Duration,
    below: Below,
}

impl RawRound {
    /// Rows per second.
    fn speed(&self) -> f64 {
        per(self.rows, self.elapsed)
    }
}

/// Raw rounds with large commits, and with commits as large as the engine's.
#[derive(Default)]
struct Raw {
    large: Vec<RawRound>,
    alike: Vec<RawRound>,
}

/// A store, while it is being measured.
struct Measure<'a> {
    args: &'a Args,
    bench: &'a mut Bench,
    progress: Progress,
    /// Tasks that were run so far.
    tasks: u64,
    /// How many writes the engine put into a commit when it last ran.
    commit: usize,
}

/// Measures a store, and fails when what the engine left in it is not what it should be.
pub(crate) async fn measure(args: &Args, bench: &mut Bench) -> Result<Report, Failure> {
    let raws = if bench.database.is_some() { 2 * (args.rounds + 1) } else { 0 };
    let progress = Progress::new(bench.name, args.rounds + raws);
    let mut measure = Measure { args, bench, progress, tasks: 0, commit: RAW_ROWS };
    measure.load(Until::Time(WARM_UP)).await?;
    measure.insert(WARM_UP, RAW_ROWS).await?;
    let (mut rounds, mut raw) = (Vec::new(), Raw::default());
    for _ in 0..args.rounds {
        measure.raw_rounds(&mut raw).await?;
        rounds.push(measure.round().await?);
    }
    measure.raw_rounds(&mut raw).await?;
    let alone = measure.alone().await?;
    let raw_commit = measure.raw_commit().await?;
    measure.check().await?;
    Ok(measure.report(&rounds, &raw, &alone, raw_commit.as_ref()))
}

impl Measure<'_> {
    async fn round(&mut self) -> Result<Round, Failure> {
        const KIND: &str = "engine";
        self.progress.begin(KIND);
        let until = self.args.tasks.map_or(Until::Time(self.args.round()), Until::Tasks);
        let round = self.load(until).await?;
        self.progress.done(KIND, &format!("{:.0} steps/s", round.speed()));
        Ok(round)
    }

    async fn raw_rounds(&mut self, raw: &mut Raw) -> Result<(), Failure> {
        if self.bench.database.is_some() {
            raw.large.push(self.raw_round(RAW_ROWS).await?);
            raw.alike.push(self.raw_round(self.commit).await?);
        }
        Ok(())
    }

    async fn raw_round(&mut self, rows: usize) -> Result<RawRound, Failure> {
        const KIND: &str = "raw";
        self.progress.begin(KIND);
        let round = self.insert(self.args.round(), rows).await?;
        self.progress.done(KIND, &format!("{:.0} rows/s, {rows} to a commit", round.speed()));
        Ok(round)
    }

    /// The engine, as busy as it gets.
    async fn load(&mut self, until: Until) -> Result<Round, Failure> {
        let journal = Counting::new(Arc::clone(&self.bench.store) as Arc<dyn Journal>);
        let engine = self.engine(journal.clone()).await?;
        let before = self.below().await?;
        let (cpu, begun) = (usage::own()?, Instant::now());
        let load = Load::new(engine.clone(), workflow()?, until);
        let running = Arc::clone(&load).run(self.args.concurrency);
        tokio::pin!(running);
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                ended = &mut running => break ended?,
                _ = tick.tick() => self.progress.now("engine", &format!("{} tasks", load.ended())),
            }
        }
        let (elapsed, own_cpu) = (begun.elapsed(), usage::own()?.saturating_sub(cpu));
        let (appends, writes, committing) = (journal.appends(), journal.writes(), journal.time());
        let below = self.below().await?.since(before);
        engine.drain().await?;
        let round = Round { tasks: load.ended(), elapsed, own_cpu, below, appends, writes, committing };
        if journal.steps() != round.steps() {
            return Err(format!("{} tasks ended, with {} checkpoints", round.tasks, journal.steps()).into());
        }
        self.tasks += round.tasks;
        self.commit = usize::try_from(round.writes / round.appends.max(1))?.max(1);
        Ok(round)
    }

    async fn engine(&self, journal: Arc<dyn Journal>) -> Result<Engine, Failure> {
        let capacity = EngineOptions::default().capacity.max(self.args.concurrency * 2);
        let options = EngineOptions { capacity, feed: self.args.feed, ..EngineOptions::default() };
        let builder = Engine::builder(journal, InstanceName::new("bench")?).options(options);
        Ok(builder.workflow(&workflow()?).start().await?)
    }

    /// Plain inserts, `size` to a commit, for a time, or as many as the engine makes when tasks are counted.
    async fn insert(&mut self, time: Duration, size: usize) -> Result<RawRound, Failure> {
        let before = self.below().await?;
        let Some(database) = &mut self.bench.database else { return Ok(RawRound::default()) };
        let most = self.args.tasks.map_or(u64::MAX, |tasks| tasks * u64::from(STEPS));
        let mut batch = Batch::of(size, self.args.concurrency)?;
        let (cpu, begun, mut rows) = (usage::own()?, Instant::now(), 0);
        while begun.elapsed() < time && rows < most {
            batch.renew();
            database.insert(&batch).await?;
            rows += batch.len() as u64;
        }
        let (elapsed, own_cpu) = (begun.elapsed(), usage::own()?.saturating_sub(cpu));
        Ok(RawRound { rows, elapsed, own_cpu, below: self.below().await?.since(before) })
    }

    /// One task at a time, from its submission to its end, in microseconds.
    async fn alone(&mut self) -> Result<Histogram<u64>, Failure> {
        let engine = self.engine(Arc::clone(&self.bench.store) as Arc<dyn Journal>).await?;
        let load = Load::new(engine.clone(), workflow()?, Until::Time(Duration::MAX));
        let mut times = Histogram::new(3)?;
        for place in 0..ALONE.0 + ALONE.1 {
            let begun = Instant::now();
            load.one().await?;
            if place >= ALONE.0 {
                times.record(micros(begun.elapsed()))?;
            }
        }
        engine.drain().await?;
        self.tasks += load.ended();
        Ok(times)
    }

    /// Raw commits of one row, in microseconds.
    async fn raw_commit(&mut self) -> Result<Option<Histogram<u64>>, Failure> {
        let Some(database) = &mut self.bench.database else { return Ok(None) };
        let mut batch = Batch::of(1, self.args.concurrency)?;
        let mut times = Histogram::new(3)?;
        for place in 0..ALONE.0 + ALONE.1 {
            batch.renew();
            let begun = Instant::now();
            database.insert(&batch).await?;
            if place >= ALONE.0 {
                times.record(micros(begun.elapsed()))?;
            }
        }
        Ok(Some(times))
    }

    /// Every task that was run has ended, and has one checkpoint for each of its steps.
    async fn check(&mut self) -> Result<(), Failure> {
        let Some(database) = &mut self.bench.database else { return Ok(()) };
        let tasks = i64::try_from(self.tasks)?;
        let expected = Census { ended: tasks, whole: tasks, torn: 0, live: 0 };
        let found = database.census().await?;
        if found == expected {
            return Ok(());
        }
        Err(format!("{}: the tables should hold {expected:?} and hold {found:?}", self.bench.name).into())
    }

    async fn below(&mut self) -> Result<Below, Failure> {
        let Some(database) = &mut self.bench.database else { return Ok(Below::default()) };
        Ok(Below { log: database.log_position().await?, cpu: database.cpu().await? })
    }

    fn report(
        self,
        rounds: &[Round],
        raw: &Raw,
        alone: &Histogram<u64>,
        raw_commit: Option<&Histogram<u64>>,
    ) -> Report {
        let steps = sum(rounds, Round::steps);
        let large = &*raw.large;
        let raw_rows = sum(large, |round| round.rows);
        let each = |total: Option<u64>, of: u64| total.map(|total| share(total, of));
        Report {
            store: self.bench.name,
            about: self.bench.about.clone(),
            concurrency: self.args.concurrency,
            tasks_checked: self.tasks,
            tasks_per_s: Spread::of(rounds.iter().map(|round| per(round.tasks, round.elapsed))),
            ratio: Spread::of(ratios(rounds, large)),
            alike_ratio: Spread::of(ratios(rounds, &raw.alike)),
            steps_per_s: Spread::of(rounds.iter().map(Round::speed)),
            raw_rows_per_s: Spread::of(large.iter().map(RawRound::speed)),
            alike_rows_per_s: Spread::of(raw.alike.iter().map(RawRound::speed)),
            task_alone_p50_us: alone.value_at_quantile(0.5),
            task_alone_p99_us: alone.value_at_quantile(0.99),
            raw_commit_p50_us: raw_commit.map(|times| times.value_at_quantile(0.5)),
            writes_per_commit: share(sum(rounds, |round| round.writes), sum(rounds, |round| round.appends)),
            committing: share(
                sum(rounds, |round| micros(round.committing)),
                sum(rounds, |round| micros(round.elapsed)),
            ),
            log_bytes_per_step: each(total(rounds, |round| round.below.log), steps),
            log_bytes_per_raw_row: each(total(large, |round| round.below.log), raw_rows),
            client_cpu_us_per_step: share(sum(rounds, |round| micros(round.own_cpu)), steps),
            client_cpu_us_per_raw_row: each(total(large, |round| Some(micros(round.own_cpu))), raw_rows),
            server_cpu_us_per_step: each(total(rounds, |round| round.below.cpu.map(micros)), steps),
            server_cpu_us_per_raw_row: each(total(large, |round| round.below.cpu.map(micros)), raw_rows),
        }
    }
}

/// Each round with the engine against the two raw rounds around it, which met about the same machine.
fn ratios(rounds: &[Round], raw: &[RawRound]) -> impl Iterator<Item = f64> {
    rounds
        .iter()
        .zip(raw.windows(2))
        .map(|(round, around)| round.speed() / f64::midpoint(around[0].speed(), around[1].speed()))
}

fn sum<T>(rounds: &[T], of: impl Fn(&T) -> u64) -> u64 {
    rounds.iter().map(of).sum()
}

/// `None` when a round does not know, or when there was none.
fn total<T>(rounds: &[T], of: impl Fn(&T) -> Option<u64>) -> Option<u64> {
    rounds.first()?;
    rounds.iter().map(of).sum()
}
