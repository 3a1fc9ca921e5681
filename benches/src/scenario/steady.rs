//! Many tasks of ten steps that do nothing, 256 at once: how many steps per second, and what a step costs.

use std::time::Duration;

use super::Bench;
use crate::Failure;
use crate::database::{Batch, Census, Kind};
use crate::figure::{Figure, Spread, micros, share};
use crate::load::{SMALL, STEPS, Until};
use crate::raw::{self, LARGE, Round, ratios};

/// How long everything runs before it is measured: caches, prepared statements, the first pages of the tables.
const WARM_UP: Duration = Duration::from_secs(1);

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let args = bench.args;
    let mut ground = bench.site.ground().await?;
    let mut batch = Batch::new(args.concurrency, SMALL)?;
    // One statement writes all rows of a commit on Postgres only: with several, the counterpart would be slower than what it stands for.
    let mut with_tasks = match bench.kind {
        Kind::Postgres => Some(Batch::with_tasks(args.concurrency, SMALL)?),
        Kind::Sqlite | Kind::Memory => None,
    };
    let warm = raw::load(&mut ground, SMALL, args.concurrency, Until::Time(WARM_UP), &bench.progress).await?;
    raw::insert(&mut ground, &mut batch, LARGE, Until::Time(WARM_UP)).await?;
    let until = args.tasks.map_or(Until::Time(args.round()), Until::Tasks);
    let (mut rounds, mut large, mut alike, mut all) =
        (Vec::<Round>::new(), Vec::new(), Vec::new(), Vec::new());
    for place in 0..=args.rounds() {
        let size = rounds.last().unwrap_or(&warm).commit_size();
        let steps = rounds.last().unwrap_or(&warm).steps_of_a_commit();
        for (size, into) in [(LARGE, &mut large), (size, &mut alike)] {
            if let Some(round) = raw::insert(&mut ground, &mut batch, size, until).await? {
                bench.progress.done(&format!("raw: {:.0} rows/s, {size} to a commit", round.speed()));
                into.push(round);
            }
        }
        if let Some(batch) = &mut with_tasks
            && let Some(round) = raw::insert(&mut ground, batch, steps, until).await?
        {
            bench
                .progress
                .done(&format!("raw, with tasks: {:.0} steps/s, {steps} to a commit", round.speed()));
            all.push(round);
        }
        if place < args.rounds() {
            let round = raw::load(&mut ground, SMALL, args.concurrency, until, &bench.progress).await?;
            bench.progress.done(&format!("engine: {:.0} steps/s", round.speed()));
            rounds.push(round);
        }
    }
    let steps: u64 = rounds.iter().chain([&warm]).map(|round| round.steps).sum();
    if let Some(database) = &mut ground.database {
        let tasks = i64::try_from(steps / u64::from(STEPS))?;
        let expected = Census { ended: tasks, whole: tasks, torn: 0, live: 0 };
        let found = database.census().await?;
        if found != expected {
            return Err(format!("the tables should hold {expected:?} and hold {found:?}").into());
        }
    }
    bench.site.clear(ground).await?;
    Ok(figures(bench.kind, &rounds, &large, &alike, &all))
}

fn figures(kind: Kind, rounds: &[Round], large: &[Round], alike: &[Round], all: &[Round]) -> Vec<Figure> {
    let speed = |rounds: &[Round]| Spread::of(rounds.iter().map(Round::speed));
    let mut of_large =
        Figure::new("steps beside raw rows, 500 to a commit", "/s", speed(rounds)).beside(speed(large));
    let mut of_alike = Figure::new("the same, raw commits as large as the engine's", "/s", speed(rounds))
        .beside(speed(alike));
    of_large = of_large.ratio(ratios(rounds, large));
    of_alike = of_alike.ratio(ratios(rounds, alike));
    match kind {
        Kind::Postgres => of_large = of_large.at_least(0.5),
        Kind::Sqlite => of_alike = of_alike.at_least(0.5),
        Kind::Memory => {}
    }
    let each = |rounds: &[Round], of: &dyn Fn(&Round) -> Option<u64>| {
        Spread::of(rounds.iter().filter_map(|round| Some(share(of(round)?, round.steps))))
    };
    let log = |round: &Round| round.toll.log;
    let own = |round: &Round| Some(micros(round.own_cpu));
    let below = |round: &Round| round.toll.cpu.map(micros);
    let under_way = Spread::of(rounds.iter().map(|it| share(micros(it.committing), micros(it.elapsed))));
    let live = Spread::of(rounds.iter().filter_map(|it| Some(share(it.live_size?, 1024))));
    // No figure without rounds.
    let of_all = speed(all).map(|raw| {
        let what = "the same, with the rows that a task needs beside its steps'";
        Figure::new(what, "/s", speed(rounds)).beside(raw).ratio(ratios(rounds, all))
    });
    let shared = [of_large, of_alike].into_iter().chain(of_all);
    let others = [
        Figure::new("tasks", "/s", Spread::of(rounds.iter().map(|it| it.speed() / f64::from(STEPS)))),
        Figure::new("commits per step", "", each(rounds, &|it| Some(it.commits))).at_most(0.02),
        Figure::new("questions to the store per step", "", each(rounds, &|it| Some(it.calls))),
        Figure::new(
            "writes per commit",
            "",
            Spread::of(rounds.iter().map(|it| share(it.writes, it.commits))),
        ),
        Figure::new("commits under way at once", "", under_way),
        Figure::new("log per step beside a raw row's", "bytes", each(rounds, &log))
            .beside(each(large, &log))
            .at_most(1.5),
        Figure::new("CPU of the client per step", "us", each(rounds, &own)).beside(each(large, &own)),
        Figure::new("CPU of the database per step", "us", each(rounds, &below)).beside(each(large, &below)),
        Figure::new("table of living tasks, after each round", "KiB", live),
    ];
    shared.chain(others).collect()
}
