//! `cargo bench`: the harness as a program of its own; `drydock bench` is the same.
#![expect(clippy::print_stderr, reason = "this is a command line")]

use std::process::ExitCode;

use clap::Parser;
use drydock_bench::Args;

/// What the engine costs, next to what the same database does without it.
#[derive(Debug, Parser)]
#[command(name = "throughput", max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    args: Args,
    /// What `cargo bench` says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match drydock_bench::run(&Cli::parse().args, &[]).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", drydock_core::error_chain(&*error));
            ExitCode::FAILURE
        }
    }
}
