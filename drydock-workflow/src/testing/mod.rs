//! Proof for users of the engine (feature `testing`): what a workflow has to stand is checked, not hoped for.
//!
//! * [`Laws`]: any workflow, with each step and each undoing failed, each repeated, and the instance killed after each of its records.
//! * [`TokioClock`]: a clock that follows tokio's, so that paused time is a test's time.
//! * [`FaultyJournal`]: stands between an engine and its store; calls fail, are slow, come twice, or lose their answers.
//! * [`Random`] and [`SeededEntropy`]: chance that can be repeated.
//!
//! ```
//! use std::sync::Arc;
//! use drydock_store::MemoryStore;
//! use drydock_workflow::testing::Laws;
//! use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let workflow = || {
//!     let mut workflow = WorkflowBuilder::<u32>::new("double", 1);
//!     let input = workflow.input();
//!     let double = workflow.step("double", step_fn(|_, n: u32| async move { Ok(Outcome::Done(n * 2)) })).run(&input);
//!     workflow.output(&double).unwrap()
//! };
//! let report = Laws::new(|| Arc::new(MemoryStore::new()), workflow, 21).check().await.unwrap();
//! assert!(report.trials > 3);
//! # }
//! ```

mod clock;
mod journal;
mod laws;
mod phases;
mod probe;
mod random;
mod records;
pub mod sim;

pub use clock::TokioClock;
pub use journal::{Answer, Call, Fault, FaultyJournal, Tamper};
pub use laws::{Law, Laws, Passed, Subject, Violation, Violations};
pub use random::{Random, SeededEntropy};
