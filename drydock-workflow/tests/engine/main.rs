//! The engine over the store in memory, on tokio's paused time: no test waits for real.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod build;
mod cancel;
mod children;
mod classes;
mod clock;
mod commits;
mod conditions;
mod drain;
mod durations;
mod faults;
mod faulty;
mod finally;
mod include;
mod joins;
mod laws;
mod lease;
mod limits;
mod map;
mod once;
mod operators;
mod options;
mod order;
mod outage;
mod queue;
mod records;
mod recover;
mod refused;
mod retry;
mod rollouts;
mod signals;
mod subprocess;
mod support;
mod undo;
mod wait;
