//! Chaos: real processes on a real database, killed with `kill -9`, stopped past their lease, and with the database pulled from under
//! them; afterwards an oracle reads the database and a ledger of effects that the processes kept beside it.
//!
//! `cargo xtask chaos --minutes 30 --store postgres` runs it for long; without a choice of time it takes a minute per store. It is a
//! program of its own and no set of test functions, because it starts itself again as its own workers.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it tells what it does")]

mod args;
mod database;
mod driver;
mod ledger;
mod oracle;
mod outside;
mod said;
mod shapes;
mod worker;
mod workflows;

use std::process::ExitCode;
use std::time::Instant;

use args::{Case, Health, Mode};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let done = Mode::parse(std::env::args().skip(1)).map_err(Failure::from).and_then(|mode| {
        let runtime = tokio::runtime::Runtime::new()?;
        match mode {
            Mode::Worker(args) => runtime.block_on(worker::run(args)).map(|()| ExitCode::SUCCESS),
            Mode::Chaos(cases) => Ok(runtime.block_on(all(&cases))),
        }
    });
    match done {
        Ok(code) => code,
        // Its driver, which has taken the database away, starts it again.
        Err(error) if worker::is_away(&*error) => ExitCode::from(worker::AWAY),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One case after the other, told as libtest tells it, so that whoever counts tests counts these.
async fn all(cases: &[Case]) -> ExitCode {
    let began = Instant::now();
    let mut passed = 0;
    println!("\nrunning {} tests", cases.len());
    for case in cases {
        let fine = match driver::run(case).await {
            Ok(report) => {
                println!("{report}");
                if case.health == Health::Well {
                    report.tell();
                }
                report.violations.is_empty() == (case.health == Health::Well)
            }
            Err(error) => {
                println!("{}", drydock::core::error_chain(&*error));
                false
            }
        };
        passed += usize::from(fine);
        println!("test {} ... {}", case.name, if fine { "ok" } else { "FAILED" });
    }
    let failed = cases.len() - passed;
    let word = if failed == 0 { "ok" } else { "FAILED" };
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out; finished in {seconds:.2}s\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}
