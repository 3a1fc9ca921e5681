//! The command line: one file per command, and what they share.
//!
//! A command reads its arguments, calls the library and says what came of it; it decides nothing else. What it prints as data
//! goes to standard output, everything else to standard error.

mod bench;
mod database;
mod demo;
mod design;
mod designs;
mod emulate;
mod events;
mod failure;
mod filler;
mod keys;
mod log;
mod migrate;
mod node;
mod output;
mod progress;
mod serve;
mod server;
mod signals;
mod site;
mod task;
mod units;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::templates;
use failure::{Exit, Failure};

/// Provisions bare-metal servers: every step is durable, so a killed server goes on where it was.
#[derive(Debug, Parser)]
#[command(name = "drydock", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  what was asked for failed: a task, a design that is not valid, a database that cannot be used
  2  wrong usage, or input that cannot be read
  3  the server cannot be reached
  130  stopped by Ctrl-C

Begin with:
  drydock demo                          two emulated racks, deployed in seconds
  drydock design validate site.yaml     is my design right?
  drydock serve                         the server; then, beside it:
  drydock task create verify_site --design site.yaml --wait
";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Serve(Box<serve::Serve>),
    #[command(subcommand)]
    Task(task::Command),
    #[command(subcommand)]
    Design(design::Command),
    #[command(subcommand)]
    Node(node::Command),
    Events(events::Events),
    Migrate(migrate::Migrate),
    Emulate(emulate::Emulate),
    Bench(bench::Bench),
    /// Fills in the template of a boot action that standard input holds; `drydock` starts this itself
    #[command(name = templates::COMMAND, hide = true)]
    FillTemplate,
}

impl Command {
    async fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Demo(command) => command.run().await,
            Self::Serve(command) => command.run().await,
            Self::Task(command) => command.run().await,
            Self::Design(command) => command.run(),
            Self::Node(command) => command.run(),
            Self::Events(command) => command.run().await,
            Self::Migrate(command) => command.run().await,
            Self::Emulate(command) => command.run().await,
            Self::Bench(command) => command.run().await,
            // It was seen to before there was a runtime.
            Self::FillTemplate => Ok(Exit::Usage),
        }
    }
}

/// Runs the command line `args`, the program's name first, to its end.
pub fn run<I, T>(args: I) -> ExitCode
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _unread = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    // It is alone in its process: no threads, no runtime, no log that could hold what it reads.
    if matches!(cli.command, Command::FillTemplate) {
        return templates::child::run();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let end = match runtime {
        Ok(runtime) => runtime.block_on(cli.command.run()),
        Err(error) => Err(Failure::failed("cannot start the runtime").because(error)),
    };
    match end {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report().into(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        Cli::command().debug_assert();
    }
}
