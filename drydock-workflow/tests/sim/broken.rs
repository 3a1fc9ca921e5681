//! Stores and instances that are broken on purpose, so that the oracle has something to find.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use drydock_core::journal::{Checkpoint, ClaimedTask, Journal, JournalError, StepEnd, Write};
use drydock_core::{Epoch, Fence, InstanceName, TaskId};
use drydock_store::MemoryStore;
use drydock_workflow::testing::sim::Simulation;
use drydock_workflow::testing::{Answer, Call, Fault, FaultyJournal, Tamper};
use tokio_util::task::TaskTracker;

use crate::dags::workload;

/// A mistake that an engine or a store could make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The store does not check the epoch of a commit.
    NoEpochCheck,
    /// The same, and a retired instance is not told when it renews: two instances have the same tasks for good.
    TwoOwners,
    /// A claim of a task that was begun brings no checkpoints.
    ForgottenRecords,
    /// A claim gives each owner the same fence.
    FenceStands,
    /// Every twentieth commit is answered and not made.
    LostCommit,
    /// A task is given to two instances.
    GivenTwice,
    /// Dependents begin before the commit: it is answered first and made later.
    EarlyAnswer,
    /// The instance sends each commit twice at once.
    TwoLanes,
    /// The instance does not renew its lease.
    NoRenewal,
    /// The instance forgets, of the tasks that it takes over, what was noted of steps on their way.
    ForgottenMarks,
    /// The instance forgets which signals were taken.
    ForgottenTakes,
    /// The instance forgets that a task is paused.
    ForgottenPauses,
    /// The instance forgets, of tasks that failed or were cancelled, what the last step that is done did.
    ForgottenWork,
    /// The instance forgets what is undone.
    ForgottenUndoings,
    /// The instance forgets what of a task failed, and that it was to be cancelled.
    ForgottenFailures,
}

/// The worlds of [`crate::dags::simulation`], with a mistake in them.
pub(crate) fn simulation(bug: Bug) -> Simulation {
    match bug {
        Bug::EarlyAnswer => Simulation::new(|| Arc::new(MemoryStore::new()), workload).layer(answers_early),
        Bug::TwoLanes => Simulation::new(|| Arc::new(MemoryStore::new()), workload).layer(sends_twice),
        Bug::NoRenewal => Simulation::new(|| Arc::new(MemoryStore::new()), workload).layer(|journal| {
            FaultyJournal::new(journal, |call| matches!(call, Call::Renew(_)).then_some(Fault::Pretend))
        }),
        Bug::ForgottenMarks
        | Bug::ForgottenTakes
        | Bug::ForgottenPauses
        | Bug::ForgottenWork
        | Bug::ForgottenUndoings
        | Bug::ForgottenFailures => Simulation::new(|| Arc::new(MemoryStore::new()), workload)
            .layer(move |journal| FaultyJournal::watched(journal, Forgetful(bug))),
        Bug::LostCommit => Simulation::new(
            || {
                let appends = AtomicU64::new(0);
                FaultyJournal::new(Arc::new(MemoryStore::new()), move |call| {
                    let lost = matches!(call, Call::Append { .. })
                        && appends.fetch_add(1, Ordering::Relaxed) % 20 == 19;
                    lost.then_some(Fault::Pretend)
                })
            },
            workload,
        ),
        Bug::NoEpochCheck | Bug::TwoOwners | Bug::ForgottenRecords | Bug::FenceStands | Bug::GivenTwice => {
            Simulation::new(
                move || {
                    FaultyJournal::watched(
                        Arc::new(MemoryStore::new()),
                        Broken { bug, books: Mutex::default() },
                    )
                },
                workload,
            )
        }
    }
}

