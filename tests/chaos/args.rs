//! The command line: its own words, and those that `cargo test` passes to every test program.

use std::path::PathBuf;
use std::time::Duration;

/// How long chaos lasts on each store when nothing is said.
const USUAL: Duration = Duration::from_mins(1);

/// Where the tasks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Sqlite,
    Postgres,
}

impl StoreKind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// What a worker is told.
#[derive(Debug)]
pub(crate) struct WorkerArgs {
    pub(crate) url: String,
    pub(crate) name: String,
    /// The file of its ledger.
    pub(crate) ledger: PathBuf,
    /// It submits tasks until this file is there.
    pub(crate) stop: PathBuf,
}

#[derive(Debug)]
pub(crate) enum Mode {
    Worker(WorkerArgs),
    Chaos(Vec<StoreKind>),
}

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) mode: Mode,
    pub(crate) time: Duration,
}

impl Args {
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let words: Vec<String> = words.collect();
        if let [word, url, name, ledger, stop] = words.as_slice()
            && word == "worker"
        {
            let (url, name) = (url.clone(), name.clone());
            let worker = WorkerArgs { url, name, ledger: ledger.into(), stop: stop.into() };
            return Ok(Self { mode: Mode::Worker(worker), time: USUAL });
        }
        let mut stores = vec![StoreKind::Sqlite, StoreKind::Postgres];
        let mut time = USUAL;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--minutes" => {
                    let minutes = words.next().and_then(|text| text.parse::<f64>().ok());
                    let minutes = minutes.filter(|minutes| (0.0..=100_000.0).contains(minutes));
                    time = Duration::from_mins(1).mul_f64(minutes.ok_or("--minutes takes a number")?);
                }
                "--store" => match words.next().as_deref() {
                    Some("sqlite") => stores.retain(|it| *it == StoreKind::Sqlite),
                    Some("postgres") => stores.retain(|it| *it == StoreKind::Postgres),
                    _ => return Err("--store takes `sqlite` or `postgres`".to_owned()),
                },
                // libtest's, with a value of their own.
                "--test-threads" | "--skip" | "--format" | "--color" | "-Z" => {
                    words.next();
                }
                "--list" => stores.clear(),
                other if other.starts_with('-') => {}
                // A filter, as libtest has it.
                filter => stores.retain(|it| format!("chaos_on_{}", it.word()).contains(filter)),
            }
        }
        Ok(Self { mode: Mode::Chaos(stores), time })
    }
}
