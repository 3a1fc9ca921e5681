//! Drydock: a durable workflow engine, and a bare-metal provisioner on top of it.
//!
//! A *task* runs a *workflow*, a DAG of *steps*. Every finished step is a *checkpoint* in Postgres or SQLite. Kill the process at
//! any instruction: another instance, or the same one restarted, goes on at the first step that has no checkpoint.
//!
//! This crate gathers what a program needs to embed the engine, or the provisioner, or both:
//!
//! * [`workflow`]: write steps, wire them, run tasks.
//! * [`store`]: where the checkpoints are: Postgres, SQLite, or memory.
//! * [`core`]: the words that all of them share: ids, names, time, the journal between engine and store, site designs.
//! * [`drivers`]: power, boot order and installation of servers: IPMI, MAAS, and emulators of both.
//! * [`orchestrator`]: `verify_site`, `prepare_nodes`, `deploy_nodes`, `destroy_nodes` as workflows over the drivers.
//!
//! The binary `drydock` of the same package is the standalone server and its command line. `examples/` teaches the rest, one
//! lesson per file.
//!
//! # The shortest complete program
//!
//! ```
//! use std::sync::Arc;
//!
//! use drydock::core::{InstanceName, journal::TaskEndKind};
//! use drydock::store::SqliteStore;
//! use drydock::workflow::{Engine, Outcome, WorkflowBuilder, step_fn};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // A workflow: a step that is fed by the task's input, and gives the task's output.
//!     let mut builder = WorkflowBuilder::<u32>::new("double", 1);
//!     let input = builder.input();
//!     let body = step_fn(|_ctx, n: u32| async move { Ok(Outcome::Done(n * 2)) });
//!     let double = builder.step("double", body).run(&input);
//!     let workflow = builder.output(&double)?;
//!
//!     // A store; `SqliteStore::open("drydock.db")` keeps it in a file.
//!     let store = Arc::new(SqliteStore::in_memory().await?);
//!
//!     // An engine, a task, its end.
//!     let engine = Engine::builder(store, InstanceName::new("here")?).workflow(&workflow).start().await?;
//!     let task = engine.submit(&workflow, &21).await?;
//!     match engine.wait(task).await?.kind {
//!         TaskEndKind::Completed(output) => assert_eq!(output.decode::<u32>()?, 42),
//!         other => panic!("{other:?}"),
//!     }
//!     engine.drain().await?;
//!     Ok(())
//! }
//! ```

#[doc(inline)]
pub use drydock_core as core;
#[doc(inline)]
pub use drydock_drivers as drivers;
#[doc(inline)]
pub use drydock_orchestrator as orchestrator;
#[doc(inline)]
pub use drydock_store as store;
#[doc(inline)]
pub use drydock_workflow as workflow;
