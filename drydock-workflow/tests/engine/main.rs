//! The engine over the store in memory, on tokio's paused time: no test waits for real.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod cancel;
mod children;
mod limits;
mod order;
mod recover;
mod retry;
mod support;
mod wait;
