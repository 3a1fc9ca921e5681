//! A clock that moves with tokio's time, so that pausing one pauses both.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use drydock_core::{Clock, Timestamp, after};
use tokio::time::Instant;

/// The first second of 2026: every [`TokioClock`] begins there.
pub(super) const START: i64 = 1_767_225_600;

/// Shows the first moment of 2026 when it is made, and goes on with tokio's time.
#[derive(Debug)]
pub struct TokioClock {
    origin: Instant,
    start: Timestamp,
    /// How far it was set forward, in microseconds.
    set_by: AtomicI64,
}

impl TokioClock {
    /// A clock that begins now. To be made inside a runtime whose time is paused, for otherwise it is an ordinary clock.
    #[must_use = "a clock is a value"]
    pub fn new() -> Arc<Self> {
        let start = Timestamp::from_timestamp(START, 0).unwrap_or_default();
        Arc::new(Self { origin: Instant::now(), start, set_by: AtomicI64::new(0) })
    }

    /// Sets the clock forward, or back, as an operator or a time server does. Tokio's time does not move.
    pub fn set_forward_micros(&self, micros: i64) {
        self.set_by.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let now = after(self.start, self.origin.elapsed());
        let set_by = self.set_by.load(Ordering::Relaxed);
        let by = Duration::from_micros(set_by.unsigned_abs());
        if set_by < 0 { now - by } else { now + by }
    }
}
