//! `drydock serve`: the server, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use drydock_core::{InstanceName, WorkflowName, error_chain};
use drydock_orchestrator::REPORT_URL;
use drydock_workflow::EngineOptions;

use super::designs::DesignArgs;
use super::failure::{Exit, Failure};
use super::filler::child_process;
use super::log::{self, LogFormat};
use super::units::Kept;
use super::{database, keys, output, units};
use crate::config::{DatabaseUrl, MaasConfig, ServeConfig};
use crate::lifecycle;
use crate::serve::{ServeError, serve};

const DATABASE: &str = "Where tasks are kept: an SQLite file, postgres://…, or memory: for a try. With a password, \
                        better in the variable [default: drydock/drydock.db in XDG_DATA_HOME or ~/.local/share]";

/// Runs a server: the API, and the engine that carries tasks out.
///
/// Any number of servers may share a Postgres database; they share its tasks. When one dies, the others take its tasks over after
/// the lease; when it is started again under its name, it goes on with them at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --database, the tasks are in an SQLite file of yours, which is brought up to date by
itself. Any other database with an old schema is refused: see `drydock migrate`.

The first Ctrl-C stops in order: steps under way may finish. The second stops at once. Either way,
tasks go on when a server starts again.

When requests are taken, the line `ready` is printed. The log goes to standard error.

Examples:
  MAAS_API_KEY=consumer:token:secret drydock serve --maas-url http://maas.example:5240/MAAS
  drydock serve --design-credentials /etc/drydock/design-credentials --design-ca /etc/drydock/ca.pem
  DRYDOCK_DATABASE=postgres://drydock:secret@db/drydock drydock serve --name rack-a --lease 15s
  drydock serve --database ./site.db --log drydock_workflow=debug")]
pub(super) struct Serve {
    #[arg(long, env = "DRYDOCK_DATABASE", hide_env_values = true, value_name = "PATH|URL", help = DATABASE)]
    database: Option<String>,
    /// Bring the database's schema up to date first
    #[arg(long)]
    migrate: bool,
    /// Where the API listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Listen on an address that other machines can reach, although the API asks nobody who they are
    #[arg(long)]
    allow_unauthenticated: bool,
    /// Count and measure nothing, and have nothing at /metrics
    #[arg(long)]
    no_metrics: bool,
    /// The name of this server; each over one database needs its own [default: host name and port]
    #[arg(long, value_name = "NAME")]
    name: Option<InstanceName>,
    /// How long it may be silent before others take over its tasks
    #[arg(long, default_value = "15s", value_name = "TIME", value_parser = units::some_duration)]
    lease: Duration,
    /// How many tasks it works on at once; with fewer, several servers over one database share the nodes of a task sooner
    #[arg(long, default_value_t = EngineOptions::default().capacity, value_name = "N")]
    capacity: usize,
    /// How long a task is kept after its end, or `forever`
    #[arg(long, default_value = "365d", value_name = "TIME", value_parser = units::kept)]
    keep: Kept,
    /// How long the tasks of one workflow are kept; may be given several times
    #[arg(long, value_name = "WORKFLOW=TIME", value_parser = units::kept_of)]
    keep_workflow: Vec<(WorkflowName, Kept)>,
    /// How long the feed of events is kept, or `forever`
    #[arg(long, default_value = "7d", value_name = "TIME", value_parser = units::kept)]
    keep_feed: Kept,
    /// The folder in which tasks are kept after that, a line of JSON for each; without one they are gone
    #[arg(long, value_name = "FOLDER")]
    archive: Option<PathBuf>,
    /// How often it asks the provisioner and the BMCs how far a server is
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = units::some_duration)]
    poll_interval: Duration,
    /// Where servers that come up first send reports: the URL under which they reach this API, up to the action's id
    #[arg(long, default_value = REPORT_URL, value_name = "URL")]
    report_url: String,
    /// How long a server may take after its installation to report on its boot actions
    #[arg(long, default_value = "15m", value_name = "TIME", value_parser = units::some_duration)]
    boot_action_timeout: Duration,
    /// The MAAS that installs servers
    #[arg(
        long,
        value_name = "URL",
        help = "The MAAS that installs servers, such as http://maas.example:5240/MAAS"
    )]
    maas_url: Option<String>,
    /// The file with its API key
    #[arg(
        long,
        value_name = "FILE",
        help = "The file with its API key, CONSUMER:TOKEN:SECRET [default: the variable MAAS_API_KEY]"
    )]
    maas_key_file: Option<PathBuf>,
    /// A file of certificates (PEM) to trust for it besides the system's
    #[arg(long, value_name = "FILE")]
    maas_ca: Option<PathBuf>,
    /// What is logged: a level, or levels by module
    #[arg(long, env = "RUST_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    /// What lines of the log look like
    #[arg(long, value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(flatten)]
    designs: DesignArgs,
}

