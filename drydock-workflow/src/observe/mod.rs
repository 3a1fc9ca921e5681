//! What can be watched of an instance, in one vocabulary: its metrics and its spans. What each is for stands in `docs/metrics.md`.
//!
//! Metrics go through the `metrics` facade, so a program brings the recorder that it likes: install it, or give it to
//! [`EngineBuilder::recorder`](crate::EngineBuilder::recorder), **before** the engine starts: that is when the engine takes its handles, and
//! it asks for none later. A program without a recorder of its own may take [`Page`]. Without any, a figure costs a branch.
//!
//! Spans are `tracing`'s. A task's id, without its hyphens, is the id of its trace: whoever carries the task on after a crash needs
//! nothing but the task to go on with the same trace, and nothing is stored for it.

mod meters;
mod metrics;
mod page;
mod spans;

pub use meters::number;
pub(crate) use meters::{Meters, WorkflowMeters};
pub use metrics::*;
pub use page::Page;
pub use spans::{FIELDS, SPANS};
pub(crate) use spans::{inside, of_attempt, of_run};
