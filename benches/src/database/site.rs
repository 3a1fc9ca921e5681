//! Where scenarios get their databases: a server, a folder, or nowhere.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::{Clock as _, Entropy as _, SecretString, SystemClock, SystemEntropy};
use drydock_store::{MemoryStore, PgStore, SqliteStore, Store};
use drydock_testkit::Cluster;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;

use super::{Database, postgres, sqlite};
use crate::Failure;
use crate::args::Args;

/// What a partition of history spans.
const WEEK: Duration = Duration::from_hours(7 * 24);

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Postgres,
    Sqlite,
    Memory,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
            Self::Memory => "memory",
        })
    }
}

/// Where databases are made.
pub(crate) struct Site {
    about: String,
    place: Place,
}

enum Place {
    Memory,
    Folder(tempfile::TempDir),
    Server { url: Url, cluster: Option<Cluster> },
}

/// A database, as another process can open it too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Target {
    Memory,
    Postgres(Url),
    Sqlite(PathBuf),
}

impl Target {
    /// A store on it, with connections of its own, and the engine's tables.
    pub(crate) async fn store(&self) -> Result<Arc<dyn Store>, Failure> {
        let store: Arc<dyn Store> = match self {
            Self::Memory => Arc::new(MemoryStore::new()),
            Self::Postgres(url) => {
                let store = PgStore::connect(&SecretString::from(url.to_string())).await?;
                store.migrate().await?;
                Arc::new(store)
            }
            Self::Sqlite(path) => {
                let store = SqliteStore::open(path).await?;
                store.migrate().await?;
                Arc::new(store)
            }
        };
        // As where old history goes: tasks of today are in a partition of their own.
        store.history_extend(SystemClock.now(), WEEK, 2).await?;
        Ok(store)
    }
}

/// A database for one scenario.
pub(crate) struct Ground {
    pub(crate) store: Arc<dyn Store>,
    /// `None` for the store in memory, which has no database to compare with.
    pub(crate) database: Option<Box<dyn Database>>,
    pub(crate) target: Target,
}

impl Site {
    pub(crate) async fn open(kind: Kind, args: &Args) -> Result<Self, Failure> {
        Ok(match kind {
            Kind::Memory => Self { about: "nothing is durable".to_owned(), place: Place::Memory },
            Kind::Sqlite => {
                let folder = match args.folder() {
                    Some(folder) => tempfile::tempdir_in(folder)?,
                    None => tempfile::tempdir()?,
                };
                Self { about: sqlite::about(folder.path()).await?, place: Place::Folder(folder) }
            }
            Kind::Postgres => {
                let cluster = match &args.database {
                    Some(_) => None,
                    None => Some(Cluster::start(args.folder())?),
                };
                let server =
                    cluster.as_ref().map(Cluster::url).or_else(|| args.database.clone()).unwrap_or_default();
                let url = Url::parse(&server).map_err(|error| format!("--database is no URL: {error}"))?;
                let mut admin = PgConnection::connect(url.as_str()).await?;
                Self { about: postgres::about(&mut admin).await?, place: Place::Server { url, cluster } }
            }
        })
    }

    /// The database server, and how durable a commit is.
    pub(crate) fn about(&self) -> &str {
        &self.about
    }

    /// A new, empty database.
    pub(crate) async fn ground(&self) -> Result<Ground, Failure> {
        let mut number = [0; 4];
        SystemEntropy.fill(&mut number);
        let name = format!("drydock_bench_{:08x}", u32::from_le_bytes(number));
        let target = match &self.place {
            Place::Memory => Target::Memory,
            Place::Folder(folder) => Target::Sqlite(folder.path().join(name)),
            Place::Server { url, .. } => {
                let mut admin = PgConnection::connect(url.as_str()).await?;
                sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
                let mut url = url.clone();
                url.set_path(&name);
                Target::Postgres(url)
            }
        };
        let store = target.store().await?;
        let database: Option<Box<dyn Database>> = match &target {
            Target::Memory => None,
            Target::Sqlite(path) => Some(Box::new(sqlite::Sqlite::open(path).await?)),
            Target::Postgres(url) => Some(Box::new(postgres::Postgres::open(url).await?)),
        };
        Ok(Ground { store, database, target })
    }

    /// Removes a database again.
    pub(crate) async fn clear(&self, ground: Ground) -> Result<(), Failure> {
        let Ground { store, database, target } = ground;
        drop((store, database));
        match (&self.place, target) {
            (Place::Server { url, .. }, Target::Postgres(of)) => {
                let mut admin = PgConnection::connect(url.as_str()).await?;
                let name = of.path().trim_start_matches('/');
                // The store's connections may still be there.
                sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
                    .execute(&mut admin)
                    .await?;
            }
            (_, Target::Sqlite(path)) => {
                for end in ["", "-wal", "-shm"] {
                    let mut file = path.clone().into_os_string();
                    file.push(end);
                    // What is not there needs no removing; the rest goes with the folder.
                    let _gone = std::fs::remove_file(file).is_err();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Leaves nothing behind.
    pub(crate) fn close(self) -> Result<(), Failure> {
        match self.place {
            Place::Memory => {}
            Place::Folder(folder) => folder.close()?,
            Place::Server { cluster, .. } => drop(cluster),
        }
        Ok(())
    }
}
