//! `drydock demo`: two emulated racks, verified, prepared and deployed by a server in this process.
//!
//! ```text
//! demo ──HTTP──▶ server in this process ──IPMI, MAAS──▶ drydock emulate (a process of its own)
//!                    └── SQLite                             └── the servers' state, the log of effects
//! ```
//!
//! The servers of the real world do not forget their state when a provisioner is killed, so the emulator outlives the demo; a
//! demo that is started again finds it by its run file, and goes on.

mod report;
mod resume;
mod run;
mod stages;
mod yard;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use drydock_core::{Clock as _, InstanceName, SecretString, SystemClock};

use super::emulate::{OPEN_KEY, Running};
use super::failure::{Exit, Failure};
use super::filler::child_process;
use super::output::{self, Format};
use super::progress::View;
use super::signals::Signals;
use super::{database, log, server, units};
use crate::client::Client;
use crate::config::{MaasConfig, ServeConfig};
use crate::serve::{Served, serve};
use run::{Folder, Run, check_database};

/// Shows it all: two emulated racks with six servers each, deployed, here and now.
///
/// The servers speak IPMI and the provisioner speaks the MAAS API, over loopback; nothing else is touched. Kill the demo at any
/// moment, kill -9 too, and start it again: it says what it resumes, and goes on.
#[derive(Debug, Args)]
#[command(after_help = "\
The first Ctrl-C stops in order, the second at once. Everything is kept in one folder, and is
removed when a new demo begins there.

Exit codes: 0 all servers were deployed, 1 they were not, 130 stopped by Ctrl-C.

Examples:
  drydock demo
  drydock demo --speed 10s        # time enough to kill -9 it, and to start it again
  drydock demo --keep             # the emulated servers stay, to be worked on by hand")]
pub(super) struct Demo {
    /// Where tasks are kept [default: an SQLite file in the demo's folder]
    #[arg(long, value_name = "PATH|URL")]
    database: Option<String>,
    /// How long a server takes to enlist or to be commissioned; to be installed it takes twice as long
    #[arg(long, default_value = "2s", value_name = "TIME", value_parser = units::some_duration)]
    speed: Duration,
    /// Leave the emulated servers running at the end
    #[arg(long)]
    keep: bool,
    /// Begin anew, even if an earlier demo could go on
    #[arg(long)]
    fresh: bool,
    /// The demo's folder
    #[arg(
        long,
        value_name = "DIR",
        help = "The demo's folder [default: drydock/demo in XDG_STATE_HOME or ~/.local/state]"
    )]
    folder: Option<PathBuf>,
}

impl Demo {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()?;
        let folder = Folder::open(self.folder.clone().unwrap_or_else(default_folder)).await?;
        let database = self.database.as_deref().map(|text| database::choose(Some(text))).transpose()?;
        let (run, emulator) = self.begin(&folder, database).await?;
        log::to_file("info", run.log()?)?;

        let started = SystemClock.now();
        let served = match serve(self.config(&run, &emulator)?).await {
            Ok(served) => served,
            Err(error) => {
                run.give_up()?;
                return Err(error.into());
            }
        };
        let client = server::client(&format!("http://{}", served.address()))?;
        let mut view = View::new(Format::Table);
        let end = tokio::select! {
            end = self.work(&client, &run, started, &mut view) => end,
            () = signals.next() => {
                view.clear();
                return interrupted(&served, &mut signals).await;
            }
            end = served.finished() => match end {
                Ok(()) => Err(Failure::failed("the server stopped")),
                Err(error) => Err(Failure::failed(drydock_core::error_chain(&*error))),
            },
        };
        view.clear();
        served.shutdown();
        let looks = end?;
        // The tasks are done; a server that does not stop well takes nothing back.
        let _stopped = served.finished().await;
        run.finish()?;
        if !self.keep {
            run.stop_emulator();
        }
        report::tell(&looks, &run, self.keep.then_some(&emulator))?;
        let good = looks.iter().all(|look| stages::is_success(&look.task));
        Ok(if good { Exit::Done } else { Exit::Failed })
    }

    /// The run to go on with, or a new one, and its emulator.
    async fn begin(
        &self,
        folder: &Folder,
        database: Option<crate::config::DatabaseUrl>,
    ) -> Result<(Run, Running), Failure> {
        if !self.fresh
            && let Some(run) = folder.unfinished()?
        {
            match run.emulator()? {
                Some(emulator) => {
                    let run = run.with_database(database)?;
                    if let Some(database) = run.named_database() {
                        check_database(database, Some(&run.design()?)).await?;
                    }
                    output::line(&format!(
                        "an unfinished demo is in {}: going on with it",
                        run.path().display()
                    ))?;
                    return Ok((run, emulator));
                }
                None => output::line("the emulated servers of the last demo are gone: beginning anew")?,
            }
        }
        // Before the last demo's run is removed.
        if let Some(database) = &database {
            check_database(database, None).await?;
        }
        folder.clear()?;
        let (run, emulator) = yard::raise(folder, database, self.speed).await?;
        output::line(&format!("everything of this demo is in {}", run.path().display()))?;
        output::line(&format!("12 servers in two racks are emulated, and a MAAS at {}", emulator.maas_url))?;
        Ok((run, emulator))
    }

    fn config(&self, run: &Run, emulator: &Running) -> Result<ServeConfig, Failure> {
        let name = InstanceName::new("demo").map_err(|error| Failure::failed("demo").because(error))?;
        let mut config = ServeConfig::new(run.database(), name);
        config.migrate_on_start = run.owns_database();
        config.listen.set_port(0);
        // Everything is quicker here than in a real site, so it is looked at more often.
        let poll = (self.speed / 4).clamp(Duration::from_millis(20), Duration::from_secs(1));
        config.engine.lease = Duration::from_secs(5);
        config.engine.grace = Duration::from_secs(5);
        config.engine.poll = poll;
        config.orchestrator.poll = poll;
        config.orchestrator.power_poll = poll;
        config.ipmi.gap = config.ipmi.gap.min(poll);
        config.templates = Arc::new(child_process()?);
        config.maas = Some(MaasConfig {
            url: emulator.maas_url.clone(),
            api_key: SecretString::from(OPEN_KEY),
            ca: None,
        });
        Ok(config)
    }

    async fn work(
        &self,
        client: &Client,
        run: &Run,
        started: drydock_core::Timestamp,
        view: &mut View,
    ) -> Result<Vec<super::progress::Look>, Failure> {
        let design = run.design()?;
        resume::tell(client, &design, started).await?;
        stages::carry_out(client, &design, view).await
    }
}

/// The first signal was taken: in order, unless there is a second.
async fn interrupted(served: &Served, signals: &mut Signals) -> Result<Exit, Failure> {
    output::line("stopping; steps under way may finish (Ctrl-C again: at once)")?;
    served.shutdown();
    tokio::select! {
        _ = served.finished() => {}
        () = signals.next() => {
            served.abort();
            let _stopped = served.finished().await;
        }
    }
    output::line(&format!(
        "stopped; the emulated servers stay for an hour: `{} demo` goes on",
        output::program()
    ))?;
    Ok(Exit::Interrupted)
}

fn default_folder() -> PathBuf {
    match database::folder("XDG_STATE_HOME", ".local/state") {
        Some(folder) => folder.join("drydock").join("demo"),
        None => std::env::temp_dir().join("drydock-demo"),
    }
}
