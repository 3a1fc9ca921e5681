//! Whether the store can be reached, as all parts of an instance see it together: one line in the log when it goes, one when it is back.
//!
//! A store may be away in part: on a full disk it still reads, and may renew a lease while it cannot commit. So it is back when
//! each kind of call that failed has been answered, and not when any call is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use drydock_core::journal::JournalError;
use drydock_core::{Classify as _, Disposition, error_chain};
use metrics::Counter;

/// For so many renewals of the lease, which is a whole lease, a kind of call counts as failing that is not asked again: nobody may
/// need it any more.
const REMEMBERED: u8 = 3;

/// A kind of call, as far as one may fail while the others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    /// A batch.
    Commit,
    /// To join, or to renew.
    Lease,
    Claim,
    /// Locks, or slots of limits.
    Lock,
    Cancel,
    /// Whatever changes nothing.
    Read,
}

/// Shared by all that talk to the store.
#[derive(Clone)]
pub(super) struct Reach(Arc<Inner>);

struct Inner {
    /// Calls that failed.
    unanswered: Counter,
    /// Whether any kind of call fails: answers are on the way of every commit, and look here only.
    away: AtomicBool,
    /// The kinds of calls that fail, with the renewals since each last did.
    failing: Mutex<BTreeMap<Call, u8>>,
}

impl Reach {
    /// A store that answers, as far as is known. Each call that it does not answer is counted.
    pub(super) fn new(unanswered: Counter) -> Self {
        Self(Arc::new(Inner { unanswered, away: AtomicBool::default(), failing: Mutex::default() }))
    }

    /// Looks at an answer of the store, and passes it on.
    pub(super) fn heard<T>(&self, call: Call, answer: Result<T, JournalError>) -> Result<T, JournalError> {
        match &answer {
            Err(error) if error.disposition() == Disposition::Retryable => self.failed(call, error),
            // A refusal is an answer too.
            Ok(_) | Err(_) => {
                if self.0.away.load(Ordering::Relaxed) {
                    self.answered(call);
                }
            }
        }
        answer
    }

    fn failed(&self, call: Call, error: &JournalError) {
        self.0.unanswered.increment(1);
        let mut failing = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if failing.is_empty() {
            tracing::warn!(
                error = %error_chain(error),
                "the store does not answer: steps go on while the lease lasts, and their records wait; asking again until it does"
            );
        }
        failing.insert(call, 0);
        self.0.away.store(true, Ordering::Relaxed);
    }

    fn answered(&self, call: Call) {
        let mut failing = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.remove(&call);
        if call == Call::Lease {
            failing.retain(|_, renewals| {
                *renewals += 1;
                *renewals < REMEMBERED
            });
        }
        if failing.is_empty() && self.0.away.swap(false, Ordering::Relaxed) {
            tracing::info!("the store answers again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(reach: &Reach, call: Call) {
        let away = Err::<(), _>(JournalError::Unavailable("away".into()));
        assert!(reach.heard(call, away).is_err());
    }

    fn is_back_after(reach: &Reach, call: Call) -> bool {
        assert!(reach.heard(call, Ok(())).is_ok());
        !reach.0.away.load(Ordering::Relaxed)
    }

    #[test]
    fn a_store_that_reads_and_renews_but_does_not_commit_is_away() {
        let reach = Reach::new(Counter::noop());
        fails(&reach, Call::Commit);
        for _ in 0..9 {
            assert!(!is_back_after(&reach, Call::Read) && !is_back_after(&reach, Call::Lease));
            fails(&reach, Call::Commit);
        }
        assert!(is_back_after(&reach, Call::Commit));
    }

    #[test]
    fn what_nobody_asks_any_more_is_forgotten_within_a_lease() {
        let reach = Reach::new(Counter::noop());
        fails(&reach, Call::Commit);
        fails(&reach, Call::Lease);
        assert!(!is_back_after(&reach, Call::Lease) && !is_back_after(&reach, Call::Lease));
        assert!(!is_back_after(&reach, Call::Claim));
        assert!(is_back_after(&reach, Call::Lease));
    }
}
