//! An instance with nothing to do.

use std::sync::Arc;

use drydock_core::journal::Journal;

use super::Bench;
use crate::Failure;
use crate::counting::Counting;
use crate::figure::{Figure, Spread, per};
use crate::load::{SMALL, engine, workflow};
use crate::usage;

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let ground = bench.site.ground().await?;
    let journal = Counting::new(Arc::clone(&ground.store) as Arc<dyn Journal>);
    let workflow = workflow(SMALL)?;
    let engine = engine(journal.clone(), "bench", &workflow, 1).await?;
    let time = 4 * bench.args.round();
    bench.progress.now(&format!("nothing, for {time:?}"));
    let (calls, cpu) = (journal.calls(), usage::own()?);
    tokio::time::sleep(time).await;
    let (calls, cpu) = (journal.calls() - calls, usage::own()?.saturating_sub(cpu));
    engine.drain().await?;
    bench.site.clear(ground).await?;
    let busy = 100.0 * cpu.as_secs_f64() / time.as_secs_f64();
    Ok(vec![
        Figure::new("calls of the store by an idle instance", "/s", Spread::from(per(calls, time)))
            .at_most(2.0),
        Figure::new("CPU of an idle instance", "%", Spread::from(busy)),
    ])
}
