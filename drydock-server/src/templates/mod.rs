//! Templates, filled in by a process of their own: one that takes more than it may have ends that process, and no server.
//!
//! * [`ChildProcess`]: starts this program again for each template, and says what came of it.
//! * `child`: what the program does then.
//! * `limits`: what it may take; it limits itself before it reads anything.
//! * `outcome`: what it writes.
//! * `places`: how many there may be at once.

pub(crate) mod child;
mod child_process;
mod limits;
mod outcome;
mod places;

pub use child_process::ChildProcess;

/// The hidden command of the `drydock` program that fills in one template.
pub(crate) const COMMAND: &str = "fill-template";
