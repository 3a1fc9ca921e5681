//! What is shown on standard error while the rounds go on.

use std::io::{IsTerminal as _, Write as _, stderr};

/// Says what is going on in one line that is written over, and what is done in lines that stay.
pub(crate) struct Progress {
    store: &'static str,
    rounds: usize,
    round: usize,
    terminal: bool,
}

impl Progress {
    pub(crate) fn new(store: &'static str, rounds: usize) -> Self {
        Self { store, rounds, round: 0, terminal: stderr().is_terminal() }
    }

    /// The next round, of this kind, begins.
    pub(crate) fn begin(&mut self, kind: &str) {
        self.round += 1;
        self.now(kind, "");
    }

    /// What a round has come to so far. Not shown where lines cannot be written over.
    pub(crate) fn now(&self, kind: &str, so_far: &str) {
        if self.terminal {
            eprint!("\r\x1b[K{}: round {} of {}, {kind} {so_far}", self.store, self.round, self.rounds);
            // A screen that is gone is no reason to stop.
            let _unseen = stderr().flush().is_err();
        }
    }

    /// What a round came to.
    pub(crate) fn done(&self, kind: &str, result: &str) {
        let over = if self.terminal { "\r\x1b[K" } else { "" };
        eprintln!("{over}{}: round {} of {}, {kind}: {result}", self.store, self.round, self.rounds);
    }
}
