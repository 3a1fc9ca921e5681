//! Real processes of the program: started, listened to, killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The longest that a test waits for anything; reached only when something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_mins(4);

/// A running `drydock`. Killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    pub(crate) fn start(args: &[&str], env: &[(&str, &str)]) -> Self {
        Self::start_with_log(args, env, Stdio::inherit())
    }

    /// The same; its standard error goes to `log`.
    pub(crate) fn start_with_log(args: &[&str], env: &[(&str, &str)], log: impl Into<Stdio>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_drydock"))
            .args(args)
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            // The test may have stopped listening.
            output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok())
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// The first line of its output in which `wanted` finds something.
    pub(crate) fn line<T>(&mut self, what: &str, wanted: impl Fn(&str) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(found) = wanted(&line) {
                        return found;
                    }
                    self.seen.push(line);
                }
                Err(RecvTimeoutError::Timeout) => panic!("waited in vain for {what}; seen: {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    let ended = self.child.wait().unwrap();
                    panic!("it ended ({ended}) before {what}; seen: {:#?}", self.seen)
                }
            }
        }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill().is_err();
        let _waited = self.child.wait().is_err();
    }
}
