//! Time as a port. Deadlines are absolute timestamps; durations belong to configuration.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A moment on the wall clock, in UTC. Stores keep microseconds; a [`Clock`] gives no more.
pub type Timestamp = DateTime<Utc>;

/// The last moment that all stores and formats can hold: the end of the year 9999.
const LATEST: Timestamp = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(latest) => latest,
    None => DateTime::<Utc>::MAX_UTC,
};

/// `wait` after `moment`, to the microsecond; never beyond the year 9999, however long the wait.
pub fn after(moment: Timestamp, wait: Duration) -> Timestamp {
    let sum = TimeDelta::from_std(wait).ok().and_then(|wait| moment.checked_add_signed(wait));
    sum.map_or(LATEST, |sum| sum.min(LATEST)).trunc_subsecs(6)
}

/// So long `ago` before `moment`; never before 1970.
pub fn before(moment: Timestamp, ago: Duration) -> Timestamp {
    let earlier = TimeDelta::from_std(ago).ok().and_then(|ago| moment.checked_sub_signed(ago));
    earlier.unwrap_or_default().max(Timestamp::UNIX_EPOCH)
}

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The time now, cut to microseconds so that a stored timestamp equals the one that was written.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's one real implementation")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_is_too_long() {
        let moment: Timestamp = "2026-01-01T00:00:00.5Z".parse().unwrap();
        assert_eq!(
            after(moment, Duration::from_nanos(1_999)).to_rfc3339(),
            "2026-01-01T00:00:00.500001+00:00"
        );
        assert_eq!(after(moment, Duration::MAX).to_rfc3339(), "9999-12-31T23:59:59+00:00");
        assert_eq!(before(moment, Duration::from_secs(1)).to_rfc3339(), "2025-12-31T23:59:59.500+00:00");
        assert_eq!(before(moment, Duration::MAX), Timestamp::UNIX_EPOCH);
    }
}
