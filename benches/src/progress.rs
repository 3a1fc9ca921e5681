//! What is shown on standard error while a scenario goes on.

use std::io::{IsTerminal as _, Write as _, stderr};

use crate::database::Kind;
use crate::scenario::Scenario;

/// Says what is going on in one line that is written over, and what is done in lines that stay.
pub(crate) struct Progress {
    place: String,
    terminal: bool,
}

impl Progress {
    pub(crate) fn new(store: Kind, scenario: Scenario) -> Self {
        Self { place: format!("{store} {scenario}"), terminal: stderr().is_terminal() }
    }

    /// What is going on. Not shown where lines cannot be written over.
    pub(crate) fn now(&self, so_far: &str) {
        if self.terminal {
            eprint!("\r\x1b[K{}: {so_far}", self.place);
            // A screen that is gone is no reason to stop.
            let _unseen = stderr().flush().is_err();
        }
    }

    /// What came of it.
    pub(crate) fn done(&self, result: &str) {
        let over = if self.terminal { "\r\x1b[K" } else { "" };
        eprintln!("{over}{}: {result}", self.place);
    }
}
