//! Where the log goes, and what of it.

use std::fs::File;
use std::sync::Mutex;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::failure::Failure;

/// What lines of the log look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// A JSON object per line.
    Json,
}

/// Logs to standard error what `filter` lets through.
pub(super) fn to_stderr(filter: &str, format: LogFormat) -> Result<(), Failure> {
    let log = tracing_subscriber::fmt().with_env_filter(parse(filter)?).with_writer(std::io::stderr);
    let set = match format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    set.map_err(|error| Failure::failed("cannot log").because(error))
}

/// Logs to `file` what `filter` lets through.
pub(super) fn to_file(filter: &str, file: File) -> Result<(), Failure> {
    let log = tracing_subscriber::fmt().with_env_filter(parse(filter)?).with_ansi(false);
    log.with_writer(Mutex::new(file)).try_init().map_err(|error| Failure::failed("cannot log").because(error))
}

fn parse(filter: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(filter).map_err(|error| {
        Failure::usage(format!(
            "{filter:?} is no log filter: write one such as info or drydock_workflow=debug"
        ))
        .because(error)
    })
}
