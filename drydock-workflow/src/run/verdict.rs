//! A failed attempt: again, or over?

use drydock_core::journal::{Decider, Failure};
use drydock_core::{Disposition, RetryPolicy, Timestamp, after};

use super::Progress;
use crate::outcome::StepError;

/// What becomes of a step whose attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Another attempt may begin at this time.
    Again(Timestamp),
    /// It is not tried again.
    Over(Failure),
}

/// Judges a failed attempt at `now`; `chance` is in `0.0..1.0`.
pub(crate) fn judge(
    retry: &RetryPolicy,
    progress: &Progress,
    error: &StepError,
    now: Timestamp,
    chance: f64,
) -> Verdict {
    let over = |by: &Decider, note: &str| {
        let message = format!("{}{note}", error.message);
        Verdict::Over(Failure::new(error.disposition, message).decided_by(by.clone()))
    };
    match error.disposition {
        Disposition::Permanent | Disposition::Cancelled | Disposition::Bug => over(&error.decided_by, ""),
        Disposition::Retryable => match retry.delay_after(progress.attempt, chance) {
            None if progress.attempt > 1 => {
                over(&Decider::Attempts, &format!(" (gave up after {} attempts)", progress.attempt))
            }
            None => over(&error.decided_by, ""),
            Some(delay) => {
                let at = after(now, delay.max(error.retry_after.unwrap_or_default()));
                if progress.deadline.is_some_and(|deadline| at >= deadline) {
                    over(&Decider::Deadline, " (no time is left for another attempt)")
                } else {
                    Verdict::Again(at)
                }
            }
        },
    }
}
