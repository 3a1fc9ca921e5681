//! A process that a scenario begins and kills: an instance with tasks that stay inside a step.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drydock_core::journal::Journal;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Bench;
use super::running::held_and_counted;
use super::start::start_all;
use crate::Failure;
use crate::database::Target;
use crate::load::engine;

/// What it is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) target: Target,
    /// The instance's name.
    pub(super) name: String,
    /// How many tasks it begins.
    pub(super) begins: u64,
    /// How many tasks it says to have inside a step.
    pub(super) has: u64,
}

/// What it says once it has as many tasks as it should.
const READY: &str = "ready";

/// The part of this process, if it is such a one: it ends by being killed.
pub(crate) async fn run() -> Result<(), Failure> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let part: Part = serde_json::from_str(&line)?;
    let (_gate, opened) = watch::channel(false);
    let inside = Arc::new(AtomicU64::new(0));
    let workflow = held_and_counted(opened, &inside)?;
    let store = part.target.store().await? as Arc<dyn Journal>;
    let engine = engine(store, &part.name, &workflow, usize::try_from(part.has)? + 1).await?;
    start_all(&engine, &workflow, part.begins, 256).await?;
    until(&inside, part.has).await;
    println!("{READY}");
    std::io::stdout().flush()?;
    std::future::pending::<()>().await;
    Ok(())
}

/// Waits until so many tasks are inside a step.
pub(super) async fn until(inside: &AtomicU64, count: u64) {
    while inside.load(Ordering::Relaxed) < count {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Such a process. Dropped, it is killed.
pub(super) struct Process(Child);

impl Process {
    /// Begins one and waits until it has its tasks.
    pub(super) async fn ready(bench: &Bench<'_>, part: &Part) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(bench.prefix).arg("--child").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Self(command.spawn()?);
        let (Some(mut stdin), Some(stdout)) = (process.0.stdin.take(), process.0.stdout.take()) else {
            return Err("the process was begun without its streams".into());
        };
        // By its standard input, for a database's URL may hold a password.
        stdin.write_all(&serde_json::to_vec(part)?)?;
        stdin.write_all(b"\n")?;
        drop(stdin);
        let said = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        match said.await?? {
            line if line.trim() == READY => Ok(process),
            _ => Err(format!("the process that was to hold {} tasks ended", part.has).into()),
        }
    }

    /// Kills it, as `kill -9` does.
    pub(super) fn kill(mut self) -> Result<(), Failure> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that was killed before needs it no more.
        let _gone = self.0.kill().is_err() | self.0.wait().is_err();
    }
}
