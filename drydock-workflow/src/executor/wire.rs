//! What the engine and a program outside of it say to each other: one JSON document for the job, lines of JSON for the answer.
//!
//! A program is told, in one document ([`JobDocument`]):
//!
//! ```json
//! {"task": "0190…", "step": "wipe[3]", "attempt": 1, "may_have_run": false, "idempotency_key": "5f0c…", "fence": 2,
//!  "deadline": null, "input": {"disk": "sda"}, "job": {"passes": 3}}
//! ```
//!
//! It answers with lines ([`Line`]), any number of messages, figures of its progress and facts to record, and then one outcome:
//!
//! ```json
//! {"say": {"text": "half of it is wiped"}}
//! {"progress": {"done": 3, "total": 6, "text": "passes"}}
//! {"record": {"about": ["disk", "sda"], "by": "smartctl", "json": {"hours": 9120}}}
//! {"done": {"wiped": true}}
//! ```
//!
//! A fact's data may also be text: `"text": "<lldp/>", "format": "text/xml"`.
//!
//! Other outcomes: `{"wait": {"seconds": 10, "reason": "the disk is busy"}}` to be asked again, and
//! `{"fail": {"message": "no such disk"}}`, with `"retry": true`, and perhaps `"after_seconds": 30`, when another attempt may help.

use std::time::Duration;

use drydock_core::journal::Fact;
use drydock_core::{Fence, Payload};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Job;
use crate::outcome::{Outcome, StepError, StepResult};

/// A job, as a program outside of the engine reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobDocument {
    /// The task's id.
    pub task: String,
    /// The step's key, for instance `wipe` or `wipe[3]`.
    pub step: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Whether an earlier run may have had effect: look before acting.
    pub may_have_run: bool,
    /// The same for every run of this step of this task, and for no other.
    pub idempotency_key: String,
    /// Grows with every claim of the task, whichever instance takes it: a service that remembers the greatest can refuse a late call.
    pub fence: Fence,
    /// When the step must have ended, RFC 3339.
    pub deadline: Option<String>,
    /// What feeds the step.
    pub input: Box<RawValue>,
    /// What the workflow wants of the executor.
    pub job: Value,
}

impl JobDocument {
    /// The document for `job`.
    pub(super) fn of(job: &Job) -> Result<Self, StepError> {
        let ctx = &job.ctx;
        let input = serde_json::from_slice(job.input.as_bytes());
        Ok(Self {
            task: ctx.task().to_string(),
            step: ctx.key().to_string(),
            attempt: ctx.attempt(),
            may_have_run: ctx.may_have_run(),
            idempotency_key: ctx.idempotency_key().to_string(),
            fence: ctx.fence().1,
            deadline: ctx.deadline().map(|deadline| deadline.to_rfc3339()),
            input: input.map_err(|error| StepError::bug(format!("the step's input is not JSON: {error}")))?,
            job: job.job.clone(),
        })
    }
}

/// One line of a program's answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A message for the task's owner.
    Say(SayDocument),
    /// A fact about something, to be recorded.
    Record(RecordDocument),
    /// How far the work is.
    Progress(ProgressDocument),
    /// The work is done, with this output.
    Done(Box<RawValue>),
    /// Ask again later.
    Wait(WaitDocument),
    /// It failed.
    Fail(FailDocument),
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SayDocument {
    /// The text.
    pub text: String,
    /// Whether it tells of an error.
    #[serde(default)]
    pub error: bool,
    /// Kind and name of what it is about.
    #[serde(default)]
    pub about: Option<(String, String)>,
}

/// A fact. Its data are `text`, or else `json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordDocument {
    /// Kind and name of what it is about.
    pub about: (String, String),
    /// What made the data.
    pub by: String,
    /// How to read the text: a media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The data, as text in this format; `text/plain` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The data, as any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Box<RawValue>>,
}

/// How far the work is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgressDocument {
    /// So many are done.
    pub done: u64,
    /// Of so many.
    pub total: u64,
    /// What is counted.
    #[serde(default)]
    pub text: String,
}

/// A wait.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitDocument {
    /// How long, in seconds.
    pub seconds: f64,
    /// For what, in words.
    pub reason: String,
}

/// A failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailDocument {
    /// Why, in one line, without secrets.
    pub message: String,
    /// Whether another attempt may help.
    #[serde(default)]
    pub retry: bool,
    /// When it should begin at the earliest, in seconds from now.
    #[serde(default)]
    pub after_seconds: Option<f64>,
}

impl Line {
    /// Reads a line; the error says what a line looks like.
    pub fn read(line: &[u8]) -> Result<Self, StepError> {
        serde_json::from_slice(line).map_err(|error| {
            StepError::permanent(format!(
                "its answer cannot be read ({error}): expected a line with one of say, record, progress, done, wait and fail"
            ))
        })
    }

    /// Says what the line says; the outcome, if it is one. The error is that of a line that cannot be obeyed: whatever else the
    /// program answers, it has not done what it was to do.
    pub(super) fn apply(self, job: &Job) -> Result<Option<StepResult<Payload>>, StepError> {
        Ok(Some(match self {
            Self::Say(said) => {
                said.say(job);
                return Ok(None);
            }
            Self::Record(record) => return record.record(job).map(|()| None),
            Self::Progress(ProgressDocument { done, total, text }) => {
                job.ctx.progress_of(done, total, text);
                return Ok(None);
            }
            Self::Done(output) => Ok(Outcome::Done(output.get().as_bytes().to_vec().into())),
            Self::Wait(wait) => seconds(wait.seconds).map(|time| Outcome::wait(time, wait.reason)),
            Self::Fail(fail) => Err(fail.error()),
        }))
    }
}

impl SayDocument {
    fn say(self, job: &Job) {
        match (self.about, self.error) {
            (Some((kind, name)), true) => job.ctx.complain_about(&kind, &name, self.text),
            (Some((kind, name)), false) => job.ctx.say_about(&kind, &name, self.text),
            (None, true) => job.ctx.complain(self.text),
            (None, false) => job.ctx.say(self.text),
        }
    }
}

impl RecordDocument {
    fn record(self, job: &Job) -> Result<(), StepError> {
        let (kind, name) = self.about;
        let fact = Fact::about(kind, name).by(self.by);
        let format = self.format;
        job.ctx.record(match (self.text, self.json) {
            (Some(text), None) => fact.text(format.unwrap_or_else(|| "text/plain".to_owned()), text),
            (None, Some(json)) => {
                fact.text(format.unwrap_or_else(|| Fact::JSON.to_owned()), Box::<str>::from(json))
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(StepError::permanent(
                    "its answer cannot be read: a record has its data either in text or in json",
                ));
            }
        })
    }
}

impl FailDocument {
    fn error(self) -> StepError {
        if !self.retry {
            return StepError::permanent(self.message);
        }
        let error = StepError::retryable(self.message);
        match self.after_seconds.map(seconds).transpose() {
            Ok(retry_after) => StepError { retry_after, ..error },
            Err(problem) => problem,
        }
    }
}

fn seconds(seconds: f64) -> Result<Duration, StepError> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| StepError::permanent(format!("its answer cannot be read: {seconds} seconds is no time")))
}
