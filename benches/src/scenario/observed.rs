//! `steady` unobserved, then with metrics and a log as a server has them unless it is told otherwise, then with the spans of tasks too.

use std::io;
use std::sync::{Mutex, PoisonError};

use drydock_workflow::observe::Page;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use super::Bench;
use crate::Failure;
use crate::figure::{Figure, Spread, micros, share};
use crate::load::{SMALL, Until};
use crate::raw::{self, Round};

/// What is on in a round.
const WAYS: [(&str, bool, &str); 3] = [
    ("unobserved", false, "off"),
    ("metrics", true, "info"),
    ("metrics and spans", true, "info,drydock_workflow::observe=debug"),
];

pub(super) async fn run(bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
    let args = bench.args;
    let mut ground = bench.site.ground().await?;
    let until = args.tasks.map_or(Until::Time(args.round()), Until::Tasks);
    let mut rounds: [Vec<Round>; WAYS.len()] = Default::default();
    for place in 0..=args.rounds() {
        for turn in 0..WAYS.len() {
            // Each way comes first, second and last equally often, so that none has the emptier tables.
            let way = (place + turn) % WAYS.len();
            let (name, metrics, spans) = WAYS[way];
            trace(spans)?;
            let page = metrics.then(Page::default);
            let round =
                raw::load_on(&mut ground, SMALL, args.concurrency, until, &bench.progress, page.as_ref())
                    .await?;
            trace("off")?;
            bench.progress.done(&format!("{name}: {:.0} steps/s", round.speed()));
            check(page.as_ref(), &round)?;
            // The first round warms up.
            if place > 0 {
                rounds[way].push(round);
            }
        }
    }
    bench.site.clear(ground).await?;
    let [bare, observed @ ..] = &rounds;
    let names = WAYS.iter().skip(1).map(|(name, ..)| name);
    let mut figures: Vec<Figure> =
        names.zip(observed).flat_map(|(name, on)| beside(name, on, bare)).collect();
    // The first is what every server bears; spans are switched on by whoever wants to see them.
    let usual = figures.remove(0).at_least(0.97);
    figures.insert(0, usual);
    Ok(figures)
}

/// The speed and the processor time of the one beside the other, round by round.
fn beside(name: &str, on: &[Round], bare: &[Round]) -> [Figure; 2] {
    let cpu = |round: &Round| share(micros(round.own_cpu), round.steps);
    let pairs = |of: &dyn Fn(&Round) -> f64| -> Vec<f64> {
        on.iter().zip(bare).map(|(on, bare)| of(on) / of(bare)).collect()
    };
    let spread = |rounds: &[Round], of: &dyn Fn(&Round) -> f64| Spread::of(rounds.iter().map(of));
    [
        Figure::new(format!("steps with {name} beside none"), "/s", spread(on, &Round::speed))
            .beside(spread(bare, &Round::speed))
            .ratio(pairs(&Round::speed)),
        Figure::new(format!("CPU of the client per step with {name}"), "us", spread(on, &cpu))
            .beside(spread(bare, &cpu))
            .ratio(pairs(&cpu)),
    ]
}

/// A page that counted nothing would cost nothing.
fn check(page: Option<&Page>, round: &Round) -> Result<(), Failure> {
    let Some(page) = page else { return Ok(()) };
    let text = page.render();
    let wanted = format!(
        "drydock_steps_finished_total{{outcome=\"done\",workflow=\"bench/ten-steps\"}} {}\n",
        round.steps
    );
    if text.contains(&wanted) {
        return Ok(());
    }
    Err(format!("the page should hold {wanted:?} and holds\n{text}").into())
}

/// The filter of the one log that a program can have; where its lines go costs nothing.
static FILTER: Mutex<Option<reload::Handle<EnvFilter, Registry>>> = Mutex::new(None);

/// Lets through what `filter` says.
fn trace(filter: &str) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter)?;
    let mut known = FILTER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*known {
        return Ok(handle.reload(filter)?);
    }
    let (layer, handle) = reload::Layer::new(filter);
    let log = fmt::layer().with_ansi(false).with_writer(io::sink);
    tracing_subscriber::registry().with(layer).with(log).try_init()?;
    *known = Some(handle);
    Ok(())
}
