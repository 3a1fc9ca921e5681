//! The world: lets the processes take turns, makes their troubles come and go, and asks the oracle after each turn.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use drydock_core::journal::{FeedCursor, Journal, JournalError, NewTask};
use drydock_core::{InstanceName, TaskId, Timestamp, WorkflowId, after};
use futures::FutureExt as _;

use super::network::{Door, Letter, Shared};
use super::operator::{Operator, Word};
use super::oracle::{Breach, Oracle, Rule, Tally};
use super::process::{Layer, Process};
use super::scenario::{Scenario, Submission, TroubleKind};
use super::workload::Workload;
use crate::testing::{FaultyJournal, Random, SeededEntropy};

/// By so long after its last trouble all tasks must have ended.
const PATIENCE: u64 = 15 * 60 * 1_000_000;

/// How long a process runs before another has its turn, in milliseconds: one of these.
const TURNS: [u64; 5] = [5, 20, 50, 100, 200];

/// What came of a scenario.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) breaches: Vec<Breach>,
    pub(super) tally: Tally,
    pub(super) trace: Vec<String>,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The store refuses what it must be able to do.
    #[error("the store cannot be used in a simulation")]
    Journal(#[from] JournalError),
    /// The store waits for something.
    #[error("the store does not answer at once: a simulation needs one in memory")]
    StoreWaits,
    /// A workflow cannot be stored.
    #[error("a workflow cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The system gives no runtime.
    #[error("a process cannot be started")]
    Runtime(#[from] io::Error),
    /// An instance cannot be named.
    #[error("an instance cannot be named")]
    Name(#[from] drydock_core::InvalidName),
}

/// Runs a scenario to its end, or to the first breach.
pub(super) fn run(
    scenario: &Scenario,
    store: Arc<dyn Journal>,
    workload: Workload,
    layer: &Layer,
    trace: bool,
) -> Result<Came, WorldError> {
    let mut world = World::new(scenario, store, Arc::new(workload), layer, trace)?;
    world.live()?;
    // Processes before the books: what they still drop is noted.
    world.shared.oracle().dying = true;
    world.processes.clear();
    let mut oracle = world.shared.oracle();
    Ok(Came {
        breaches: std::mem::take(&mut oracle.breaches),
        tally: oracle.tally,
        trace: oracle.trace.take().unwrap_or_default(),
    })
}

/// When nothing goes wrong any more, and nothing more is said from outside, in microseconds.
fn last_trouble(scenario: &Scenario) -> u64 {
    let troubles = scenario.troubles.iter().map(|it| it.at_ms + it.for_ms);
    let tasks = scenario.tasks.iter().map(Submission::last_word);
    troubles.chain(tasks).max().unwrap_or(0) * 1_000
}

pub(super) struct World<'a> {
    scenario: &'a Scenario,
    /// The outside's way to the store: without troubles, but seen by the oracle.
    pub(super) store: Arc<dyn Journal>,
    workload: Arc<Workload>,
    pub(super) shared: Arc<Shared>,
    workflows: Vec<WorkflowId>,
    processes: Vec<Process>,
    /// Whose processes stand still.
    standing: Vec<bool>,
    /// Whose clocks are set wrong, by trouble.
    set: Vec<bool>,
    pub(super) entropy: SeededEntropy,
    turns: Random,
    /// The ids of the tasks that were started, by submission.
    started: Arc<Mutex<Vec<Option<TaskId>>>>,
    submitted: Vec<bool>,
    /// Whoever is about to start a task holds one of these.
    starting: Arc<()>,
    pub(super) operator: Operator,
    pub(super) now: u64,
}

impl<'a> World<'a> {
    fn new(
        scenario: &'a Scenario,
        store: Arc<dyn Journal>,
        workload: Arc<Workload>,
        layer: &Layer,
        trace: bool,
    ) -> Result<Self, WorldError> {
        let shared = Shared::new(Oracle::new(trace, scenario.feed));
        let mut workflows = Vec::new();
        for definition in &workload.definitions {
            let id = at_once(store.workflow_put(&definition.to_stored()?))?;
            shared.oracle().knows(id, definition);
            workflows.push(id);
        }
        let processes = (0..scenario.instances.max(1))
            .map(|index| {
                let name = InstanceName::new(format!("i{index}"))?;
                Ok(Process::new(index, name, scenario, &store, &shared, layer))
            })
            .collect::<Result<Vec<_>, WorldError>>()?;
        let operator = Operator::new(scenario, &workload, last_trouble(scenario));
        let outside = Door { shared: Arc::clone(&shared), instance: None };
        let (tasks, troubles) = (scenario.tasks.len(), scenario.troubles.len());
        Ok(Self {
            scenario,
            store: FaultyJournal::watched(store, outside),
            workload,
            shared,
            workflows,
            standing: vec![false; processes.len()],
            processes,
            set: vec![false; troubles],
            entropy: SeededEntropy::new(Random::new(scenario.seed).fork(2).number()),
            turns: Random::new(scenario.seed).fork(3),
            started: Arc::new(Mutex::new(vec![None; tasks])),
            submitted: vec![false; tasks],
            starting: Arc::new(()),
            operator,
            now: 0,
        })
    }

    fn live(&mut self) -> Result<(), WorldError> {
        let limit = last_trouble(self.scenario) + PATIENCE;
        loop {
            self.come_and_go()?;
            self.submit()?;
            self.operate()?;
            self.deliver()?;
            let turn = self.turns.pick(&TURNS).copied().unwrap_or(50);
            self.now += turn * 1_000;
            self.shared.oracle().now = self.now;
            self.take_turns();
            if !self.shared.oracle().breaches.is_empty() {
                return Ok(());
            }
            let all_there = self.submitted.iter().all(|it| *it) && Arc::strong_count(&self.starting) == 1;
            // What is astray may still start a task.
            let nothing_astray = self.shared.astray.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
            let nothing_to_say = self.operator.is_done();
            let over = all_there && nothing_astray && nothing_to_say && self.shared.oracle().all_ended();
            if over {
                return self.look_back();
            }
            if self.now > limit {
                let open: Vec<String> = {
                    let oracle = self.shared.oracle();
                    oracle
                        .ends()
                        .filter(|(_, end)| end.is_none())
                        .map(|(task, _)| oracle.label(task))
                        .collect()
                };
                self.shared.oracle().breach(Rule::Ends, format!("{} did not end", open.join(", ")));
                return Ok(());
            }
        }
    }

    /// Every process runs for a while, in an order of chance.
    fn take_turns(&mut self) {
        let mut order: Vec<usize> = (0..self.processes.len()).collect();
        for place in (1..order.len()).rev() {
            let other = self.turns.below(u64::try_from(place + 1).unwrap_or(1));
            order.swap(place, usize::try_from(other).unwrap_or(0));
        }
        for place in order {
            if !self.standing[place] {
                self.processes[place].run_until(self.now, false);
            }
        }
    }

    /// Troubles begin and end.
    fn come_and_go(&mut self) -> Result<(), WorldError> {
        let scenario = self.scenario;
        let is_on = |index: u32, kind: TroubleKind| {
            let mut troubles = scenario.troubles.iter();
            troubles.any(|it| it.instance == index && it.kind == kind && it.is_on(self.now))
        };
        for place in 0..self.processes.len() {
            let index = self.processes[place].index;
            if is_on(index, TroubleKind::Crash) {
                if self.processes[place].is_up() {
                    self.shared.oracle().note(|| format!("i{index} is killed"));
                    self.shared.oracle().dying = true;
                    self.processes[place].kill();
                    self.shared.oracle().dying = false;
                }
            } else if !self.processes[place].is_up() {
                self.shared.oracle().note(|| format!("i{index} is started"));
                self.processes[place].start(self.now, &self.workload)?;
            }
            let stands = is_on(index, TroubleKind::Pause);
            if std::mem::replace(&mut self.standing[place], stands) != stands {
                self.stand(place, stands);
            }
        }
        for (place, trouble) in self.scenario.troubles.iter().enumerate() {
            let on = trouble.is_on(self.now)
                || trouble.kind == TroubleKind::Drain && trouble.at_ms * 1_000 <= self.now;
            if std::mem::replace(&mut self.set[place], on) == on {
                continue;
            }
            let Some(process) = self.processes.get(usize::try_from(trouble.instance).unwrap_or(0)) else {
                continue;
            };
            match trouble.kind {
                TroubleKind::ClockSet(by) => process.set_clock(if on { by } else { -by }),
                TroubleKind::Drain if on => {
                    process.with_engine(|engine| async move {
                        // It may have stopped already.
                        let _stopped = engine.drain().await.is_err();
                    });
                }
                _ => {}
            }
            self.shared.oracle().note(|| {
                let verb = if on { "begins" } else { "is over" };
                format!("{:?} of i{} {verb}", trouble.kind, trouble.instance)
            });
        }
        Ok(())
    }

    fn stand(&self, place: usize, stands: bool) {
        let index = self.processes[place].index;
        let mut oracle = self.shared.oracle();
        if stands {
            oracle.note(|| format!("i{index} stands still"));
            oracle.paused.insert(index);
            return;
        }
        oracle.note(|| format!("i{index} goes on"));
        oracle.paused.remove(&index);
        oracle.thawing = true;
        drop(oracle);
        self.processes[place].run_until(self.now, true);
        self.shared.oracle().thawing = false;
    }

    /// What is said to tasks.
    fn operate(&mut self) -> Result<(), WorldError> {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let due = self.operator.due(self.now, &started, &self.workload);
        for word in due {
            self.say(word)?;
        }
        if self.operator.is_called(self.now) {
            let open = self.shared.oracle().open();
            for task in open {
                self.say((task, Word::Retry))?;
            }
        }
        Ok(())
    }

    fn submit(&mut self) -> Result<(), WorldError> {
        for (place, submission) in self.scenario.tasks.iter().enumerate() {
            let due = !self.submitted[place] && submission.at_ms * 1_000 <= self.now;
            if !due {
                continue;
            }
            self.submitted[place] = true;
            let Some(job) = self.workload.tasks.get(submission.task) else { continue };
            let (shared, started, output) =
                (Arc::clone(&self.shared), Arc::clone(&self.started), job.output.clone());
            let starting = Arc::clone(&self.starting);
            let told = move |task: TaskId| {
                drop(starting);
                let mut oracle = shared.oracle();
                oracle.acknowledged(task);
                if let Some(output) = output {
                    oracle.expects(task, output);
                }
                if let Some(known) = started.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
                    *known = Some(task);
                }
            };
            // Whoever sends signals has to know the task's id, even if the instance that starts it dies on the way.
            let through = submission.through.filter(|_| job.signals.is_empty());
            let process = through.and_then(|index| self.processes.get(usize::try_from(index).ok()?));
            if let Some(process) = process
                && process.submit(&self.workload, submission.task, told.clone())
            {
                continue;
            }
            let now = self.timestamp();
            let id = TaskId::generate(now, &self.entropy);
            let task = NewTask::new(id, self.workflows[job.workflow], job.input.clone(), now);
            at_once(self.store.task_submit(&[task.priority(job.priority)]))?;
            told(id);
        }
        Ok(())
    }

    /// What went astray arrives.
    fn deliver(&mut self) -> Result<(), WorldError> {
        let mut due = Vec::new();
        self.shared.astray.lock().unwrap_or_else(PoisonError::into_inner).retain(|letter| {
            let arrives = letter.arrives <= self.now;
            if arrives {
                due.push(letter.clone());
            }
            !arrives
        });
        for Letter { epoch, writes, place, .. } in due {
            match at_once(self.store.append_told(epoch, &writes, place)) {
                Ok(()) | Err(WorldError::Journal(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// At the end: what was committed is in the store.
    fn look_back(&mut self) -> Result<(), WorldError> {
        let ends: Vec<_> = self.shared.oracle().ends().map(|(task, end)| (task, end.cloned())).collect();
        for (task, end) in ends {
            let found = at_once(self.store.task_end(task))?;
            if found != end {
                let mut oracle = self.shared.oracle();
                let what = format!("{} ended, but the store says {found:?}", oracle.label(task));
                oracle.breach(Rule::Durable, what);
            }
        }
        let mut cursor = FeedCursor::START;
        loop {
            // Small pages: what belongs together is torn apart wherever it may be.
            match at_once(self.store.feed_read(&cursor, 3)) {
                Ok(page) if page.commits.is_empty() => break,
                Ok(page) => {
                    page.commits.into_iter().for_each(|commit| self.shared.oracle().heard(commit));
                    cursor = page.next;
                }
                Err(WorldError::Journal(error)) => {
                    let what = format!("the feed cannot be read from {cursor}: {error}");
                    self.shared.oracle().breach(Rule::Told, what);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        self.shared.oracle().heard_all();
        Ok(())
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        // Where the clocks of the instances begin.
        let start = Timestamp::from_timestamp(crate::testing::clock::START, 0).unwrap_or_default();
        after(start, Duration::from_micros(self.now))
    }
}

/// The answer of a store that does not wait.
pub(super) fn at_once<T>(answer: impl Future<Output = Result<T, JournalError>>) -> Result<T, WorldError> {
    Ok(answer.now_or_never().ok_or(WorldError::StoreWaits)??)
}
