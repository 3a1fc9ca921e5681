//! The feed: what was committed, commit by commit, to be read once more from any place. What is in a record is not told here but
//! that it is there; the history has the rest.

use serde::{Deserialize, Serialize};

use super::{FeedCursor, StepEnd, TaskEndKind, WaitKind, Write};
use crate::{Epoch, SignalId, StepKey, TaskId, Timestamp};

/// How many characters of a message or a reason are told at most.
const SHORT: usize = 200;

/// The place of a commit in the feed, chosen by the instance that writes it.
///
/// An instance counts its commits from 1, without a gap, and its times do not run backwards. A batch that is sent again because its
/// answer was lost goes to the same place, and is told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedPlace {
    /// Which commit of its epoch it is.
    pub seq: u64,
    /// When, by the clock of the writing instance.
    pub at: Timestamp,
}

/// A commit of an instance, as the feed tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedCommit {
    /// The instance that wrote it.
    pub epoch: Epoch,
    /// Which commit of this epoch it is, from 1.
    pub seq: u64,
    /// When, by the clock of the instance.
    pub at: Timestamp,
    /// What happened, task by task in its order. Empty when nothing did that is told.
    pub events: Vec<FeedEvent>,
}

/// Some commits in a row, and from where to read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// The commits. Empty at the end of the feed, for now.
    pub commits: Vec<FeedCommit>,
    /// After the last of them.
    pub next: FeedCursor,
}

/// Something happened to a task. It is told because it was written: when it is written once more, by whoever took the task over
/// and cannot know, it is told once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedEvent {
    /// The task.
    pub task: TaskId,
    /// When, by the clock of the instance that saw it.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: FeedEventKind,
}

/// What happened. Texts are cut short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FeedEventKind {
    /// The task began, on the instance that tells it.
    TaskStarted,
    /// The task is queued by the instance that tells it. Of one that is submitted from outside, nothing is told but what comes of it.
    TaskQueued,
    /// A step did its work.
    StepDone {
        /// The step.
        step: StepKey,
        /// The attempt that ended it, from 1.
        attempt: u32,
    },
    /// A step failed for good.
    StepFailed {
        /// The step.
        step: StepKey,
        /// The attempt that ended it, from 1.
        attempt: u32,
        /// Why.
        message: String,
    },
    /// There was nothing to do for a step.
    StepSkipped {
        /// The step.
        step: StepKey,
        /// Why.
        reason: String,
    },
    /// A step that had failed for good is tried again.
    StepReopened {
        /// The step.
        step: StepKey,
        /// The attempt that had failed.
        attempt: u32,
    },
    /// An attempt failed, and another will follow.
    AttemptFailed {
        /// The step.
        step: StepKey,
        /// The attempt, from 1.
        attempt: u32,
        /// Why.
        message: String,
    },
    /// A step waits.
    StepWaits {
        /// The step.
        step: StepKey,
        /// The attempt that waits, from 1.
        attempt: u32,
        /// For what.
        wait: WaitKind,
    },
    /// A step made a note on its way.
    Marked {
        /// The step.
        step: StepKey,
        /// The note's name.
        name: String,
    },
    /// A step took a signal.
    SignalTaken {
        /// The step.
        step: StepKey,
        /// The signal.
        signal: SignalId,
    },
    /// A step had something to say.
    MessageSaid {
        /// The message's place among the task's messages, from 0.
        seq: u32,
        /// Whether it tells of an error.
        error: bool,
        /// The message.
        text: String,
    },
    /// A step found something out.
    FactFound {
        /// The step.
        step: StepKey,
        /// The fact's place among the task's facts, from 0.
        seq: u32,
    },
    /// A step told how far it is.
    StepProgressed {
        /// The step.
        step: StepKey,
        /// How far, in words.
        progress: String,
    },
    /// The task completed.
    TaskCompleted,
    /// The task failed.
    TaskFailed {
        /// Why.
        message: String,
    },
    /// The task was cancelled.
    TaskCancelled {
        /// By whom.
        by: String,
    },
}

