//! Stores and instances that are wrong about what keeps tasks apart: locks, places, priorities, and budgets of failures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use drydock_core::journal::{LockAnswer, LockClaim, Obstacle, SlotAnswer, TaskEnd, TaskEndKind, Write};
use drydock_core::{Payload, TaskId, Timestamp};
use drydock_store::MemoryStore;
use drydock_workflow::testing::sim::Simulation;
use drydock_workflow::testing::{Answer, Call, Fault, FaultyJournal, Tamper};

use crate::dags::workload;

/// A mistake about what is given to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Greed {
    /// A lock is given although another task has it.
    LockTwice,
    /// The locks of a task are forgotten when another instance takes it over.
    LockForgotten,
    /// The locks of a task stay taken after its end.
    LockKept,
    /// A lock is given to who asks first, whoever waits.
    LockUnfair,
    /// The locks of a task that is brought back are taken as its own still.
    LockAssumed,
    /// A place is given although none is left.
    PlaceTooMany,
    /// The places of a step stay taken after its end.
    PlaceKept,
    /// The first of the tasks that could be taken is left behind.
    PriorityIgnored,
    /// The instance takes children that failed for completed ones.
    BudgetIgnored,
}

/// The worlds of [`crate::dags::simulation`], with a mistake in them.
pub(crate) fn simulation(greed: Greed) -> Simulation {
    let stores = move || {
        let greedy = Greedy { greed, books: Mutex::default() };
        FaultyJournal::watched(Arc::new(MemoryStore::new()), greedy)
    };
    match greed {
        Greed::BudgetIgnored | Greed::LockAssumed => {
            let of_instance = move |journal| {
                FaultyJournal::watched(journal, Greedy { greed, books: Mutex::default() }) as _
            };
            Simulation::new(|| Arc::new(MemoryStore::new()), workload).layer(of_instance)
        }
        _ => Simulation::new(stores, workload),
    }
}

struct Greedy {
    greed: Greed,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    /// Which locks were given.
    locks: BTreeMap<TaskId, BTreeSet<String>>,
    /// Tasks whose locks are forgotten.
    forgotten: BTreeSet<TaskId>,
    /// Locks that nobody gets any more, and who had them.
    kept: BTreeMap<String, TaskId>,
    /// How many refusals there were.
    refusals: u64,
    /// Limits of which a place was given back.
    vacated: bool,
}

impl Tamper for Greedy {
    fn before(&self, call: &Call<'_>) -> Option<Fault> {
        let mut books = self.books.lock().unwrap();
        if let (Greed::PlaceKept, Call::Append { writes, .. }) = (self.greed, call) {
            books.vacated |= writes.iter().any(|write| matches!(write, Write::SlotsFreed(..)));
        }
        None
    }

    fn after(&self, call: &Call<'_>, answer: Answer<'_>) {
        let mut books = self.books.lock().unwrap();
        match (call, answer) {
            (Call::Lock { task, names, .. }, Answer::Locked(answer)) => {
                books.lock(self.greed, *task, names, answer);
            }
            (Call::Append { writes, .. }, Answer::Done) => books.free(writes),
            (Call::Claim(_), Answer::Claimed(tasks)) => {
                let again = tasks.iter().flatten().filter(|claimed| claimed.resumed);
                books.forgotten.extend(again.map(|claimed| claimed.task.id));
                if self.greed == Greed::PriorityIgnored && tasks.len() > 1 {
                    tasks.drain(..1);
                }
                if self.greed == Greed::LockAssumed {
                    let marks = tasks.iter_mut().flatten().flat_map(|claimed| &mut claimed.marks);
                    marks.for_each(|mark| mark.name = mark.name.replace("drydock:lock:", "other:"));
                }
            }
            (Call::Slots { wishes, .. }, Answer::Admitted(answers)) => match self.greed {
                Greed::PlaceTooMany => answers.fill(SlotAnswer::Taken),
                Greed::PlaceKept if books.vacated => {
                    let names = wishes.iter().map(|wish| wish.limits[0].0.clone());
                    *answers = names.map(SlotAnswer::Full).collect();
                }
                _ => {}
            },
            (Call::Children(..), Answer::Children(children)) if self.greed == Greed::BudgetIgnored => {
                for end in children.iter_mut().filter_map(|child| child.end.as_mut()) {
                    forgive(end);
                }
            }
            _ => {}
        }
    }
}

impl Books {
    fn lock(&mut self, greed: Greed, task: TaskId, names: &[String], answer: &mut LockAnswer) {
        match answer {
            LockAnswer::Taken => {
                self.locks.entry(task).or_default().extend(names.iter().cloned());
                let kept = names.iter().find_map(|name| Some((name, *self.kept.get(name)?)));
                if let (Greed::LockKept, Some((lock, before))) = (greed, kept) {
                    let (lock, since) = (lock.clone(), Timestamp::UNIX_EPOCH);
                    let by = Obstacle { lock, task: before, claim: LockClaim::Holds, since };
                    *answer = LockAnswer::Refused(vec![by]);
                }
            }
            LockAnswer::Refused(obstacles) => {
                self.refusals += 1;
                let holds = |it: &Obstacle| it.claim == LockClaim::Holds;
                let granted = match greed {
                    Greed::LockTwice => self.refusals.is_multiple_of(3) && obstacles.iter().all(holds),
                    Greed::LockUnfair => !obstacles.iter().any(holds),
                    Greed::LockForgotten => {
                        obstacles.iter().all(|it| holds(it) && self.forgotten.contains(&it.task))
                    }
                    _ => false,
                };
                if granted {
                    *answer = LockAnswer::Taken;
                }
            }
        }
    }

    fn free(&mut self, writes: &[Write]) {
        for write in writes {
            if let Write::TaskEnded(task, ..) = write {
                let names = self.locks.remove(task).unwrap_or_default();
                self.kept.extend(names.into_iter().map(|name| (name, *task)));
            }
        }
    }
}

fn forgive(end: &mut TaskEnd) {
    if matches!(end.kind, TaskEndKind::Failed(_)) {
        end.kind = TaskEndKind::Completed(Payload::encode(&0).unwrap());
    }
}
