//! `cargo bench --bench throughput`: durable steps per second, next to the raw insert rate of the same database in the same run,
//! so that the ratio of both holds on any machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the result, and the progress towards it")]

mod args;
mod database;
mod journal;
mod load;
mod measure;
mod progress;
mod report;
mod usage;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Format, Stores};
use database::Bench;
use report::Report;

/// What ends the benchmark early.
type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", drydock_core::error_chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<(), Failure> {
    let mut reports = Vec::new();
    if matches!(args.store, Stores::Postgres | Stores::All) {
        reports.push(one(args, Bench::postgres(args).await?).await?);
    }
    if matches!(args.store, Stores::Sqlite | Stores::All) {
        reports.push(one(args, Bench::sqlite(args).await?).await?);
    }
    if args.store == Stores::Memory {
        reports.push(one(args, Bench::memory()).await?);
    }
    match args.format {
        Format::Table => println!("{}", report::table(&reports)),
        Format::Json => println!("{}", serde_json::to_string_pretty(&reports)?),
    }
    Ok(())
}

async fn one(args: &Args, mut bench: Bench) -> Result<Report, Failure> {
    let report = measure::measure(args, &mut bench).await;
    bench.close().await?;
    report
}
