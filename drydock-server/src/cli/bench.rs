//! `drydock bench`: what the engine costs on this machine's database, next to what the database does without it.

use clap::Args;

use super::failure::{Exit, Failure};

/// Measures the engine next to the bare database.
///
/// Databases of its own are made, and removed again; what is there is not touched. Nothing else should run on the machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drydock bench                                     throughput and latency, a minute or two
  drydock bench --store postgres --database postgres://bench@db/postgres
  drydock bench --scenario takeover --size 1000 --format json")]
pub(super) struct Bench {
    #[command(flatten)]
    args: drydock_bench::Args,
}

impl Bench {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        match drydock_bench::run(&self.args, &["bench".into()]).await {
            Ok(()) => Ok(Exit::Done),
            Err(error) => Err(Failure::failed("the benchmark did not come to its end").because(error)),
        }
    }
}