impl Serve {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        log::to_stderr(&self.log, self.log_format)?;
        let takes_default = self.database.is_none();
        let config = self.config()?;
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(ServeError::Config(problems).into());
        }
        if takes_default {
            database::make_default_folder()?;
        }
        tell(&format!("database: {}", config.database));
        let served = serve(config).await?;
        // Whoever reads `ready` may send a signal at once, so signals are listened for first.
        let (end, ()) = tokio::join!(biased; lifecycle::until_signal(&served), async {
            let address = served.address();
            tracing::info!("listening on http://{address}");
            tell(&format!("listening on http://{address}\nready"));
        });
        match end {
            Ok(()) => Ok(Exit::Done),
            // It is shared with whoever else waits, so only its text can be had.
            Err(error) => Err(Failure::failed(format!("the server stopped: {}", error_chain(&*error)))),
        }
    }

    fn config(self) -> Result<ServeConfig, Failure> {
        let database = database::choose(self.database.as_deref())?;
        let may_migrate = self.migrate || self.database.is_none() || database::is_new_file(&database);
        let name = match self.name {
            Some(name) => name,
            None => default_name(self.listen.port())?,
        };
        let mut config = ServeConfig::new(database, name);
        config.migrate_on_start = may_migrate || matches!(config.database, DatabaseUrl::Memory);
        config.listen = self.listen;
        config.allow_unauthenticated = self.allow_unauthenticated;
        config.metrics = !self.no_metrics;
        config.engine.lease = self.lease;
        config.engine.capacity = self.capacity;
        config.engine.poll = config.engine.poll.min(self.lease);
        config.retention.usual = self.keep.0;
        let own = self.keep_workflow.into_iter().map(|(name, kept)| (name, kept.0));
        config.retention.workflows = own.collect();
        config.retention.feed = self.keep_feed.0;
        config.archive = self.archive;
        config.designs = self.designs.config()?;
        config.report_url = self.report_url;
        config.templates = Arc::new(child_process()?);
        config.orchestrator.boot_actions = self.boot_action_timeout;
        config.orchestrator.poll = self.poll_interval;
        config.orchestrator.power_poll = config.orchestrator.power_poll.min(self.poll_interval);
        config.maas = match self.maas_url {
            None => None,
            Some(url) => {
                let api_key = keys::maas_key(self.maas_key_file.as_deref())?.ok_or_else(|| {
                    Failure::usage(format!(
                        "--maas-url needs an API key: give --maas-key-file, or set {}",
                        keys::VARIABLE
                    ))
                })?;
                Some(MaasConfig { url, api_key, ca: self.maas_ca })
            }
        };
        Ok(config)
    }
}

/// Writes to standard output. A server does not end because nobody reads that any more: the log says it instead.
fn tell(text: &str) {
    if let Err(failure) = output::line(text) {
        tracing::warn!("{}: {text}", error_chain(&failure));
    }
}

/// A name that a server keeps when it is started again, and that no other on this machine has: two cannot have one port.
fn default_name(port: u16) -> Result<InstanceName, Failure> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().split('.').next().filter(|host| !host.is_empty()).unwrap_or("drydock").to_owned();
    let number = if port == 0 { std::process::id() } else { u32::from(port) };
    InstanceName::new(format!("{host}-{number}")).map_err(|error| {
        Failure::usage("the host name makes no name for this server; give it one with --name").because(error)
    })
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Config(_)
            | ServeError::File { .. }
            | ServeError::Credentials { .. }
            | ServeError::Designs(_) => Self::usage("the server cannot be set up").because(error),
            _ => Self::failed("the server did not start").because(error),
        }
    }
}
