//! Following a task: where each of its nodes stands, asked for again and again, shown as bars or as lines.

mod bars;
mod lines;
mod look;

use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;
use super::output::{self, Format};
use crate::client::Client;
use bars::Bars;
use lines::Lines;
pub(super) use look::{Look, Share, Watcher, name_of, parse_time};

/// How long a server that answered before may be away: long enough for a restart.
const PATIENCE: Duration = Duration::from_mins(1);

/// How progress looks.
pub(super) enum View {
    /// A bar for each node, on a terminal.
    Bars(Bars),
    /// A line for each change.
    Lines(Lines),
}

impl View {
    /// Bars where they can move, lines elsewhere; lines of JSON if asked for.
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Table if output::is_terminal() => Self::Bars(Bars::new()),
            format @ (Format::Table | Format::Json) => Self::Lines(Lines::new(format)),
        }
    }

    /// Shows where things stand.
    pub(super) fn show(&mut self, look: &Look) -> Result<(), Failure> {
        match self {
            Self::Bars(bars) => {
                bars.show(look);
                Ok(())
            }
            Self::Lines(lines) => lines.show(look),
        }
    }

    /// Says something between.
    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Bars(bars) => {
                bars.say(text);
                Ok(())
            }
            Self::Lines(lines) => lines.say(text),
        }
    }

    /// Forgets the task that was shown, for the next one.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Bars(bars) => bars.clear(),
            Self::Lines(lines) => lines.clear(),
        }
    }
}

/// Follows a task to its end, looking every `pause`; the result is the last look. A server that is away for a while is waited for.
///
/// Cancel-safe: a dropped call has changed nothing.
pub(super) async fn follow(
    client: &Client,
    task: &str,
    pause: Duration,
    view: &mut View,
) -> Result<Look, Failure> {
    let mut watcher = Watcher::new(client.clone(), task);
    let mut answered: Option<Instant> = None;
    let mut away = false;
    loop {
        match watcher.look().await {
            Ok(look) => {
                answered = Some(Instant::now());
                away = false;
                view.show(&look)?;
                if look.is_final() {
                    return Ok(look);
                }
            }
            Err(error) => {
                let waits = error.is_passing() && answered.is_some_and(|at| at.elapsed() < PATIENCE);
                if !waits {
                    return Err(error.into());
                }
                if !away {
                    view.say("the server does not answer; asking again")?;
                }
                away = true;
            }
        }
        tokio::time::sleep(pause).await;
    }
}