/// An instance that believes in a commit two seconds before it is made.
fn answers_early(journal: Arc<dyn Journal>) -> Arc<dyn Journal> {
    let later = TaskTracker::new();
    let store = journal.clone();
    FaultyJournal::new(journal, move |call| {
        let Call::Append { epoch, writes, place } = *call else { return None };
        let (store, writes) = (store.clone(), writes.to_vec());
        later.spawn(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            while store
                .append_told(epoch, &writes, place)
                .await
                .is_err_and(|error| matches!(error, JournalError::Unavailable(_)))
            {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Some(Fault::Pretend)
    })
}

/// An instance that has two commits about the same tasks under way.
fn sends_twice(journal: Arc<dyn Journal>) -> Arc<dyn Journal> {
    let beside = TaskTracker::new();
    let store = journal.clone();
    FaultyJournal::new(journal, move |call| {
        let Call::Append { epoch, writes, place } = *call else { return None };
        let (store, writes) = (store.clone(), writes.to_vec());
        // Whoever asked hears of the other.
        beside.spawn(async move { store.append_told(epoch, &writes, place).await });
        None
    })
}

/// An instance that does not see all that is told of the tasks that it takes over.
struct Forgetful(Bug);

impl Tamper for Forgetful {
    fn before(&self, _call: &Call<'_>) -> Option<Fault> {
        None
    }

    fn after(&self, _call: &Call<'_>, answer: Answer<'_>) {
        let Answer::Claimed(claims) = answer else { return };
        claims.iter_mut().flatten().for_each(|claimed| self.forget(claimed));
    }
}

impl Forgetful {
    fn forget(&self, claimed: &mut ClaimedTask) {
        // All finally steps of the workload are called so.
        let finally = |it: &Checkpoint| it.step.name().as_str().starts_with("finally");
        let failed =
            |it: &Checkpoint| matches!(it.end, StepEnd::Failed(_)) && !it.step.is_undo() && !finally(it);
        let stopped = claimed.cancellation.is_some() || claimed.checkpoints.iter().any(failed);
        match self.0 {
            Bug::ForgottenMarks => claimed.marks.clear(),
            Bug::ForgottenTakes => claimed.signals.iter_mut().for_each(|signal| signal.taken_by = None),
            Bug::ForgottenPauses => claimed.pause = None,
            Bug::ForgottenWork if stopped => {
                let done = |it: &Checkpoint| {
                    matches!(it.end, StepEnd::Done(_)) && !it.step.is_undo() && !finally(it)
                };
                claimed.checkpoints.sort_by_key(|it| it.ended_at);
                if let Some(last) = claimed.checkpoints.iter().rposition(done) {
                    claimed.checkpoints.remove(last);
                }
            }
            Bug::ForgottenUndoings => claimed.checkpoints.retain(|it| !it.step.is_undo()),
            Bug::ForgottenFailures => {
                claimed.cancellation = None;
                claimed.checkpoints.retain(|it| !failed(it));
            }
            _ => {}
        }
    }
}

/// A store that keeps books of its own, to know how to be wrong.
struct Broken {
    bug: Bug,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    names: BTreeMap<InstanceName, Epoch>,
    retired: BTreeSet<Epoch>,
    owners: BTreeMap<TaskId, Epoch>,
    given: Option<(Epoch, ClaimedTask)>,
}

impl Broken {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }
}

impl Books {
    /// In whose name a commit of a retired epoch passes: that of its task's new owner.
    fn instead_of(&self, writes: &[Write]) -> Option<Epoch> {
        let task = writes.iter().find_map(|write| match write {
            Write::StepEnded(task, _) | Write::TaskEnded(task, ..) | Write::StepWaits(task, _) => Some(task),
            _ => None,
        })?;
        self.owners.get(task).copied().filter(|owner| !self.retired.contains(owner))
    }
}

impl Tamper for Broken {
    fn before(&self, call: &Call<'_>) -> Option<Fault> {
        let books = self.books();
        match (self.bug, call) {
            (Bug::NoEpochCheck | Bug::TwoOwners, Call::Append { epoch, writes, .. }) => {
                let retired = books.retired.contains(epoch);
                retired.then(|| books.instead_of(writes)).flatten().map(Fault::As)
            }
            (Bug::TwoOwners, Call::Renew(epoch)) => books.retired.contains(epoch).then_some(Fault::Pretend),
            _ => None,
        }
    }

    fn after(&self, call: &Call<'_>, answer: Answer<'_>) {
        let mut books = self.books();
        match (call, answer) {
            (Call::Join(name), Answer::Joined(epoch)) => {
                let before = books.names.insert((*name).clone(), epoch);
                books.retired.extend(before);
            }
            (Call::Retire(epoch), Answer::Told(true)) | (Call::Leave(epoch), Answer::Done) => {
                books.retired.insert(*epoch);
            }
            (Call::Claim(epoch), Answer::Claimed(tasks)) => {
                for claimed in tasks.iter_mut().flatten() {
                    books.owners.insert(claimed.task.id, *epoch);
                    if self.bug == Bug::ForgottenRecords {
                        claimed.checkpoints.clear();
                    }
                    if self.bug == Bug::FenceStands {
                        claimed.fence = Fence::FIRST;
                    }
                }
                if self.bug == Bug::GivenTwice {
                    match books.given.take() {
                        Some((owner, again)) if owner != *epoch => tasks.push(Ok(again)),
                        given => {
                            books.given =
                                given.or(tasks.iter().flatten().next().cloned().map(|task| (*epoch, task)));
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
