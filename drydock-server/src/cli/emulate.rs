//! `drydock emulate`: the servers of a site and a MAAS, on this machine, speaking the real protocols.

mod machines;
mod run_file;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use drydock_core::{Clock, SecretString, SystemClock, SystemEntropy};
use drydock_drivers::emulator::{MaasFaults, Timing, Yard, serve_ipmi, serve_maas};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::failure::{Exit, Failure};
use super::output::{self, Format};
use super::signals::Signals;
use super::site::SiteFiles;
use super::{keys, units};
pub(super) use run_file::{RunFile, Running};

/// The key that the emulated MAAS takes when it is given no other: it guards nothing.
pub(super) const OPEN_KEY: &str = "emulated:emulated:emulated";

/// How often the run file is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Plays the servers of a site: their BMCs (IPMI over UDP) and a MAAS (HTTP), on this machine.
///
/// The BMCs listen where the design says they are, which must be loopback addresses. All servers are switched off at first, and
/// the MAAS knows none. When everything listens, the line `ready` is printed; Ctrl-C ends it.
#[derive(Debug, Args)]
#[command(after_help = "\
The emulated MAAS takes the API key in --maas-key-file, or else in the environment variable
MAAS_API_KEY, or else `emulated:emulated:emulated`.

Examples:
  drydock emulate --site site.yaml --effects effects.jsonl
  ipmitool -I lanplus -H 127.0.10.1 -p 6230 -U admin -P harbour-light chassis status

  # a server that works on it:
  MAAS_API_KEY=emulated:emulated:emulated drydock serve --maas-url http://127.0.0.1:5240/MAAS")]
pub(super) struct Emulate {
    /// The files of the site; together they are one design
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    site: Vec<PathBuf>,
    /// Where the MAAS listens, a loopback address; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:5240", value_name = "ADDRESS")]
    maas_listen: String,
    /// The file with the API key that the MAAS takes
    #[arg(long, value_name = "FILE")]
    maas_key_file: Option<PathBuf>,
    /// How long a server takes to enlist or to be commissioned; to be installed it takes twice as long
    #[arg(long, default_value = "1s", value_name = "TIME", value_parser = units::duration)]
    speed: Duration,
    /// Append all that is done to the servers to this file, a JSON object per line
    #[arg(long, value_name = "FILE")]
    effects: Option<PathBuf>,
    /// Write the process id and the MAAS's URL to this file when ready, and end when the file is removed
    #[arg(long, value_name = "FILE")]
    run_file: Option<PathBuf>,
    /// End after this time
    #[arg(long, value_name = "TIME", value_parser = units::some_duration)]
    stop_after: Option<Duration>,
    /// How the start is told: as text, or as one line of JSON
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Emulate {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let mut signals = Signals::listen()?;
        let files = SiteFiles::read(&self.site)?;
        let site = files.resolve().map_err(|problems| {
            Failure::failed(format!("{} is not valid", files.names())).because(problems)
        })?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let yard = Yard::new(machines::of(&site)?, Timing::of(self.speed), Arc::clone(&clock));
        if let Some(path) = &self.effects {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(path).map_err(|error| {
                Failure::usage(format!("cannot write the effects to {}", path.display())).because(error)
            })?;
            yard.log_to(file);
        }
        let key = keys::maas_key(self.maas_key_file.as_deref())?;
        let key = key.unwrap_or_else(|| SecretString::from(OPEN_KEY));

        let stop = CancellationToken::new();
        let listener = self.listen().await?;
        let address = listener.local_addr().map_err(|error| self.cannot_listen(error))?;
        let running = Running { pid: std::process::id(), maas_url: format!("http://{address}/MAAS") };
        let mut bmcs = serve_ipmi(yard.clone(), Arc::new(SystemEntropy), stop.clone())
            .await
            .map_err(|error| Failure::failed("cannot emulate the BMCs").because(error))?;
        let run_file = self.run_file.as_deref().map(|path| RunFile::create(path, &running)).transpose()?;
        self.tell(&yard, &running)?;

        let maas = serve_maas(listener, yard, key, clock, MaasFaults::default(), stop.clone());
        let until = async {
            tokio::select! {
                () = signals.next() => {}
                () = gone(run_file.as_ref()) => {}
                () = passed(self.stop_after) => {}
            }
            stop.cancel();
            Ok(())
        };
        tokio::try_join!(maas, until)
            .map_err(|error| Failure::failed("the emulated MAAS broke down").because(error))?;
        bmcs.stopped().await;
        Ok(Exit::Done)
    }

    /// On loopback addresses only: the MAAS is for this machine, as its servers are.
    async fn listen(&self) -> Result<TcpListener, Failure> {
        let found = tokio::net::lookup_host(&self.maas_listen).await;
        let addresses: Vec<_> = found.map_err(|error| self.cannot_listen(error))?.collect();
        if let Some(address) = addresses.iter().find(|address| !address.ip().is_loopback()) {
            return Err(Failure::usage(format!(
                "--maas-listen: {address} can be reached from other machines; the emulated MAAS listens on loopback addresses \
                 only, such as 127.0.0.1:5240"
            )));
        }
        TcpListener::bind(&*addresses).await.map_err(|error| self.cannot_listen(error))
    }

    fn cannot_listen(&self, error: std::io::Error) -> Failure {
        Failure::failed(format!(
            "cannot listen on {} for the MAAS (--maas-listen takes another address)",
            self.maas_listen
        ))
        .because(error)
    }

    /// Says where everything is.
    fn tell(&self, yard: &Yard, running: &Running) -> Result<(), Failure> {
        let specs = yard.specs();
        match self.format {
            Format::Json => {
                let bmcs: Vec<_> =
                    specs.iter().map(|spec| json!({"node": spec.name, "address": spec.bmc})).collect();
                let ready = json!({
                    "ready": true,
                    "pid": running.pid,
                    "maas_url": running.maas_url,
                    "effects": self.effects,
                    "bmcs": bmcs,
                });
                output::line(&ready.to_string())
            }
            Format::Table => {
                let mut table = output::table(&["NODE", "BMC"]);
                for spec in &specs {
                    table.add_row([spec.name.clone(), spec.bmc.to_string()]);
                }
                output::rows(&table)?;
                output::line(&format!("maas: {}", running.maas_url))?;
                let effects = self.effects.as_ref().map(|path| path.display().to_string());
                let effects = effects.unwrap_or_else(|| "not written (--effects FILE)".to_owned());
                output::line(&format!("effects: {effects}\nready"))
            }
        }
    }
}

/// Waits until the run file is removed; for ever without one.
async fn gone(run_file: Option<&RunFile>) {
    let Some(run_file) = run_file else { return std::future::pending().await };
    while run_file.is_there() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits for a time; for ever without one.
async fn passed(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
