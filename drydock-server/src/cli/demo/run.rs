//! The demo's folder: one demo at a time in it, and in a folder of its own below, all that a demo keeps.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use drydock_core::task::DesignRef;
use drydock_core::{Entropy as _, SystemEntropy};
use drydock_orchestrator::TaskInput;
use drydock_store::repo::{ParentFilter, TaskQuery};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

use crate::cli::database;
use crate::cli::emulate::{RunFile, Running};
use crate::cli::failure::Failure;
use crate::config::DatabaseUrl;

/// How long a lock may outlive the process that held it.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often the lock is tried.
const LOOK: Duration = Duration::from_millis(50);
/// What the folders of runs begin with.
const RUN: &str = "run-";

/// The folder, locked: a second demo there would take the first one's tasks from it.
pub(super) struct Folder {
    path: PathBuf,
    _locked: File,
}

/// One demo, from its beginning to its end, whatever kills it meanwhile.
pub(super) struct Run {
    path: PathBuf,
    database: Option<DatabaseUrl>,
    /// No task was created yet.
    is_new: bool,
}

/// What is kept about a run.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// The database that was named, without its password.
    database: Option<String>,
    finished: bool,
}

impl Folder {
    /// Makes it where it is missing, and locks it as long as the result lives. A demo that was just killed may take a moment to be
    /// gone; it is waited for.
    pub(super) async fn open(path: PathBuf) -> Result<Self, Failure> {
        fs::create_dir_all(&path).map_err(|error| unusable(&path, error))?;
        // References to designs are absolute.
        let path = path.canonicalize().map_err(|error| unusable(&path, error))?;
        let lock = path.join("lock");
        let locked = File::create(&lock).map_err(|error| unusable(&lock, error))?;
        let latest = Instant::now() + PATIENCE;
        loop {
            match locked.try_lock() {
                Ok(()) => return Ok(Self { path, _locked: locked }),
                Err(TryLockError::Error(error)) => return Err(unusable(&lock, error)),
                Err(TryLockError::WouldBlock) if Instant::now() < latest => tokio::time::sleep(LOOK).await,
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::failed(format!(
                        "a demo runs in {} already: wait for its end, or take another folder with --folder",
                        path.display()
                    )));
                }
            }
        }
    }

    /// The run that was not finished, if there is one.
    pub(super) fn unfinished(&self) -> Result<Option<Run>, Failure> {
        for path in self.runs()? {
            let state = fs::read(path.join("state.json")).ok();
            let state: Option<State> = state.and_then(|bytes| serde_json::from_slice(&bytes).ok());
            if state.is_some_and(|state| !state.finished) {
                return Ok(Some(Run { path, database: None, is_new: false }));
            }
        }
        Ok(None)
    }

    /// A new run over `database`, or over one of its own.
    pub(super) fn begin(&self, database: Option<DatabaseUrl>) -> Result<Run, Failure> {
        let mut id = [0; 4];
        SystemEntropy.fill(&mut id);
        let path = self.path.join(format!("{RUN}{:08x}", u32::from_be_bytes(id)));
        fs::create_dir(&path).map_err(|error| unusable(&path, error))?;
        let run = Run { path, database, is_new: true };
        run.save(false)?;
        Ok(run)
    }

    /// Removes all runs. Their emulators, if any live, end with their files.
    pub(super) fn clear(&self) -> Result<(), Failure> {
        for run in self.runs()? {
            fs::remove_dir_all(&run).map_err(|error| unusable(&run, error))?;
        }
        Ok(())
    }

    fn runs(&self) -> Result<Vec<PathBuf>, Failure> {
        let entries = fs::read_dir(&self.path).map_err(|error| unusable(&self.path, error))?;
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unusable(&self.path, error))?;
            if entry.file_name().to_string_lossy().starts_with(RUN) {
                runs.push(entry.path());
            }
        }
        Ok(runs)
    }
}

impl Run {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn site(&self) -> PathBuf {
        self.path.join("site.yaml")
    }

    pub(super) fn effects(&self) -> PathBuf {
        self.path.join("effects.jsonl")
    }

    pub(super) fn emulator_log(&self) -> PathBuf {
        self.path.join("emulator.log")
    }

    pub(super) fn run_file(&self) -> PathBuf {
        self.path.join("emulator.json")
    }