impl FeedEvent {
    /// What the feed tells of `write`, committed at `at`; nothing of what only frees locks or slots.
    pub fn of(write: &Write, at: Timestamp) -> Option<Self> {
        let (task, at, kind) = match write {
            Write::TaskStarted(task) => (task.id, task.created_at, FeedEventKind::TaskStarted),
            Write::TaskQueued(task) => (task.id, task.created_at, FeedEventKind::TaskQueued),
            Write::StepEnded(task, it) => (*task, it.ended_at, step_ended(&it.step, it.attempt, &it.end)),
            Write::AttemptFailed(task, it) => {
                let message = short(&it.failure.message);
                let (step, attempt) = (it.step.clone(), it.attempt);
                (*task, it.ended_at, FeedEventKind::AttemptFailed { step, attempt, message })
            }
            Write::StepReopened(task, it) => {
                (*task, at, FeedEventKind::StepReopened { step: it.step.clone(), attempt: it.attempt })
            }
            Write::StepWaits(task, it) => {
                let (step, attempt) = (it.step.clone(), it.attempt);
                (*task, at, FeedEventKind::StepWaits { step, attempt, wait: it.kind })
            }
            Write::Marked(task, it) => {
                (*task, it.at, FeedEventKind::Marked { step: it.step.clone(), name: short(&it.name) })
            }
            Write::SignalTaken(task, signal, step) => {
                (*task, at, FeedEventKind::SignalTaken { step: step.clone(), signal: *signal })
            }
            Write::MessageSaid(task, it) => {
                let text = short(&it.text);
                (*task, it.at, FeedEventKind::MessageSaid { seq: it.seq, error: it.error, text })
            }
            Write::FactFound(task, it) => {
                (*task, it.at, FeedEventKind::FactFound { step: it.step.clone(), seq: it.seq })
            }
            Write::StepProgressed(task, it) => {
                let progress = short(&it.figure.to_string());
                (*task, it.at, FeedEventKind::StepProgressed { step: it.step.clone(), progress })
            }
            Write::TaskEnded(task, _, end) => (*task, end.at, task_ended(&end.kind)),
            Write::LocksFreed(..) | Write::SlotsFreed(..) => return None,
        };
        Some(Self { task, at, kind })
    }
}

fn step_ended(step: &StepKey, attempt: u32, end: &StepEnd) -> FeedEventKind {
    let step = step.clone();
    match end {
        StepEnd::Done(_) => FeedEventKind::StepDone { step, attempt },
        StepEnd::Failed(failure) => {
            FeedEventKind::StepFailed { step, attempt, message: short(&failure.message) }
        }
        StepEnd::Skipped(reason) => FeedEventKind::StepSkipped { step, reason: short(reason) },
    }
}

fn task_ended(kind: &TaskEndKind) -> FeedEventKind {
    match kind {
        TaskEndKind::Completed(_) => FeedEventKind::TaskCompleted,
        TaskEndKind::Failed(failure) => FeedEventKind::TaskFailed { message: short(&failure.message) },
        TaskEndKind::Cancelled(request) => FeedEventKind::TaskCancelled { by: short(&request.by) },
    }
}

/// `text`, or its beginning and a mark that there is more.
fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Checkpoint;
    use crate::{Disposition, Payload};

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let failure = super::super::Failure::new(Disposition::Permanent, "ö".repeat(SHORT + 1));
        let (task, at) = (TaskId::from_uuid(uuid::Uuid::from_u128(7)), Timestamp::UNIX_EPOCH);
        let end = |end| {
            Write::StepEnded(
                task,
                Checkpoint { step: "a".parse().unwrap(), attempt: 3, end, started_at: at, ended_at: at },
            )
        };
        let told = FeedEvent::of(&end(StepEnd::Failed(failure)), at).unwrap();
        let FeedEventKind::StepFailed { message, attempt: 3, .. } = told.kind else { panic!("{told:?}") };
        assert_eq!(message, format!("{}…", "ö".repeat(SHORT)));
        let told = FeedEvent::of(&end(StepEnd::Done(Payload::from(b"secret".to_vec()))), at).unwrap();
        let json = serde_json::to_string(&told).unwrap();
        assert!(json.contains(r#""event":"step_done","step":"a","attempt":3"#), "{json}");
        assert!(!json.contains("secret"), "{json}");
        assert_eq!(serde_json::from_str::<FeedEvent>(&json).unwrap(), told);
        assert_eq!(FeedEvent::of(&Write::LocksFreed(task, None), at), None);
    }
}
