//! The command line: its own words, and those that `cargo test` passes to every test program.

use std::path::PathBuf;
use std::time::Duration;

/// How long chaos lasts on each store when nothing is said.
const USUAL: Duration = Duration::from_mins(1);

/// How long it takes to see that the oracle bites.
const BITE: Duration = Duration::from_secs(8);

/// Where the tasks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    Sqlite,
    Postgres,
}

/// Whether the workers are as they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Well,
    /// They believe in their commits before these are made: the oracle has to find it.
    Broken,
}

impl Health {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Broken => "broken",
        }
    }
}

/// One run of chaos.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) store: StoreKind,
    pub(crate) health: Health,
    pub(crate) time: Duration,
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
    pub(crate) health: Health,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Mode {
    Worker(WorkerArgs),
    Chaos(Vec<Case>),
}

impl Mode {
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let words: Vec<String> = words.collect();
        if let [word, url, name, ledger, stop, health] = words.as_slice()
            && word == "worker"
        {
            let health = if health == "broken" { Health::Broken } else { Health::Well };
            let (url, name) = (url.clone(), name.clone());
            return Ok(Self::Worker(WorkerArgs {
                url,
                name,
                ledger: ledger.into(),
                stop: stop.into(),
                health,
            }));
        }
        let case = |name, store| Case { name, store, health: Health::Well, time: USUAL };
        let mut cases = vec![
            Case {
                health: Health::Broken,
                time: BITE,
                ..case("the_oracle_finds_broken_workers", StoreKind::Sqlite)
            },
            case("chaos_on_sqlite", StoreKind::Sqlite),
            case("chaos_on_postgres", StoreKind::Postgres),
        ];
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--minutes" => {
                    let minutes = words.next().and_then(|text| text.parse::<f64>().ok());
                    let minutes = minutes.filter(|minutes| (0.0..=100_000.0).contains(minutes));
                    let time = Duration::from_mins(1).mul_f64(minutes.ok_or("--minutes takes a number")?);
                    cases.retain(|case| case.health == Health::Well);
                    for case in &mut cases {
                        case.time = time;
                    }
                }
                "--store" => match words.next().as_deref() {
                    Some("sqlite") => cases.retain(|case| case.store == StoreKind::Sqlite),
                    Some("postgres") => cases.retain(|case| case.store == StoreKind::Postgres),
                    _ => return Err("--store takes `sqlite` or `postgres`".to_owned()),
                },
                // libtest's, with a value of their own.
                "--test-threads" | "--skip" | "--format" | "--color" | "-Z" => {
                    words.next();
                }
                "--list" => cases.clear(),
                other if other.starts_with('-') => {}
                // A filter, as libtest has it.
                filter => cases.retain(|case| case.name.contains(filter)),
            }
        }
        Ok(Self::Chaos(cases))
    }
}
