//! Starting the process that fills in a template, and understanding how it ended.

use std::io::{self, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread::Builder;
use std::time::Duration;

use drydock_core::ExposeSecret as _;
use drydock_core::boot_action::{CONTENT_MAX, FillJob, Reached, RenderProblem, TemplateFiller};
use rustix::process::Signal;

use super::COMMAND;
use super::limits::{MEMORY_MIB, SECONDS};
use super::outcome::Outcome;
use super::places::Places;

/// How many templates are filled in at once.
const AT_ONCE: usize = 4;

/// How long a template waits for others; with `ANSWER`, less than a request may take.
const WAIT: Duration = Duration::from_secs(10);

/// How long an answer is waited for. The process itself ends long before, unless the machine has no time for it.
const ANSWER: Duration = Duration::from_secs(40);

/// The longest answer, in bytes: JSON writes a byte with six at the most, and has a little around the text.
const ANSWER_MAX: u64 = 6 * CONTENT_MAX as u64 + 1024;

/// How much of what the process tells of its own end is read, in bytes.
const WORDS_MAX: u64 = 4096;

/// The exit code of a Rust program that panicked.
const PANICKED: i32 = 101;

/// Fills in each template in a process of its own: the `drydock` program once more, which limits its memory and its time.
#[derive(Debug)]
pub struct ChildProcess {
    program: PathBuf,
    places: Places,
}

/// How a process ended. It has no `Debug`: the output may hold a key.
struct Ended {
    status: ExitStatus,
    output: Vec<u8>,
    words: String,
}

impl ChildProcess {
    /// By this `drydock` program, which must be of the same version as what calls this.
    pub const fn new(program: PathBuf) -> Self {
        Self { program, places: Places::new(AT_ONCE) }
    }

    /// By the program that runs now, which must be `drydock`. An error if it cannot be found any more.
    pub fn of_this_program() -> io::Result<Self> {
        // Leads to what runs, even when the file has been replaced by another version or removed.
        let own = Path::new("/proc/self/exe");
        Ok(Self::new(if own.exists() { own.to_owned() } else { std::env::current_exe()? }))
    }

    fn start(&self) -> io::Result<Child> {
        Command::new(&self.program)
            .arg0("drydock")
            .arg(COMMAND)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }
}

impl TemplateFiller for ChildProcess {
    fn fill(&self, job: &FillJob) -> Result<String, RenderProblem> {
        let unable = |problem: &dyn std::fmt::Display| RenderProblem::NoFiller(problem.to_string());
        let json = job.to_json().map_err(|error| unable(&error))?;
        let Some(_place) = self.places.take(WAIT) else {
            return Err(unable(&"too many others are being filled in; try again later"));
        };
        let child = self
            .start()
            .map_err(|error| unable(&format!("cannot start {} for it: {error}", self.program.display())))?;
        let ended = converse(child, json.expose_secret().as_bytes());
        let Some(Ended { status, output, words }) = ended.map_err(|error| unable(&error))? else {
            return Err(unable(&format!(
                "no answer came within {} s; the machine is too busy",
                ANSWER.as_secs()
            )));
        };
        if !status.success() {
            return Err(why(status, &words));
        }
        let outcome: Outcome = serde_json::from_slice(&output)
            .map_err(|_| unable(&format!("{} gave no answer that can be read", self.program.display())))?;
        outcome.into_result()
    }
}

/// Tells the process its job and hears it out; nothing if it does not end in time. It has ended when this returns.
fn converse(mut child: Child, job: &[u8]) -> io::Result<Option<Ended>> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(io::Error::other("the process has no pipes"));
    };
    std::thread::scope(|scope| {
        let (done, finished) = channel();
        let talk = Builder::new().spawn_scoped(scope, move || {
            // A process that ends before it has read all says so by its status.
            let _broken = stdin.write_all(job).is_err();
            drop(stdin);
            let output = read(stdout, ANSWER_MAX);
            let _late = done.send(()).is_err();
            output
        });
        let words = Builder::new().spawn_scoped(scope, move || read(stderr, WORDS_MAX));
        // Without somebody who listens on both, it is not waited for.
        let in_time = talk.is_ok() && words.is_ok() && finished.recv_timeout(ANSWER).is_ok();
        // Whoever has answered is about to end; what has not, is ended.
        let status = if in_time { child.wait() } else { child.kill().and_then(|()| child.wait()) };
        let gone = |_| io::Error::other("a thread that listened to it failed");
        let (output, words) = (talk?.join().map_err(gone)?, words?.join().map_err(gone)?);
        let words = String::from_utf8_lossy(&words).into_owned();
        Ok(in_time.then_some(Ended { status: status?, output, words }))
    })
}

/// What comes out of a pipe, up to `most` bytes. The pipe is closed then, so that nobody goes on writing into it.
fn read(pipe: impl Read, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What cannot be read is missing, and makes no answer.
    let _broken = pipe.take(most).read_to_end(&mut bytes).is_err();
    bytes
}

/// Why a process ended that did not fill in its template. What it wrote is looked at and never told: it may hold the key.
fn why(status: ExitStatus, words: &str) -> RenderProblem {
    let stopped = RenderProblem::Stopped;
    let overflowed = words.contains("has overflowed its stack");
    match status.signal().and_then(Signal::from_named_raw) {
        Some(Signal::XCPU) => stopped(Reached::Time(SECONDS)),
        Some(Signal::SEGV | Signal::BUS) => stopped(Reached::Stack),
        Some(Signal::ABORT) if overflowed => stopped(Reached::Stack),
        Some(Signal::ABORT) => stopped(Reached::Memory(MEMORY_MIB)),
        Some(Signal::KILL) => RenderProblem::NoFiller(
            "the process that does it was killed; most likely the machine has too little memory".to_owned(),
        ),
        _ if status.code() == Some(PANICKED) => RenderProblem::Template(
            "the program that fills it in failed on it, which is a defect of drydock: write it in another way".to_owned(),
        ),
        // Its own words for what it could not do: they quote nothing.
        _ if status.code() == Some(1) && !words.is_empty() => RenderProblem::NoFiller(format!("the process that does it says: {}", words.trim())),
        _ => RenderProblem::NoFiller(format!("the process that does it ended with {status}")),
    }
}
