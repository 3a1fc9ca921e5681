//! A failed attempt: disposition, number, and time.

use std::time::Duration;

use drydock_core::journal::{Decider, Failure};
use drydock_core::{Disposition, RetryPolicy};

use super::at;
use crate::outcome::StepError;
use crate::run::{Progress, Verdict, judge};

/// Three attempts, a minute apart, judged at minute 5.
fn verdict(
    disposition: Disposition,
    attempt: u32,
    deadline: Option<i64>,
    retry_after: Option<u64>,
) -> Verdict {
    let minute = Duration::from_mins(1);
    let policy = RetryPolicy { factor: 1.0, jitter: 0.0, ..RetryPolicy::attempts(3).delays(minute, minute) };
    let progress = Progress { attempt, deadline: deadline.map(at), ..Progress::default() };
    let retry_after = retry_after.map(Duration::from_mins);
    let error = StepError { disposition, retry_after, ..StepError::retryable("busy") };
    judge(&policy, &progress, &error, at(5), 0.0)
}

#[test]
fn a_retryable_failure_is_tried_again_while_attempts_and_time_are_left() {
    let table = [
        // attempt, deadline, retry_after, the next attempt
        (1, None, None, Ok(6)),
        (2, None, None, Ok(6)),
        (3, None, None, Err((Decider::Attempts, "busy (gave up after 3 attempts)"))),
        (1, None, Some(0), Ok(6)),
        (1, None, Some(30), Ok(35)),
        (1, Some(7), None, Ok(6)),
        (1, Some(6), None, Err((Decider::Deadline, "busy (no time is left for another attempt)"))),
        (1, Some(4), None, Err((Decider::Deadline, "busy (no time is left for another attempt)"))),
        (1, Some(30), Some(30), Err((Decider::Deadline, "busy (no time is left for another attempt)"))),
        (3, Some(4), None, Err((Decider::Attempts, "busy (gave up after 3 attempts)"))),
    ];
    for (attempt, deadline, retry_after, expected) in table {
        let expected = match expected {
            Ok(minute) => Verdict::Again(at(minute)),
            Err((by, message)) => Verdict::Over(Failure::new(Disposition::Retryable, message).decided_by(by)),
        };
        let got = verdict(Disposition::Retryable, attempt, deadline, retry_after);
        assert_eq!(got, expected, "attempt {attempt}, deadline {deadline:?}, retry after {retry_after:?}");
    }
}

#[test]
fn any_other_failure_is_final_with_its_own_message() {
    for disposition in [Disposition::Permanent, Disposition::Cancelled, Disposition::Bug] {
        for attempt in [1, 2, 3] {
            let over = Verdict::Over(Failure::new(disposition, "busy"));
            assert_eq!(verdict(disposition, attempt, Some(60), Some(1)), over);
        }
    }
}

#[test]
fn a_step_with_one_attempt_does_not_boast_of_attempts() {
    let error = StepError::retryable("busy");
    let progress = Progress { attempt: 1, ..Progress::default() };
    let over = Failure::new(Disposition::Retryable, "busy");
    assert_eq!(judge(&RetryPolicy::NEVER, &progress, &error, at(0), 0.0), Verdict::Over(over));
}

#[test]
fn a_delay_of_for_ever_ends_with_the_calendar() {
    let error = StepError { retry_after: Some(Duration::MAX), ..StepError::retryable("busy") };
    let progress = Progress { attempt: 1, ..Progress::default() };
    match judge(&RetryPolicy::attempts(2), &progress, &error, at(0), 0.0) {
        Verdict::Again(at) => assert_eq!(at.to_rfc3339(), "9999-12-31T23:59:59+00:00"),
        over @ Verdict::Over(_) => panic!("{over:?}"),
    }
}
