//! The oracle: sees every commit that the store accepts and every body that begins or ends, and judges after each.
//!
//! It keeps its own books and trusts neither the engine nor the store. What it does not know of, it does not judge.

mod bodies;
mod claims;
mod commits;
mod feed;
mod lanes;
mod locks;
mod operators;
mod parking;
mod places;
mod rollouts;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use drydock_core::journal::{Checkpoint, NewTask, Request, TaskEnd, Write};
use drydock_core::{Epoch, Fence, Payload, SignalId, StepKey, StepName, TaskId, Timestamp, WorkflowId};

use lanes::Lanes;
pub(super) use lanes::owners;
use locks::Locks;
use places::Places;
pub use rules::{Breach, Rule};

use self::feed::Feed;
use crate::dag::Definition;
use crate::testing::records::Ends;

/// The books.
#[derive(Default)]
pub(super) struct Oracle {
    /// The time from the beginning, in microseconds.
    pub(super) now: u64,
    /// Instances whose processes stand still.
    pub(super) paused: BTreeSet<u32>,
    /// An instance goes on at this very moment: it has not had the time to look at its lease.
    pub(super) thawing: bool,
    /// A process is being killed. In which order its bodies fall is the runtime's business, and differs from run to run.
    pub(super) dying: bool,
    workflows: BTreeMap<WorkflowId, Definition>,
    epochs: BTreeMap<Epoch, Incarnation>,
    tasks: BTreeMap<TaskId, Task>,
    locks: Locks,
    places: Places,
    feed: Feed,
    lanes: Lanes,
    roots: usize,
    pub(super) breaches: Vec<Breach>,
    pub(super) trace: Option<Vec<String>>,
    pub(super) tally: Tally,
}

/// How much was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Tasks, with children.
    pub tasks: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Bodies that began.
    pub bodies: u64,
    /// Tasks that were taken over from another incarnation.
    pub takeovers: u64,
    /// Tasks that were let go to sleep.
    pub parked: u64,
    /// Commits that were refused because their epoch was retired.
    pub refused: u64,
    /// Steps, and items of maps, that were undone.
    pub undone: u64,
    /// Signals that were taken.
    pub signals: u64,
    /// Tasks that were brought back after their end.
    pub reopened: u64,
    /// Irreversible steps that were found begun and not ended, and looked into.
    pub doubts: u64,
    /// Askings for exclusive locks that were granted.
    pub locks: u64,
    /// Those that were refused.
    pub lock_waits: u64,
    /// Askings for places under limits that were granted.
    pub places: u64,
    /// Those that were refused.
    pub place_waits: u64,
    /// Commits that set out while another of the same instance was under way.
    pub beside: u64,
    /// Children that their parent's instance started without a claim.
    pub started_here: u64,
    /// Tasks that failed.
    pub failed: u64,
    /// Tasks that were cancelled.
    pub cancelled: u64,
}

impl Tally {
    pub(super) const fn add(&mut self, other: &Self) {
        self.tasks += other.tasks;
        self.checkpoints += other.checkpoints;
        self.bodies += other.bodies;
        self.takeovers += other.takeovers;
        self.parked += other.parked;
        self.refused += other.refused;
        self.undone += other.undone;
        self.signals += other.signals;
        self.reopened += other.reopened;
        self.doubts += other.doubts;
        self.locks += other.locks;
        self.lock_waits += other.lock_waits;
        self.places += other.places;
        self.place_waits += other.place_waits;
        self.beside += other.beside;
        self.started_here += other.started_here;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
    }
}

struct Incarnation {
    instance: u32,
    alive: bool,
}

/// What the oracle knows of a task.
struct Task {
    label: String,
    workflow: WorkflowId,
    input: Payload,
    created_at: Timestamp,
    priority: i16,
    owner: Option<Epoch>,
    /// To whom which fence was given.
    given: BTreeMap<Fence, Epoch>,
    started: bool,
    /// Its last owner let it go with nothing under way.
    settled: bool,
    /// It sleeps, until this wakes it or something is sent to it.
    asleep: Option<parking::Alarm>,
    end: Option<TaskEnd>,
    expected: Option<Payload>,
    /// The writes about it that were accepted, each once.
    accepted: Vec<Write>,
    /// How its steps ended.
    ends: BTreeMap<StepKey, Checkpoint>,
    /// Whether its end was asked for.
    cancelled: bool,
    paused: bool,
    /// Who took it over while it was paused, as long as it is.
    held_by: Option<Epoch>,
    /// The requests that brought it back.
    reopened: Vec<Request>,
    /// The signals that were sent to it, and the steps that took them.
    signals: BTreeMap<SignalId, Option<StepKey>>,
    /// All that was sent to it, orders too.
    sent: BTreeSet<SignalId>,
    /// How often the body of an irreversible step began, other than to look what became of it.
    irreversible: BTreeMap<StepKey, usize>,
    /// The steps that were given locks, with the names of these.
    guards: BTreeMap<StepName, Vec<String>>,
    /// Its children, by step and index.
    children: BTreeMap<(String, u32), TaskId>,
    /// The bodies of its steps that are running.
    bodies: Vec<Body>,
}

