//! Between an instance and the store: what goes wrong on the way, and before it the oracle, which sees what arrives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drydock_core::Epoch;
use drydock_core::journal::{FeedPlace, JournalError, Write};

use super::oracle::{Oracle, owners};
use super::scenario::{Trouble, TroubleKind};
use crate::context::StepContext;
use crate::testing::probe::{BodyEnd, Watch};
use crate::testing::{Answer, Call, Fault, Random, Tamper};

/// A commit that is still on its way.
#[derive(Clone)]
pub(super) struct Letter {
    /// When it arrives, in microseconds.
    pub(super) arrives: u64,
    pub(super) epoch: Epoch,
    pub(super) writes: Vec<Write>,
    pub(super) place: Option<FeedPlace>,
}

/// What all parts of a world share. Everything runs in one thread: no lock is ever waited for.
pub(super) struct Shared {
    oracle: Mutex<Oracle>,
    pub(super) astray: Mutex<Vec<Letter>>,
}

impl Shared {
    pub(super) fn new(oracle: Oracle) -> Arc<Self> {
        Arc::new(Self { oracle: Mutex::new(oracle), astray: Mutex::default() })
    }

    pub(super) fn oracle(&self) -> MutexGuard<'_, Oracle> {
        self.oracle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// At the store's door: tells the oracle what was accepted.
pub(super) struct Door {
    pub(super) shared: Arc<Shared>,
    /// The instance that knocks; `None` for the outside.
    pub(super) instance: Option<u32>,
}

impl Tamper for Door {
    fn before(&self, _call: &Call<'_>) -> Option<Fault> {
        None
    }

    fn after(&self, call: &Call<'_>, answer: Answer<'_>) {
        let mut oracle = self.shared.oracle();
        match (call, answer) {
            (Call::Join(_), Answer::Joined(epoch)) => {
                if let Some(instance) = self.instance {
                    oracle.joined(instance, epoch);
                }
            }
            (Call::Retire(epoch), Answer::Told(true)) | (Call::Leave(epoch), Answer::Done) => {
                oracle.retired(*epoch);
            }
            (Call::Cancel(task), Answer::Told(true)) => oracle.cancelled(*task),
            (Call::Pause(task), Answer::Told(true)) => oracle.paused(*task, true),
            (Call::Resume(task), Answer::Told(true)) => oracle.paused(*task, false),
            (Call::Reopen(task, request), Answer::Told(true)) => oracle.reopened(*task, request),
            (Call::Signal(task, signal), Answer::Told(true)) => oracle.signalled(*task, signal),
            (Call::Submit(tasks), Answer::Done) => oracle.submitted(tasks),
            (Call::Claim(epoch), Answer::Claimed(tasks)) => oracle.claimed(*epoch, tasks),
            (Call::Lock { epoch, task, names }, Answer::Locked(answer)) => {
                oracle.locked(*epoch, *task, names, answer);
            }
            (Call::Slots { epoch, wishes }, Answer::Admitted(answers)) => {
                for (wish, answer) in wishes.iter().zip(answers) {
                    oracle.admitted(*epoch, wish, answer);
                }
            }
            (Call::Append { epoch, writes, place }, Answer::Done) => {
                oracle.committed(*epoch, writes);
                oracle.told(*epoch, writes, *place);
            }
            (Call::Append { epoch, .. }, Answer::Failed(JournalError::Fenced { .. })) => {
                oracle.refused(*epoch);
            }
            _ => {}
        }
    }
}

/// Before an instance's way to the store: tells the oracle what is under way.
pub(super) struct Gate {
    pub(super) shared: Arc<Shared>,
}

impl Tamper for Gate {
    fn before(&self, call: &Call<'_>) -> Option<Fault> {
        if let Call::Append { epoch, writes, .. } = call {
            self.shared.oracle().sets_out(*epoch, writes);
        }
        None
    }

    fn after(&self, call: &Call<'_>, _answer: Answer<'_>) {
        if let Call::Append { epoch, writes, .. } = call {
            self.shared.oracle().comes_back(*epoch, writes);
        }
    }
}

/// An instance's way to the store, with its troubles.
pub(super) struct Line {
    pub(super) shared: Arc<Shared>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) commit: Duration,
    /// How often as long it takes, where that differs: so that one which set out later may arrive before.
    pub(super) lengths: Option<Mutex<Random>>,
}

impl Tamper for Line {
    fn before(&self, call: &Call<'_>) -> Option<Fault> {
        let now = self.shared.oracle().now;
        let troubles = self.troubles.iter().filter(|trouble| trouble.is_on(now));
        let slow = matches!(call, Call::Append { .. }) && self.commit > Duration::ZERO;
        let usual = slow.then(|| Fault::Slow(self.commit * self.length()));
        troubles.filter_map(|trouble| self.fault(trouble.kind, call, now)).next_back().or(usual)
    }
}

impl Line {
    fn length(&self) -> u32 {
        let random = self.lengths.as_ref().map(|it| it.lock().unwrap_or_else(PoisonError::into_inner));
        random.and_then(|mut random| random.pick(&[1, 1, 2, 6]).copied()).unwrap_or(1)
    }

    fn fault(&self, kind: TroubleKind, call: &Call<'_>, now: u64) -> Option<Fault> {
        // A store promises that a claim whose answer was lost is repeated with the next one; this line is no part of the store, so
        // it loses none.
        let may_lose = !matches!(call, Call::Claim(_) | Call::Other);
        match kind {
            TroubleKind::Away => Some(Fault::Away),
            TroubleKind::Astray(late) => {
                if let Call::Append { epoch, writes, place } = call {
                    let mut astray = self.shared.astray.lock().unwrap_or_else(PoisonError::into_inner);
                    astray.push(Letter {
                        arrives: now + late * 1_000,
                        epoch: *epoch,
                        writes: writes.to_vec(),
                        place: *place,
                    });
                }
                Some(Fault::Away)
            }
            TroubleKind::Slow(by) => Some(Fault::Slow(Duration::from_millis(by))),
            TroubleKind::LoseAnswers => may_lose.then_some(Fault::LoseAnswer),
            TroubleKind::LateAnswers(by) => may_lose.then_some(Fault::AnswerLate(Duration::from_millis(by))),
            TroubleKind::Twice => {
                let doubled = matches!(call, Call::Append { .. } | Call::Lock { .. } | Call::Slots { .. });
                doubled.then_some(Fault::Twice)
            }
            TroubleKind::Picky => match call {
                Call::Append { writes, .. } if owners(writes).len() > 1 => Some(Fault::Refuse),
                _ => None,
            },
            TroubleKind::Crash | TroubleKind::Pause | TroubleKind::Drain | TroubleKind::ClockSet(_) => None,
        }
    }
}

impl Trouble {
    /// Whether it is on at `now`, in microseconds.
    pub(super) const fn is_on(&self, now: u64) -> bool {
        self.at_ms * 1_000 <= now && now < (self.at_ms + self.for_ms) * 1_000
    }
}

/// Tells the oracle of the bodies of one instance.
pub(super) struct Ledger {
    pub(super) shared: Arc<Shared>,
    pub(super) instance: u32,
}

impl Watch for Ledger {
    fn begins(
        &self,
        _workflow: &drydock_core::WorkflowName,
        ctx: &StepContext,
    ) -> Result<(), crate::StepError> {
        self.shared.oracle().body_begins(self.instance, ctx);
        Ok(())
    }

    fn ends(&self, ctx: &StepContext, how: BodyEnd) {
        self.shared.oracle().body_ends(self.instance, ctx, how);
    }
}
