//! A program started for each attempt: the job on its standard input, the answer on its standard output.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::Payload;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio_util::sync::CancellationToken;

use super::wire::{JobDocument, Line};
use super::{Executor, Job};
use crate::outcome::{StepError, StepResult};

/// `EX_TEMPFAIL` of `sysexits.h`: the program asks for another attempt.
const TRY_AGAIN: i32 = 75;

/// Runs a program for each attempt.
///
/// The program reads a [`JobDocument`] from its standard input and prints [`Line`]s; see [`wire`](super::wire). It runs in a process
/// group of its own with nothing of this process's environment but `PATH` and what [`Subprocess::env`] gives it. When the task is
/// cancelled the group gets `SIGTERM`, and after the grace `SIGKILL`; an outcome that it gives in between counts. When the step's time is
/// over, or the instance loses its lease, the group gets `SIGKILL` at once. A program outlives an engine that is killed itself: the fence token in its job is there to be passed on.
///
/// An exit without an outcome is a failure: exit status 75 (`EX_TEMPFAIL`) asks for another attempt, any other is final; the end of what
/// was printed to standard error is its message.
#[derive(Debug, Clone)]
pub struct Subprocess {
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    output_max: usize,
    error_max: usize,
    grace: Duration,
}

impl Subprocess {
    /// Runs `program`, looked for in `PATH` if it is a bare name.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            folder: None,
            output_max: 1 << 20,
            error_max: 4 << 10,
            grace: Duration::from_secs(10),
        }
    }

    /// Adds an argument. Arguments can be seen by every user of the machine: a secret belongs into the environment, or a file.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets a variable of the program's environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Runs the program in `folder`.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The most that the program may print to its standard output, in bytes; 1 MiB unless said otherwise.
    #[must_use]
    pub const fn output_max(mut self, bytes: usize) -> Self {
        self.output_max = bytes;
        self
    }

    /// How long the program may go on after `SIGTERM`; 10 seconds unless said otherwise.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    fn spawn(&self) -> Result<Group, StepError> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.process_group(0).kill_on_drop(true).spawn().map_err(|error| {
            StepError::permanent(format!("program {} cannot be started: {error}", self.program.display()))
        })?;
        Ok(Group { leader: child.id().and_then(|id| Pid::from_raw(id.cast_signed())), child })
    }

    /// Tells the job, reads the answer, and waits for the end.
    async fn converse(&self, job: &Job, child: &mut Child) -> Result<Answer, StepError> {
        let document = serde_json::to_vec(&JobDocument::of(job)?)
            .map_err(|error| StepError::bug(format!("the job cannot be written as JSON: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(StepError::bug("the program was started without its three streams"));
        };
        let ((), outcome, complaint) =
            tokio::join!(tell(stdin, document), self.listen(job, stdout), last(stderr, self.error_max));
        let status = child.wait().await;
        let status = status
            .map_err(|error| StepError::retryable(format!("the program cannot be waited for: {error}")))?;
        Ok(Answer { outcome: outcome?, status, complaint })
    }

    /// Reads lines to the end of the program's output; the last outcome among them.
    async fn listen(
        &self,
        job: &Job,
        stdout: impl AsyncRead + Unpin,
    ) -> Result<Option<StepResult<Payload>>, StepError> {
        let most = u64::try_from(self.output_max).unwrap_or(u64::MAX);
        // One byte more than allowed tells that there is more.
        let mut lines = BufReader::new(stdout.take(most.saturating_add(1)));
        let (mut line, mut outcome, mut read) = (Vec::new(), None, 0);
        loop {
            line.clear();
            let count = lines.read_until(b'\n', &mut line).await;
            read += count.map_err(|error| {
                StepError::retryable(format!("what the program prints cannot be read: {error}"))
            })?;
            if read > self.output_max {
                return Err(StepError::permanent(format!(
                    "the program printed more than {} bytes: store large data elsewhere and return where it is",
                    self.output_max
                )));
            }
            match line.trim_ascii() {
                [] if line.is_empty() => return Ok(outcome),
                [] => {}
                text => outcome = Line::read(text)?.apply(job)?.or(outcome),
            }
        }
    }
}

#[async_trait]
impl Executor for Subprocess {
    async fn run(&self, job: Job) -> StepResult<Payload> {
        let mut group = self.spawn()?;
        let (leader, cancelled) = (group.leader, job.ctx.cancelled());
        // It is listened to until it ends: closed streams would kill a program that says what it tidies up.
        let answer = tokio::select! {
            biased;
            answer = self.converse(&job, &mut group.child) => answer,
            () = ask_to_stop(cancelled, leader, self.grace) => return Err(StepError::cancelled()),
        };
        match answer {
            Ok(Answer { outcome: Some(outcome), status, .. }) if status.success() || outcome.is_err() => {
                outcome
            }
            _ if cancelled.is_cancelled() => Err(StepError::cancelled()),
            Ok(Answer { status, complaint, .. }) => Err(failed(status, &complaint)),
            Err(error) => Err(error),
        }
    }
}

/// What a program said to its end.
struct Answer {
    outcome: Option<StepResult<Payload>>,
    status: ExitStatus,
    complaint: String,
}

/// A program and all that it started. Dropped, what is left of it is killed.
struct Group {
    child: Child,
    leader: Option<Pid>,
}

impl Drop for Group {
    fn drop(&mut self) {
        signal(self.leader, Signal::KILL);
    }
}

/// Asks the program to stop once its task is cancelled; ends when it had its time for that.
async fn ask_to_stop(cancelled: &CancellationToken, leader: Option<Pid>, grace: Duration) {
    cancelled.cancelled().await;
    signal(leader, Signal::TERM);
    tokio::time::sleep(grace).await;
}

/// A group that is gone needs no telling.
fn signal(leader: Option<Pid>, signal: Signal) {
    if let Some(leader) = leader {
        let _gone = kill_process_group(leader, signal).is_err();
    }
}

/// Writes the job and closes the stream. A program that does not read is judged by what it answers.
async fn tell(mut stdin: ChildStdin, mut document: Vec<u8>) {
    document.push(b'\n');
    let _unread = stdin.write_all(&document).await.is_err();
}

/// Reads to the end, and keeps the last `max` bytes.
async fn last(mut stream: impl AsyncRead + Unpin, max: usize) -> String {
    let (mut kept, mut chunk) = (Vec::new(), vec![0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..count]);
        let surplus = kept.len().saturating_sub(max);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}

fn failed(status: ExitStatus, complaint: &str) -> StepError {
    let said = if complaint.is_empty() { String::new() } else { format!(": {complaint}") };
    match status.code() {
        Some(0) => StepError::permanent(format!("the program ended without an outcome{said}")),
        Some(TRY_AGAIN) => StepError::retryable(format!("the program asks for another attempt{said}")),
        Some(code) => StepError::permanent(format!("the program ended with exit status {code}{said}")),
        None => StepError::retryable(format!("the program was killed ({status}){said}")),
    }
}