struct Body {
    step: StepKey,
    epoch: Epoch,
    instance: u32,
}

impl Oracle {
    /// Books of a world with or without a feed, and with a trace, if that is wanted.
    pub(super) fn new(trace: bool, feed: bool) -> Self {
        Self { trace: trace.then(Vec::new), feed: Feed::new(feed), ..Self::default() }
    }

    pub(super) fn knows(&mut self, workflow: WorkflowId, definition: &Definition) {
        self.workflows.insert(workflow, definition.clone());
    }

    /// The output that a task is expected to have.
    pub(super) fn expects(&mut self, task: TaskId, output: Payload) {
        if let Some(task) = self.tasks.get_mut(&task) {
            task.expected = Some(output);
        }
    }

    /// A task is there, in the store's eyes.
    fn created(&mut self, task: &NewTask, owner: Option<Epoch>) {
        if self.tasks.contains_key(&task.id) {
            return;
        }
        let label = match &task.parent {
            None => {
                self.roots += 1;
                format!("t{}", self.roots)
            }
            Some(parent) => {
                let (above, step) = (self.label(parent.task), parent.step.to_string());
                let key = (step, parent.index);
                let label = format!("{above}/{}[{}]", key.0, key.1);
                if let Some(above) = self.tasks.get_mut(&parent.task)
                    && above.children.insert(key, task.id).is_some()
                {
                    self.breach(Rule::OneChildPerItem, format!("{label} was started twice"));
                }
                label
            }
        };
        self.note(|| format!("{label} is there"));
        self.tally.tasks += 1;
        let task_of = Task {
            label,
            workflow: task.workflow,
            input: task.input.clone(),
            created_at: task.created_at,
            priority: task.priority,
            owner,
            given: owner.map(|owner| (Fence::FIRST, owner)).into_iter().collect(),
            started: owner.is_some(),
            settled: false,
            asleep: None,
            end: None,
            expected: None,
            accepted: Vec::new(),
            ends: BTreeMap::new(),
            cancelled: false,
            paused: false,
            held_by: None,
            reopened: Vec::new(),
            signals: BTreeMap::new(),
            sent: BTreeSet::new(),
            irreversible: BTreeMap::new(),
            guards: BTreeMap::new(),
            children: BTreeMap::new(),
            bodies: Vec::new(),
        };
        self.tasks.insert(task.id, task_of);
    }

    /// How far a task is.
    fn ends_of<'a>(&'a self, task: &'a Task) -> Option<Ends<'a>> {
        let definition = self.workflows.get(&task.workflow)?;
        Some(Ends { definition, input: &task.input, by_key: &task.ends, accepted: &task.accepted })
    }

    /// Somebody was told that the task is started.
    pub(super) fn acknowledged(&mut self, task: TaskId) {
        if !self.tasks.contains_key(&task) {
            self.breach(Rule::Acknowledged, format!("task {task} was started, and is not in the store"));
        }
    }

    /// The ends that were committed, by task; `None` where there is none yet.
    pub(super) fn ends(&self) -> impl Iterator<Item = (TaskId, Option<&TaskEnd>)> {
        self.tasks.iter().map(|(id, task)| (*id, task.end.as_ref()))
    }

    /// The tasks that have not ended.
    pub(super) fn open(&self) -> Vec<TaskId> {
        self.tasks.iter().filter(|(_, task)| task.end.is_none()).map(|(id, _)| *id).collect()
    }

    pub(super) fn all_ended(&self) -> bool {
        self.tasks.values().all(|task| task.end.is_some())
    }

    pub(super) fn label(&self, task: TaskId) -> String {
        self.tasks.get(&task).map_or_else(|| task.to_string(), |task| task.label.clone())
    }

    pub(super) fn breach(&mut self, rule: Rule, what: String) {
        let breach = Breach { rule, at: Duration::from_micros(self.now), what };
        self.note(|| format!("BREACH of {:?}: {}", breach.rule, breach.what));
        self.breaches.push(breach);
    }

    /// Adds a line to the trace, if there is one.
    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let seconds = Duration::from_micros(self.now).as_secs_f64();
            trace.push(format!("{seconds:>10.3}s {}", line()));
        }
    }
}