    /// The server's log, to be appended to.
    pub(super) fn log(&self) -> Result<File, Failure> {
        let path = self.path.join("server.log");
        OpenOptions::new().append(true).create(true).open(&path).map_err(|error| unusable(&path, error))
    }

    /// The reference to its design. No other run has it.
    pub(super) fn design(&self) -> Result<DesignRef, Failure> {
        let path = self.site();
        let url = Url::from_file_path(&path).map(String::from).unwrap_or_default();
        url.parse().map_err(|error| {
            Failure::usage(format!(
                "{} makes no reference; take another folder with --folder",
                path.display()
            ))
            .because(error)
        })
    }

    /// Its emulator, if that lives.
    pub(super) fn emulator(&self) -> Result<Option<Running>, Failure> {
        let path = self.run_file();
        RunFile::find(&path).map_err(|error| unusable(&path, error))
    }

    /// Lets the emulator end. One that is gone already needs nothing.
    pub(super) fn stop_emulator(&self) {
        if let Err(error) = fs::remove_file(self.run_file()) {
            tracing::debug!(%error, "no emulator to stop");
        }
    }

    /// Whether the database is one of its own, which nobody else uses.
    pub(super) fn owns_database(&self) -> bool {
        self.database.is_none()
    }

    /// The database that was named for it.
    pub(super) fn named_database(&self) -> Option<&DatabaseUrl> {
        self.database.as_ref()
    }

    pub(super) fn database(&self) -> DatabaseUrl {
        match &self.database {
            Some(database) => database.clone(),
            None => DatabaseUrl::Sqlite(self.path.join("drydock.db")),
        }
    }

    /// Goes on with the database that it began with, which must be named again: its password is not kept.
    pub(super) fn with_database(self, database: Option<DatabaseUrl>) -> Result<Self, Failure> {
        let path = self.path.join("state.json");
        let state = fs::read(&path).map_err(|error| unusable(&path, error))?;
        let state: State = serde_json::from_slice(&state).map_err(|error| unusable(&path, error.into()))?;
        if state.database == database.as_ref().map(ToString::to_string) {
            return Ok(Self { database, ..self });
        }
        let began =
            state.database.map_or_else(|| "no --database".to_owned(), |url| format!("--database {url}"));
        Err(Failure::usage(format!(
            "the unfinished demo was begun with {began}: give the same, or begin anew with --fresh"
        )))
    }

    /// Ends a run that nothing came of, so that it is not gone on with; one that has begun its work stays.
    pub(super) fn give_up(&self) -> Result<(), Failure> {
        if self.is_new {
            self.stop_emulator();
            self.finish()?;
        }
        Ok(())
    }

    /// Nothing is left to go on with.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        self.save(true)
    }

    fn save(&self, finished: bool) -> Result<(), Failure> {
        let state = State { database: self.database.as_ref().map(ToString::to_string), finished };
        let path = self.path.join("state.json");
        let new = self.path.join("state.json.new");
        let text = serde_json::to_vec(&state).map_err(|error| unusable(&path, error.into()))?;
        // In one piece: a kill leaves the old state or the new one.
        fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(|error| unusable(&path, error))
    }
}

/// Fails unless a demo with the design `ours`, or a new one, can work on `database`. Its emulator knows no other servers, so it
/// must not take up tasks that are not its own.
pub(super) async fn check_database(database: &DatabaseUrl, ours: Option<&DesignRef>) -> Result<(), Failure> {
    let store = database::open(database).await?;
    let query = TaskQuery { parents: ParentFilter::Roots, ..TaskQuery::default() };
    let tasks = store.task_list(&query).await;
    let tasks = tasks.map_err(|error| Failure::failed(format!("cannot read {database}")).because(error))?;
    for task in tasks {
        let input: Option<TaskInput> = task.input.decode().ok();
        let is_ours = input.is_some_and(|input| Some(&input.design_ref) == ours);
        if task.end.is_none() && !is_ours {
            return Err(Failure::failed(format!(
                "{database} has an unfinished task that is not the demo's ({}): give the demo a database of its own",
                task.id
            )));
        }
    }
    Ok(())
}

fn unusable(path: &Path, error: io::Error) -> Failure {
    Failure::usage(format!("cannot use {}", path.display())).because(error)
}
