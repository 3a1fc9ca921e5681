//! Chaos: real processes on a real database, killed with `kill -9`, stopped past their lease, and with the database pulled from under
//! them; afterwards an oracle reads the database and a ledger of effects that the processes kept beside it.
//!
//! `cargo xtask chaos --minutes 30 --store postgres` runs it for long; without a choice of time it takes a minute per store. It is a
//! program of its own and no set of test functions, because it starts itself again as its own workers.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it tells what it does")]

mod args;
mod cluster;
mod database;
mod driver;
mod ledger;
mod oracle;
mod worker;
mod workflows;

use std::process::ExitCode;
use std::time::Instant;

use args::{Args, Mode};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match args.mode {
        Mode::Worker(worker) => match runtime.block_on(worker::run(worker)) {
            Ok(()) => ExitCode::SUCCESS,
            // Its driver, which has taken the database away, starts it again.
            Err(error) if worker::is_away(&*error) => ExitCode::from(worker::AWAY),
            Err(error) => {
                eprintln!("worker: {error}");
                ExitCode::FAILURE
            }
        },
        Mode::Chaos(stores) => {
            let began = Instant::now();
            let (mut passed, mut failed) = (0, 0);
            for store in &stores {
                println!("test chaos_on_{} ...", store.word());
                match runtime.block_on(driver::run(*store, args.time)) {
                    Ok(report) if report.violations.is_empty() => {
                        passed += 1;
                        println!("{report}\ntest chaos_on_{} ... ok", store.word());
                    }
                    Ok(report) => {
                        failed += 1;
                        println!("{report}\ntest chaos_on_{} ... FAILED", store.word());
                    }
                    Err(error) => {
                        failed += 1;
                        println!("{error}\ntest chaos_on_{} ... FAILED", store.word());
                    }
                }
            }
            // As libtest says it, so that whoever counts tests counts these.
            let word = if failed == 0 { "ok" } else { "FAILED" };
            let seconds = began.elapsed().as_secs_f64();
            println!(
                "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out; finished in {seconds:.2}s\n"
            );
            if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
        }
    }
}
