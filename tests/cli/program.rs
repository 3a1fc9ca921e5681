//! Running the program: to its end, or beside the test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The longest that a test waits for anything; reached only when something is broken.
const PATIENCE: Duration = Duration::from_mins(2);

/// The program, without what the user's environment would tell it.
pub(crate) fn drydock(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.args(args).stdin(Stdio::null());
    for name in
        ["DRYDOCK_URL", "DRYDOCK_DATABASE", "MAAS_API_KEY", "RUST_LOG", "XDG_DATA_HOME", "XDG_STATE_HOME"]
    {
        command.env_remove(name);
    }
    command
}

/// What a program that ended has left.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program to its end.
pub(crate) fn run(args: &[&str]) -> Ended {
    Running::start(drydock(args)).end()
}

/// A program beside the test. Killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
    seen: String,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            // The test may have stopped listening.
            output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok())
        });
        let (sender, errors) = channel();
        let mut output = child.stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _unreadable = output.read_to_string(&mut text).is_err();
            let _unheard = sender.send(text).is_err();
        });
        Self { child, lines, errors, seen: String::new() }
    }

    /// The first further line of its output with `text` in it.
    pub(crate) fn line(&mut self, text: &str) -> String {
        loop {
            match self.next_line() {
                Some(line) if line.contains(text) => return line,
                Some(_) => {}
                None => panic!("it ended without a line with {text:?}:\n{}\n{}", self.seen, self.errors()),
            }
        }
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        while self.next_line().is_some() {}
        let stderr = self.errors();
        let status: ExitStatus = self.child.wait().unwrap();
        Ended { code: status.code(), stdout: std::mem::take(&mut self.seen), stderr }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal, `INT` or `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    fn next_line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.seen.push_str(&line);
                self.seen.push('\n');
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("it says nothing more, after:\n{}", self.seen),
        }
    }

    fn errors(&self) -> String {
        self.errors.recv_timeout(PATIENCE).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill().is_err();
        let _waited = self.child.wait().is_err();
    }
}

/// Waits until something holds.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    // Nobody sends: it is only the pause between two looks.
    let (_silent, pause) = channel::<()>();
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        let _timeout = pause.recv_timeout(Duration::from_millis(20)).is_err();
    }
}

/// The two-racks site in `folder`, with its BMCs on a port that nobody has now; the file and the port.
pub(crate) fn site(folder: &Path) -> (PathBuf, u16) {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sites/two-racks.yaml");
    let port = UdpSocket::bind("127.0.10.1:0").unwrap().local_addr().unwrap().port();
    let text = std::fs::read_to_string(fixture).unwrap().replace("port: 6230", &format!("port: {port}"));
    let path = folder.join("site.yaml");
    std::fs::write(&path, text).unwrap();
    (path, port)
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
