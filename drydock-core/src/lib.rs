//! The words of Drydock and its pure rules, and the ports of its engine. No I/O, no runtime, no database.
//!
//! * [`journal`]: what the engine asks of a store, and the records that cross that seam.
//! * [`Clock`] and [`Entropy`]: time and randomness, as ports.
//! * [`Disposition`] and [`Classify`]: whether a failure may be tried again; [`RetryPolicy`] says when.
//! * [`ingest`]: site documents to a [`design`], and what each node comes to; [`node_filter`]: which nodes are meant;
//!   [`rules`]: what is wrong with a design that can be read.
//! * [`lshw`]: the inventory of a server, from which device aliases get the names of devices.
//! * [`boot_action`]: what a server gets when it comes up for the first time: templates, pipelines, archives.
//! * [`task`]: the words of the v1.0 API about tasks.
//! * [`TaskId`], [`Epoch`], [`Fence`], [`NodeName`] …: ids and names, checked when they are made.

pub mod boot_action;
pub mod design;
mod entropy;
mod error;
mod ids;
pub mod ingest;
pub mod journal;
pub mod lshw;
mod name;
pub mod node_filter;
mod payload;
mod retry;
pub mod rules;
mod step_key;
pub mod task;
mod time;

pub use entropy::{Entropy, SystemEntropy};
pub use error::{Classify, Disposition, error_chain};
pub use ids::{Epoch, Fence, SignalId, TaskId, WorkflowId};
pub use name::{ExecutorName, InstanceName, InvalidName, NodeName, StepName, WorkflowName};
pub use payload::Payload;
pub use retry::RetryPolicy;
pub use secrecy::{ExposeSecret, SecretString};
pub use step_key::{InvalidKey, StepKey};
pub use time::{Clock, SystemClock, Timestamp, after, before};
