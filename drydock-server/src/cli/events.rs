//! `drydock events`: what the instances committed, event by event.

use std::time::Duration;

use clap::Args;
use drydock_core::journal::{FeedCommit, FeedCursor, FeedEvent, FeedEventKind};
use drydock_core::{TaskId, Timestamp};
use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{self, Format};
use super::server::Server;
use super::signals::Signals;
use super::units;
use crate::client::Client;

/// Shows what happened to tasks, from the oldest event that is kept, or from a cursor or a time on.
#[derive(Debug, Args)]
#[command(after_help = "\
One line for each event; with --format json an object, with the epoch and number of the commit that it
belongs to. At the end, the cursor from which to go on is told on standard error.

Examples:
  drydock events --task 01918b3c-7a56-7c3e-9d54-0242ac120002
  drydock events --since 2026-02-03T04:05:06Z --follow
  drydock events --after 3.5-120 --format json | jq 'select(.event == \"step_failed\")'")]
pub(super) struct Events {
    /// Only of the task with this id
    #[arg(long, value_name = "ID")]
    task: Option<TaskId>,
    /// What came after this cursor
    #[arg(long, value_name = "CURSOR", default_value_t, hide_default_value = true, conflicts_with = "since")]
    after: FeedCursor,
    /// What was committed at this time, or later
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Goes on until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// How often to look for more
    #[arg(long, default_value = "1s", value_name = "TIME", value_parser = units::some_duration, requires = "follow")]
    interval: Duration,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    server: Server,
}

/// An event as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    epoch: i64,
    seq: u64,
    #[serde(flatten)]
    event: &'a FeedEvent,
}

impl Events {
    pub(super) async fn run(mut self) -> Result<Exit, Failure> {
        let client = self.server.client()?;
        let mut signals = Signals::listen()?;
        let end = tokio::select! {
            end = self.read(&client) => end.map(|()| Exit::Done),
            () = signals.next() => Ok(Exit::Interrupted),
        };
        if end.is_ok() {
            output::note(&format!("go on with --after {}", self.after));
        }
        end
    }

    async fn read(&mut self, client: &Client) -> Result<(), Failure> {
        loop {
            let page = match client.events(&self.after, self.since, self.task).await {
                // A server that is restarted is waited for.
                Err(error) if self.follow && error.is_passing() => {
                    tokio::time::sleep(self.interval).await;
                    continue;
                }
                page => page?,
            };
            for commit in &page.commits {
                self.tell(commit)?;
            }
            self.after = page.next;
            self.since = None;
            if !page.more {
                if !self.follow {
                    return Ok(());
                }
                tokio::time::sleep(self.interval).await;
            }
        }
    }

    fn tell(&self, FeedCommit { epoch, seq, events, .. }: &FeedCommit) -> Result<(), Failure> {
        for event in events {
            match self.format {
                Format::Json => output::json_line(&Line { epoch: epoch.get(), seq: *seq, event })?,
                Format::Table => {
                    let at = event.at.format("%Y-%m-%d %H:%M:%S%.3f");
                    output::line(&format!("{at}  {}  {}", event.task, words(&event.kind)))?;
                }
            }
        }
        Ok(())
    }
}

/// What happened, for a person.
fn words(kind: &FeedEventKind) -> String {
    match kind {
        FeedEventKind::TaskStarted => "the task begins".to_owned(),
        FeedEventKind::TaskQueued => "the task is queued".to_owned(),
        FeedEventKind::StepDone { step, attempt: 1 } => format!("{step}: done"),
        FeedEventKind::StepDone { step, attempt } => format!("{step}: done with attempt {attempt}"),
        FeedEventKind::StepFailed { step, attempt, message } => {
            format!("{step}: failed with attempt {attempt}: {message}")
        }
        FeedEventKind::StepSkipped { step, reason } => format!("{step}: skipped: {reason}"),
        FeedEventKind::StepReopened { step, .. } => format!("{step}: is tried again"),
        FeedEventKind::AttemptFailed { step, attempt, message } => {
            format!("{step}: attempt {attempt} failed: {message}")
        }
        FeedEventKind::StepWaits { step, wait, .. } => format!("{step}: waits for {}", output::word(wait)),
        FeedEventKind::Marked { step, name } => format!("{step}: noted {name:?}"),
        FeedEventKind::SignalTaken { step, signal } => format!("{step}: took signal {signal}"),
        FeedEventKind::MessageSaid { error: false, text, .. } => format!("said: {text}"),
        FeedEventKind::MessageSaid { error: true, text, .. } => format!("error: {text}"),
        FeedEventKind::TaskCompleted => "the task completed".to_owned(),
        FeedEventKind::TaskFailed { message } => format!("the task failed: {message}"),
        FeedEventKind::TaskCancelled { by } => format!("the task was cancelled by {by}"),
        // What a later version tells.
        other => output::word(other),
    }
}
