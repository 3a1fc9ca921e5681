//! What is said to tasks from outside: the signals for which they wait, and the words of operators.

use drydock_core::journal::{Request, Signal};
use drydock_core::{Payload, SignalId, TaskId};

use super::scenario::{Scenario, Submission};
use super::workload::Workload;
use super::world::{World, WorldError, at_once};
use crate::run::Order;

/// When all troubles are over, an operator looks for tasks that do not end by themselves, so often, in microseconds.
const ROUND: u64 = 20_000_000;

/// A cancellation waits so long for its task to be there, in microseconds.
const PATIENCE: u64 = 5_000_000;

/// Something to be said to a task.
#[derive(Debug, Clone)]
pub(super) enum Word {
    Cancel,
    Pause,
    Resume,
    /// Tries again whatever failed.
    Retry,
    /// The signal at this place among the task's own, of a submission.
    Signal {
        submission: usize,
        place: usize,
        name: String,
        payload: Payload,
    },
}

/// All that is to be said, and when.
pub(super) struct Operator {
    /// By time in microseconds, with the submission.
    words: Vec<(u64, usize, Said)>,
    /// The ids of the signals, by submission and place: whoever sends one again sends the same.
    ids: Vec<Vec<Option<SignalId>>>,
    /// The tasks of the submissions.
    tasks: Vec<usize>,
    next_round: u64,
}

#[derive(Debug, Clone, Copy)]
enum Said {
    Cancel,
    Pause,
    Resume,
    Retry,
    Signal(usize),
}

impl Submission {
    /// When the last is said to it, in milliseconds.
    pub(super) fn last_word(&self) -> u64 {
        self.words().map(|(at, _)| at).chain([self.at_ms]).max().unwrap_or(0)
    }

    fn words(&self) -> impl Iterator<Item = (u64, Said)> {
        let pause = self.pause_ms.into_iter();
        let pause = pause.flat_map(|(at, time)| [(at, Said::Pause), (at + time, Said::Resume)]);
        let signals = self.signals_at_ms.iter().enumerate();
        let signals =
            signals.flat_map(|(place, times)| times.iter().map(move |at| (*at, Said::Signal(place))));
        let cancel = self.cancel_at_ms.map(|at| (at, Said::Cancel));
        let retries = self.retry_at_ms.iter().map(|at| (*at, Said::Retry));
        pause.chain(signals).chain(cancel).chain(retries)
    }
}

impl Operator {
    pub(super) fn new(scenario: &Scenario, workload: &Workload, last_trouble: u64) -> Self {
        let tasks = scenario.tasks.iter().enumerate();
        let mut words: Vec<(u64, usize, Said)> = tasks
            .flat_map(|(place, task)| task.words().map(move |(at, said)| (at * 1_000, place, said)))
            .collect();
        let mut ids = Vec::new();
        for (submission, task) in scenario.tasks.iter().enumerate() {
            // A scenario that was kept may know nothing of the signals that its task waits for by now: they come at once.
            let signals = workload.tasks.get(task.task).map_or(0, |job| job.signals.len());
            let missing = task.signals_at_ms.len()..signals;
            words.extend(missing.map(|place| (task.at_ms * 1_000, submission, Said::Signal(place))));
            ids.push(vec![None; signals]);
        }
        words.sort_by_key(|(at, ..)| *at);
        Self {
            words,
            ids,
            tasks: scenario.tasks.iter().map(|task| task.task).collect(),
            next_round: last_trouble + ROUND,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.words.is_empty()
    }

    /// What is to be said now. A task that nobody knows of yet is told later; one that never came to be is told nothing.
    pub(super) fn due(
        &mut self,
        now: u64,
        started: &[Option<TaskId>],
        workload: &Workload,
    ) -> Vec<(TaskId, Word)> {
        let mut due = Vec::new();
        self.repeat_signals(now);
        let tasks = &self.tasks;
        self.words.retain(|(at, submission, said)| {
            if *at > now {
                return true;
            }
            let Some(task) = started.get(*submission).copied().flatten() else {
                return match said {
                    Said::Signal(_) => true,
                    Said::Cancel => now < *at + PATIENCE,
                    Said::Pause | Said::Resume | Said::Retry => false,
                };
            };
            let word = match said {
                Said::Cancel => Word::Cancel,
                Said::Pause => Word::Pause,
                Said::Resume => Word::Resume,
                Said::Retry => Word::Retry,
                Said::Signal(place) => {
                    let job = tasks.get(*submission).and_then(|task| workload.tasks.get(*task));
                    let Some((name, payload)) = job.and_then(|job| job.signals.get(*place)) else {
                        return false;
                    };
                    Word::Signal {
                        submission: *submission,
                        place: *place,
                        name: name.clone(),
                        payload: payload.clone(),
                    }
                }
            };
            due.push((task, word));
            false
        });
        // What a task is sent before it is brought back is lost.
        due.sort_by_key(|(_, word)| matches!(word, Word::Signal { .. }));
        due
    }

    /// A task that is brought back is sent all its signals again: those that came after its end were lost.
    fn repeat_signals(&mut self, now: u64) {
        let retried: Vec<usize> = self
            .words
            .iter()
            .filter(|(at, _, said)| *at <= now && matches!(said, Said::Retry))
            .map(|(_, submission, _)| *submission)
            .collect();
        for submission in retried {
            let places = 0..self.ids.get(submission).map_or(0, Vec::len);
            let sent = |place: &usize| self.ids[submission][*place].is_some();
            self.words.extend(places.filter(sent).map(|place| (now, submission, Said::Signal(place))));
        }
    }

    /// Whether the operator makes a round now.
    pub(super) fn is_called(&mut self, now: u64) -> bool {
        let called = self.next_round <= now;
        if called {
            self.next_round = now + ROUND;
        }
        called
    }

    fn id_of(&mut self, submission: usize, place: usize, new: impl FnOnce() -> SignalId) -> Option<SignalId> {
        let id = self.ids.get_mut(submission)?.get_mut(place)?;
        Some(*id.get_or_insert_with(new))
    }
}

impl World<'_> {
    /// Says something to a task.
    pub(super) fn say(&mut self, (task, word): (TaskId, Word)) -> Result<(), WorldError> {
        let at = self.timestamp();
        let request = Request { by: "the simulation".to_owned(), at };
        let signal = |id: SignalId, name: String, payload: Payload| Signal {
            id,
            name,
            payload,
            sender: "the simulation".to_owned(),
            at,
            taken_by: None,
        };
        match word {
            Word::Cancel => {
                let there = at_once(self.store.task_cancel(task, &request))?;
                let mut oracle = self.shared.oracle();
                let label = oracle.label(task);
                oracle.note(|| format!("the cancellation of {label} is asked for ({there})"));
            }
            Word::Pause => {
                at_once(self.store.task_pause(task, &request))?;
            }
            Word::Resume => {
                at_once(self.store.task_resume(task, &request))?;
            }
            Word::Retry => {
                let order = Order::Retry { step: None };
                let id = SignalId::generate(at, &self.entropy);
                let order = signal(id, order.signal_name(), Payload::encode(&order)?);
                if at_once(self.store.signal_send(task, &order))? {
                    at_once(self.store.task_reopen(task, &request))?;
                }
            }
            Word::Signal { submission, place, name, payload } => {
                let entropy = &self.entropy;
                let id = self.operator.id_of(submission, place, || SignalId::generate(at, entropy));
                if let Some(id) = id {
                    at_once(self.store.signal_send(task, &signal(id, name, payload)))?;
                }
            }
        }
        Ok(())
    }
}
