//! A server in this process: built, listening, and stopped in order.

use std::net::SocketAddr;
use std::sync::Arc;

use drydock_store::Store;
use drydock_workflow::{Engine, EngineError};

use crate::config::{ConfigProblem, ServeConfig};

/// Why a server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration is wrong in these ways.
    #[error("the configuration is not usable: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<ConfigProblem>),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The engine did not start, or stopped by itself.
    #[error("the engine stopped")]
    Engine(#[source] EngineError),
}

/// A running server. Clones are handles of the same one.
#[derive(Clone)]
pub struct Served {
    address: SocketAddr,
    engine: Engine,
    store: Arc<dyn Store>,
}

/// Starts a server: opens the store, joins it, listens. It runs in the background until [`Served::shutdown`].
pub async fn serve(config: ServeConfig) -> Result<Served, ServeError> {
    let problems = config.problems();
    Err(ServeError::Config(problems))
}

impl Served {
    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The engine, for its events.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The store, for reading.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Begins the orderly end and returns at once: nothing new is accepted, steps under way may finish within their grace.
    pub fn shutdown(&self) {}

    /// Ends at once, as if the process had been killed; what was under way is taken up by the next instance.
    pub fn abort(&self) {}

    /// Waits until the server has ended, and says why if it was not asked to. Cancel-safe.
    pub async fn finished(&self) -> Result<(), Arc<ServeError>> {
        Ok(())
    }
}
