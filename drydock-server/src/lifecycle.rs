//! How a server process ends: the first signal asks for an orderly end, the second for one at once.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::serve::{ServeError, Served};

/// Lets `served` run until SIGINT or SIGTERM, then ends it in order; a second signal ends it at once. Returns early, with the
/// error, when the server stops by itself.
pub async fn until_signal(served: &Served) -> Result<(), Arc<ServeError>> {
    let mut signals = Signals::new().map_err(|source| Arc::new(ServeError::Signals(source)))?;
    tokio::select! {
        end = served.finished() => return end,
        name = signals.next() => tracing::info!("{name}: stopping in order; a second signal stops at once"),
    }
    served.shutdown();
    tokio::select! {
        end = served.finished() => return end,
        name = signals.next() => tracing::warn!("{name} again: stopping at once"),
    }
    served.abort();
    served.finished().await
}

/// The signals that ask a process to end.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The next signal's name. Cancel-safe.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
