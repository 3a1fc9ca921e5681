//! Time as a port. Deadlines are absolute timestamps; durations belong to configuration.

use chrono::{DateTime, SubsecRound, Utc};

/// A moment on the wall clock, in UTC. Stores keep microseconds; a [`Clock`] gives no more.
pub type Timestamp = DateTime<Utc>;

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
