//! The engine over the store in memory, on tokio's paused time: no test waits for real.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod build;
mod cancel;
mod children;
mod clock;
mod commits;
mod drain;
mod durations;
mod faults;
mod faulty;
mod joins;
mod laws;
mod lease;
mod limits;
mod options;
mod order;
mod records;
mod recover;
mod refused;
mod retry;
mod support;
mod wait;
