//! What the engine costs, next to what the same database does without it.
//!
//! Each scenario measures one thing about the engine on a database of its own, and beside it, in the same run on the same server, its
//! raw counterpart: the same rows put in by plain statements. The figures of two machines cannot be compared; their ratios can.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the result, and the progress towards it")]

mod args;
mod counting;
mod database;
mod figure;
mod load;
mod progress;
mod raw;
mod report;
mod scenario;
mod usage;
mod yard;

use std::error::Error;
use std::ffi::OsString;

pub use args::Args;

use args::Format;
use database::Site;
use progress::Progress;
use report::Report;
use scenario::{Bench, child};
use tokio::runtime::Builder;

/// What ends the benchmark early.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Runs the scenarios that were asked for, one after the other, and prints what they came to.
///
/// `prefix` is what a program that begins this one again has to say before the arguments: the name of the subcommand, if it is one.
///
/// # Errors
/// When a database cannot be used, and when the engine lost or repeated anything on the way.
pub async fn run(args: &Args, prefix: &[OsString]) -> Result<(), Failure> {
    if args.child {
        return child::run().await;
    }
    let Some(threads) = args.threads else { return measure(args, prefix).await };
    let (args, prefix) = (args.clone(), prefix.to_vec());
    let apart = move || {
        let runtime = Builder::new_multi_thread().worker_threads(threads.get()).enable_all().build()?;
        runtime.block_on(measure(&args, &prefix))
    };
    tokio::task::spawn_blocking(apart).await?
}

async fn measure(args: &Args, prefix: &[OsString]) -> Result<(), Failure> {
    let scenarios = args.scenarios();
    let mut reports = Vec::new();
    for kind in args.stores() {
        let site = Site::open(kind, args).await?;
        let mut report = Report::new(kind, site.about());
        for scenario in &scenarios {
            if !scenario.suits(kind) {
                report.left_out(*scenario);
                continue;
            }
            let progress = Progress::new(kind, *scenario);
            let mut bench = Bench { args, prefix, site: &site, kind, progress };
            report.add(*scenario, scenario.run(&mut bench).await?);
        }
        reports.push(report);
        site.close()?;
    }
    match args.format() {
        Format::Table => println!("{}", report::table(&reports)),
        Format::Json => println!("{}", serde_json::to_string_pretty(&reports)?),
    }
    Ok(())
}
