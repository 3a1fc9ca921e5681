//! Steps with larger outputs.

use super::Bench;
use crate::Failure;
use crate::database::Batch;
use crate::figure::{Figure, Spread, number};
use crate::load::Until;
use crate::raw::{self, Round, ratios};

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for (name, bytes) in [("outputs of 1 KiB", 1 << 10), ("outputs of 64 KiB", 64 << 10)] {
        let args = bench.args;
        let mut ground = bench.site.ground().await?;
        let mut batch = Batch::new(args.concurrency, bytes)?;
        let until = Until::Time(args.round());
        let (mut rounds, mut raw): (Vec<Round>, Vec<Round>) = (Vec::new(), Vec::new());
        let mut size =
            raw::load(&mut ground, bytes, args.concurrency, until, &bench.progress).await?.commit_size();
        for place in 0..=args.rounds() {
            raw.extend(raw::insert(&mut ground, &mut batch, size, until).await?);
            if place < args.rounds() {
                let round = raw::load(&mut ground, bytes, args.concurrency, until, &bench.progress).await?;
                bench.progress.done(&format!("{name}: {:.0} steps/s, {size} to a commit", round.speed()));
                size = round.commit_size();
                rounds.push(round);
            }
        }
        bench.site.clear(ground).await?;
        let mib = |rounds: &[Round]| {
            Spread::of(rounds.iter().map(|round| round.speed() * number(bytes as u64) / number(1 << 20)))
        };
        figures.push(
            Figure::new(name, "MiB/s", mib(&rounds))
                .beside(mib(&raw))
                .ratio(ratios(&rounds, &raw))
                .at_least(0.6),
        );
    }
    Ok(figures)
}
