//! The ledger of effects: one file per process, a line when a body begins and one when it ends. It knows nothing of the database. A
//! line is one write to a file opened for appending, so it outlives `kill -9` whole.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use drydock::core::{Clock as _, SignalId, SystemClock, TaskId};
use drydock::workflow::{StepContext, StepError};

use crate::Failure;

/// The time, in microseconds; all processes are on one machine.
pub(crate) fn now() -> i64 {
    SystemClock.now().timestamp_micros()
}

/// A process's ledger. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ledger(Arc<File>);

impl Ledger {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        Ok(Self(Arc::new(File::options().create(true).append(true).open(path)?)))
    }

    fn line(&self, text: &str) -> Result<(), StepError> {
        let written = (&*self.0).write_all(format!("{text}\n").as_bytes());
        written.map_err(|error| StepError::permanent(format!("the ledger cannot be written: {error}")))
    }

    /// A task was started, and its start acknowledged.
    pub(crate) fn started(&self, task: TaskId, shape: &str, input: u64) -> Result<(), StepError> {
        self.line(&format!("started {task} {shape} {input} 0 {}", now()))
    }

    /// A body has a signal.
    pub(crate) fn took(&self, ctx: &StepContext, signal: SignalId) -> Result<(), StepError> {
        let (task, fence) = ctx.fence();
        self.line(&format!("took {task} {}/{signal} {fence} {} {}", ctx.key(), ctx.attempt(), now()))
    }

    /// A body begins to act.
    pub(crate) fn begin(&self, ctx: &StepContext) -> Result<Effect, StepError> {
        self.begin_as(ctx, &ctx.key().to_string())
    }

    /// The same for something that has a name of its own.
    pub(crate) fn begin_as(&self, ctx: &StepContext, what: &str) -> Result<Effect, StepError> {
        let (task, fence) = ctx.fence();
        let about = format!("{task} {what} {fence} {}", ctx.attempt());
        let effect = Effect { ledger: self.clone(), about, over: false };
        self.line(&format!("begin {} {}", effect.about, now()))?;
        Ok(effect)
    }
}

/// An effect under way. Dropped before its end, it says so.
#[must_use = "an effect ends, or is dropped"]
pub(crate) struct Effect {
    ledger: Ledger,
    about: String,
    over: bool,
}

impl Effect {
    /// The body is done.
    pub(crate) fn end(mut self, ledger: &Ledger) -> Result<(), StepError> {
        self.over = true;
        ledger.line(&format!("end {} {}", self.about, now()))
    }
}

impl Drop for Effect {
    fn drop(&mut self) {
        if !self.over {
            // Nobody is left to hear of an error.
            let _unwritten = self.ledger.line(&format!("drop {} {}", self.about, now())).is_err();
        }
    }
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Started,
    Begin,
    End,
    Drop,
    Took,
}

/// A line of a ledger. Of a start, `step` is the shape and `fence` the input; of a signal, `step` is the step and the signal.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) verb: Verb,
    pub(crate) task: TaskId,
    pub(crate) step: String,
    pub(crate) fence: u64,
    pub(crate) attempt: u32,
    pub(crate) at: i64,
}

impl FromStr for Line {
    type Err = Failure;

    fn from_str(line: &str) -> Result<Self, Failure> {
        let words: Vec<&str> = line.split(' ').collect();
        let [verb, task, step, fence, attempt, at] = words[..] else {
            return Err(format!("not a line of a ledger: {line:?}").into());
        };
        let verb = match verb {
            "started" => Verb::Started,
            "begin" => Verb::Begin,
            "end" => Verb::End,
            "drop" => Verb::Drop,
            "took" => Verb::Took,
            _ => return Err(format!("not a line of a ledger: {line:?}").into()),
        };
        Ok(Self {
            verb,
            task: task.parse()?,
            step: step.to_owned(),
            fence: fence.parse()?,
            attempt: attempt.parse()?,
            at: at.parse()?,
        })
    }
}
