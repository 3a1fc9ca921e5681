//! Rounds: so much work, in so much time, at such a cost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use drydock_core::journal::Journal;
use drydock_workflow::observe::Page;

use crate::Failure;
use crate::counting::Counting;
use crate::database::{Batch, Database, Ground, Toll};
use crate::figure::per;
use crate::load::{Load, STEPS, Until, engine_on, workflow};
use crate::progress::Progress;
use crate::usage;

/// Rows of a raw commit, where the size is not the engine's.
pub(crate) const LARGE: usize = 500;

/// What a round came to.
pub(crate) struct Round {
    /// Steps of the engine, or raw rows.
    pub(crate) steps: u64,
    pub(crate) elapsed: Duration,
    pub(crate) own_cpu: Duration,
    pub(crate) toll: Toll,
    pub(crate) commits: u64,
    /// Questions to the store, of whatever kind.
    pub(crate) calls: u64,
    /// Bytes of the table of living tasks, afterwards.
    pub(crate) live_size: Option<u64>,
    /// Rows of all kinds: starts and ends of tasks too.
    pub(crate) writes: u64,
    /// How long a commit was under way, in all.
    pub(crate) committing: Duration,
}

impl Round {
    /// Steps per second.
    pub(crate) fn speed(&self) -> f64 {
        per(self.steps, self.elapsed)
    }

    /// Steps of a commit, for raw rounds that write their tasks' rows too.
    pub(crate) fn steps_of_a_commit(&self) -> usize {
        usize::try_from(self.steps / self.commits.max(1)).unwrap_or(LARGE).max(1)
    }

    /// Writes of a commit, for raw rounds that are to have as many.
    pub(crate) fn commit_size(&self) -> usize {
        usize::try_from(self.writes / self.commits.max(1)).unwrap_or(LARGE).max(1)
    }
}

/// Each round's speed against that of the raw rounds before and after it, which met about the same machine.
pub(crate) fn ratios(rounds: &[Round], raw: &[Round]) -> impl Iterator<Item = f64> {
    rounds
        .iter()
        .zip(raw.windows(2))
        .map(|(round, around)| round.speed() / f64::midpoint(around[0].speed(), around[1].speed()))
}

async fn toll(database: Option<&mut Box<dyn Database>>) -> Result<Toll, Failure> {
    match database {
        Some(database) => database.toll().await,
        None => Ok(Toll::default()),
    }
}

/// Plain inserts, `size` to a commit; `None` without a database.
pub(crate) async fn insert(
    ground: &mut Ground,
    batch: &mut Batch,
    size: usize,
    until: Until,
) -> Result<Option<Round>, Failure> {
    let Some(database) = &mut ground.database else { return Ok(None) };
    database.settle().await?;
    let before = database.toll().await?;
    let (cpu, begun) = (usage::own()?, Instant::now());
    let (mut rows, mut commits) = (0, 0);
    while match until {
        Until::Time(time) => begun.elapsed() < time,
        Until::Tasks(tasks) => rows < tasks * u64::from(STEPS),
    } {
        batch.renew(size);
        database.insert(batch).await?;
        rows += batch.len() as u64;
        commits += 1;
    }
    let (elapsed, own_cpu) = (begun.elapsed(), usage::own()?.saturating_sub(cpu));
    let toll = database.toll().await?.since(before);
    Ok(Some(Round {
        steps: rows,
        elapsed,
        own_cpu,
        toll,
        commits,
        calls: commits,
        live_size: None,
        writes: rows,
        committing: elapsed,
    }))
}

/// The engine, as busy as it gets, with outputs of `bytes` bytes; fails when a step is missing in what it wrote.
pub(crate) async fn load(
    ground: &mut Ground,
    bytes: usize,
    concurrency: usize,
    until: Until,
    progress: &Progress,
) -> Result<Round, Failure> {
    load_on(ground, bytes, concurrency, until, progress, None).await
}

/// The same, counting on a page.
pub(crate) async fn load_on(
    ground: &mut Ground,
    bytes: usize,
    concurrency: usize,
    until: Until,
    progress: &Progress,
    page: Option<&Page>,
) -> Result<Round, Failure> {
    if let Some(database) = &mut ground.database {
        database.settle().await?;
    }
    let journal = Counting::new(Arc::clone(&ground.store) as Arc<dyn Journal>);
    let workflow = workflow(bytes)?;
    let engine = engine_on(journal.clone(), "bench", &workflow, concurrency * 2, page).await?;
    let before = toll(ground.database.as_mut()).await?;
    let (cpu, begun) = (usage::own()?, Instant::now());
    let load = Load::new(engine.clone(), workflow, until);
    let running = Arc::clone(&load).run(concurrency);
    tokio::pin!(running);
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            ended = &mut running => break ended?,
            _ = tick.tick() => progress.now(&format!("{} tasks", load.ended())),
        }
    }
    let (elapsed, own_cpu) = (begun.elapsed(), usage::own()?.saturating_sub(cpu));
    let (commits, writes, committing) = (journal.appends(), journal.writes(), journal.time());
    let calls = journal.calls();
    let toll = toll(ground.database.as_mut()).await?.since(before);
    engine.drain().await?;
    let steps = load.ended() * u64::from(STEPS);
    if journal.steps() != steps {
        return Err(format!("{} tasks ended, with {} checkpoints", load.ended(), journal.steps()).into());
    }
    let live_size = match &mut ground.database {
        Some(database) => database.live_size().await?,
        None => None,
    };
    Ok(Round { steps, elapsed, own_cpu, toll, commits, calls, live_size, writes, committing })
}
