//! Each action over the real drivers and the emulated site: what happens to the machines, and what the task says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod life;
mod safety;
mod support;
mod validate;
