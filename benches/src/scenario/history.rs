//! A database full of history, and an empty one.

use super::Bench;
use crate::Failure;
use crate::figure::{Figure, Spread};
use crate::load::{SMALL, STEPS, Until};
use crate::raw::{self, Round};

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let args = bench.args;
    let checkpoints = args.size(10_000_000, 10_000);
    let (mut full, mut empty) = (bench.site.ground().await?, bench.site.ground().await?);
    if let Some(database) = &mut full.database {
        bench.progress.now(&format!("putting {checkpoints} checkpoints into the past"));
        database.fill(checkpoints / u64::from(STEPS)).await?;
    }
    let until = Until::Time(args.round());
    let (mut on_full, mut on_empty): (Vec<Round>, Vec<Round>) = (Vec::new(), Vec::new());
    for place in 0..=args.rounds() {
        for (ground, into, name) in [(&mut empty, &mut on_empty, "empty"), (&mut full, &mut on_full, "full")]
        {
            let round = raw::load(ground, SMALL, args.concurrency, until, &bench.progress).await?;
            bench.progress.done(&format!("{name}: {:.0} steps/s", round.speed()));
            // The first round warms up.
            if place > 0 {
                into.push(round);
            }
        }
    }
    bench.site.clear(full).await?;
    bench.site.clear(empty).await?;
    let speed = |rounds: &[Round]| Spread::of(rounds.iter().map(Round::speed));
    let pairs: Vec<f64> =
        on_full.iter().zip(&on_empty).map(|(full, empty)| full.speed() / empty.speed()).collect();
    let what = format!("steps with {checkpoints} old checkpoints beside none");
    Ok(vec![Figure::new(what, "/s", speed(&on_full)).beside(speed(&on_empty)).ratio(pairs).at_least(0.8)])
}
