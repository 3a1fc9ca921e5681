//! A server in this process: built, listening, and stopped in order.
//!
//! ```text
//! asked to end ──▶ no new connection, no new task ──▶ requests and steps under way end, within their times ──▶ finished
//! engine stops by itself ──▶ requests under way end ──▶ finished, with the engine's error
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::JournalError;
use drydock_drivers::DriverError;
use drydock_orchestrator::{ClientError, InvalidCredential};
use drydock_store::Store;
use drydock_workflow::{BuildErrors, Engine, EngineError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::{self, Access, listen};
use crate::app::App;
use crate::compose::compose;
use crate::config::{ConfigProblem, ServeConfig};
use crate::ends;
use crate::sqlite_file::FileProblem;

/// Why a server did not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration is wrong in these ways.
    #[error("the configuration is not usable: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<ConfigProblem>),
    /// The database cannot be used.
    #[error("cannot use the database {database}")]
    Database {
        /// The database, without its password.
        database: String,
        /// Why.
        #[source]
        source: JournalError,
    },
    /// The database would be a file that cannot be one.
    #[error("cannot use the database {database}")]
    DatabaseFile {
        /// The database.
        database: String,
        /// Why.
        #[source]
        source: FileProblem,
    },
    /// A file that the configuration names cannot be read.
    #[error("cannot read {file}")]
    File {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file that says what servers of designs are given cannot be understood.
    #[error("cannot use the credentials in {file}")]
    Credentials {
        /// The file.
        file: String,
        /// Where and why; nothing of its text.
        #[source]
        source: InvalidCredential,
    },
    /// Designs, and what boot actions refer to, cannot be fetched over HTTP.
    #[error("cannot set up how designs, and what boot actions refer to, are fetched")]
    Designs(#[from] ClientError),
    /// The folder for old tasks cannot be made.
    #[error("cannot make the folder {folder} for old tasks: name one that may be written to")]
    Archive {
        /// The folder.
        folder: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A driver cannot be built.
    #[error("cannot set up a driver")]
    Driver(#[from] DriverError),
    /// The actions make no workflows.
    #[error("the actions cannot be built")]
    Actions(#[from] BuildErrors),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: is another server running there?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The process cannot listen for signals.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    /// The engine did not start, or stopped by itself.
    #[error("the engine stopped")]
    Engine(#[from] EngineError),
}

/// How long the log may take for the tasks that ended last.
const LAST_WORDS_MAX: Duration = Duration::from_secs(2);

/// How a server ended, once it has.
type End = Option<Result<(), Arc<ServeError>>>;

/// A running server. Clones are handles of the same one; it runs on when they are dropped.
#[derive(Clone)]
pub struct Served {
    address: SocketAddr,
    app: Arc<App>,
    soft: CancellationToken,
    hard: CancellationToken,
    end: watch::Receiver<End>,
}

/// Starts the server of `config`: opens its store and drivers, listens, and joins the store. Returns when it takes requests.
pub async fn serve(config: ServeConfig) -> Result<Served, ServeError> {
    let problems = config.problems();
    if !problems.is_empty() {
        return Err(ServeError::Config(problems));
    }
    // Before anything is touched: a second server on the same port must not take the name of the first.
    let listener = bind(config.listen).await?;
    let app = compose(&config).await?;
    if !config.listen.ip().is_loopback() {
        tracing::warn!("whoever reaches {} may use the API: it asks nobody who he is", config.listen);
    }
    let alone = !config.allow_unauthenticated;
    serve_app(listener, app, if alone { Access::ThisMachine } else { Access::Anyone })
}

/// Serves the API of `app` on `listener`. For embedding; [`serve`] composes both.
pub fn serve_app(listener: TcpListener, app: App, access: Access) -> Result<Served, ServeError> {
    let address = listener
        .local_addr()
        .map_err(|source| ServeError::Listen { address: SocketAddr::from(([0, 0, 0, 0], 0)), source })?;
    let app = Arc::new(app);
    let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
    let router = api::router(Arc::clone(&app), access);
    let (ended, end) = watch::channel(None);
    let server = Server { listener, router, app: Arc::clone(&app), soft: soft.clone(), hard: hard.clone() };
    // The task ends by itself; handles only listen to its end.
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let end = server.run().await;
        ended.send_replace(Some(end.map_err(Arc::new)));
    });
    tasks.detach_all();
    Ok(Served { address, app, soft, hard, end })
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

impl Served {
    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The engine, for its events.
    pub fn engine(&self) -> &Engine {
        &self.app.engine
    }

    /// The store, for reading.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.app.store
    }

    /// Begins the orderly end and returns at once: nothing new is accepted, steps under way may finish within their grace.
    pub fn shutdown(&self) {
        self.soft.cancel();
    }

    /// Ends the API without waiting for anything. The engine is left as a crash would leave it: it stops with the last handle, and
    /// its tasks are taken over after its lease, or when an instance of its name starts.
    pub fn abort(&self) {
        self.hard.cancel();
    }

    /// Waits until the server has ended, and says why if it was not asked to. Cancel-safe.
    pub async fn finished(&self) -> Result<(), Arc<ServeError>> {
        let mut end = self.end.clone();
        match end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(Ok(())),
            Err(_) => Err(Arc::new(ServeError::Engine(EngineError::Stopped))),
        }
    }
}

/// The server's own task.
struct Server {
    listener: TcpListener,
    router: axum::Router,
    app: Arc<App>,
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Server {
    async fn run(self) -> Result<(), ServeError> {
        let Self { listener, router, app, soft, hard } = self;
        let engine = &app.engine;
        let logged = CancellationToken::new();
        let mut log = JoinSet::new();
        log.spawn(ends::tell(engine.events(), Arc::clone(&app.store), logged.clone()));
        let mut http = JoinSet::new();
        http.spawn(listen::run(listener, router, soft.clone()));
        let orderly = async {
            tokio::select! {
                () = soft.cancelled() => {}
                // The API goes with it: a supervisor starts another process.
                end = engine.stopped() => {
                    soft.cancel();
                    while http.join_next().await.is_some() {}
                    return end;
                }
            }
            let (end, ()) = tokio::join!(engine.drain(), async { while http.join_next().await.is_some() {} });
            end
        };
        tokio::select! {
            () = hard.cancelled() => Ok(()),
            end = orderly => {
                logged.cancel();
                let last = async { while log.join_next().await.is_some() {} };
                if tokio::time::timeout(LAST_WORDS_MAX, last).await.is_err() {
                    tracing::debug!("the store does not answer: the log misses the ends of some tasks");
                }
                Ok(end?)
            }
        }
    }
}
