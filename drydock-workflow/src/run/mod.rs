//! One task's state in memory, and the pure functions over it: `Run::fold_*` take a record in, [`Run::plan`] says what is to be
//! done next. No time passes here and nothing is awaited; the engine's shell carries the commands out.
//!
//! A task goes through three phases, each entered when the one before is over: its ordinary steps do their work; if the task
//! failed or was cancelled, steps are undone; finally steps run. Which phase it is follows from the records alone.

mod advance;
mod children;
mod ending;
mod fold;
mod gate;
mod input;
mod look;
mod mail;
mod messages;
mod notes;
mod orders;
mod plan;
mod recover;
mod regain;
mod reopen;
mod slots;
#[cfg(test)]
mod tests;
mod unwind;
mod verdict;

use std::collections::HashMap;
use std::sync::Arc;

use drydock_core::journal::{Cancellation, Checkpoint, Failure, Request, Signal, TaskEndKind, WaitKind};
use drydock_core::{Payload, SignalId, Timestamp};

pub use children::{Children, Next};
pub use fold::IllegalRecord;
pub(crate) use notes::{LOCKS, Note, OWN_MARKS, begun, is_begun, is_of_lock};
pub(crate) use orders::Obeyed;
pub use orders::Order;
pub(crate) use regain::held;
pub use slots::SlotIndex;
pub(crate) use verdict::{Verdict, judge};

use crate::dag::{Dag, StepIndex};
use mail::Mail;
use notes::Notes;
use regain::Regain;
use slots::Slots;
use unwind::Unwinding;

/// What the shell is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Start an attempt of the step, or go on with one that waited.
    Start(SlotIndex),
    /// Record that the step is skipped, for this reason.
    Skip(SlotIndex, String),
    /// Record that the step cannot begin: what is stored is not what it must be.
    Refuse(SlotIndex, String),
    /// Record that the step, which waits for it, takes the signal.
    TakeSignal(SlotIndex, SignalId),
    /// Ask for the locks for which the step waits; without a step, for those that the task was given before.
    AskLocks(Option<SlotIndex>, Vec<String>),
    /// Do what an operator's order comes to.
    Obey(Signal, Order),
    /// Tell the attempts under way, and the children, that the task is being cancelled.
    Stop,
    /// Say that the task is stuck: an undoing failed for good, and the rest can only be done by a person.
    Stuck,
    /// Record the end of the task.
    End(TaskEndKind),
}

/// How far the current attempt of a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// The attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// When the attempt first began.
    pub since: Option<Timestamp>,
    /// When the step must have ended.
    pub deadline: Option<Timestamp>,
    /// Whether the body may have run before.
    pub replayed: bool,
    /// Whether an earlier run may have had effect and did not say so itself: its attempt failed, or its owner died.
    pub doubt: bool,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// Waits for other steps, or for its phase.
    Blocked,
    /// May start.
    Ready(Progress),
    /// An attempt is under way, or its record is on the way to the store.
    Running(Progress),
    /// Asked again at `until`, or when its children have ended.
    Waiting {
        /// The attempt that waits.
        progress: Progress,
        /// For what.
        kind: WaitKind,
        /// When it is asked again; `None` for children.
        until: Option<Timestamp>,
    },
    /// Failed, and tried again at `until`.
    Retrying {
        /// The next attempt.
        progress: Progress,
        /// When it may begin.
        until: Timestamp,
    },
    /// A map whose items have not all ended well.
    Mapping,
    /// A map whose items have all ended well: its output is the list of theirs.
    Mapped,
    /// Ended with this output.
    Done(Payload),
    /// Ended, for there was nothing to do; its output is `null`.
    Skipped,
    /// Ended in failure.
    Failed,
}

/// How far a task has come.
#[derive(Debug)]
enum Phase {
    /// Its ordinary steps run.
    Working,
    /// Steps are undone.
    Unwinding(Unwinding),
    /// Its finally steps run.
    Closing,
}

/// A task's state: everything that follows from its workflow, its input and its records.
#[derive(Debug)]
pub struct Run {
    dag: Arc<Dag>,
    input: Payload,
    slots: Slots,
    /// What each item of an expanded map is fed with.
    items: HashMap<StepIndex, Vec<Payload>>,
    /// For each step, how many of its dependencies have not ended.
    missing: Vec<usize>,
    /// Slots that became ready since the last plan; some of these may have moved on by another way.
    ready: Vec<SlotIndex>,
    /// Steps that wait for nothing any more, while one after the other is made ready; kept for its room.
    free: Vec<StepIndex>,
    phase: Phase,
    /// Ordinary steps that have not ended well.
    unfinished: usize,
    /// Finally steps that have not ended.
    unclosed: usize,
    running: usize,
    /// Children steps whose children have not all ended.
    parents: usize,
    /// Steps that failed, the first first. Undoings are not among them.
    failures: Vec<(SlotIndex, Failure)>,
    cancellation: Option<Cancellation>,
    /// Who holds the task: nothing begins meanwhile.
    pause: Option<Request>,
    notes: Notes,
    mail: Mail,
    /// Steps that wait for locks and have not asked yet.
    to_lock: Vec<(SlotIndex, Vec<String>)>,
    regain: Regain,
    /// The failed checkpoints, which an operator may have tried again.
    broken: HashMap<SlotIndex, Checkpoint>,
    told_to_stop: bool,
    told_stuck: bool,
    /// Whether steps that become ready may have run before: while records are taken in.
    replaying: bool,
    /// The end was decided; its record may still be on the way.
    ended: bool,
}

impl Run {
    /// A task that has just begun.
    pub fn new(dag: Arc<Dag>, input: Payload) -> Self {
        Self::begin(dag, input, false)
    }

    fn begin(dag: Arc<Dag>, input: Payload, replaying: bool) -> Self {
        let count = dag.steps().len();
        let (missing, unclosed) = (dag.waits_for().to_vec(), dag.finally_count());
        let mut run = Self {
            dag,
            input,
            slots: Slots::new(count),
            items: HashMap::new(),
            missing,
            ready: Vec::new(),
            free: Vec::new(),
            phase: Phase::Working,
            unfinished: count - unclosed,
            unclosed,
            running: 0,
            parents: 0,
            failures: Vec::new(),
            cancellation: None,
            pause: None,
            notes: Notes::default(),
            mail: Mail::default(),
            to_lock: Vec::new(),
            regain: Regain::Sure,
            broken: HashMap::new(),
            told_to_stop: false,
            told_stuck: false,
            replaying,
            ended: false,
        };
        run.release_unblocked(false);
        run
    }

    /// The workflow's graph.
    pub fn dag(&self) -> &Arc<Dag> {
        &self.dag
    }
}
