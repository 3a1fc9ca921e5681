//! The actions of Drydock as workflows over the driver traits.
//!
//! An action on nodes is two workflows: one that reads the design, selects the nodes and starts a child task for each, and the
//! one that the child runs. There is no barrier between nodes: each goes its own way. How an action is added:
//!
//! 1. its steps, in `steps/`, as functions over the drivers and designs in `tools.rs`;
//! 2. its graph, in `actions/`;
//! 3. a line in [`Orchestrator::new`].

mod actions;
mod assets;
mod boot_actions;
mod designs;
mod input;
mod inventories;
mod orchestrator;
mod result;
mod steps;
mod tools;

pub use assets::{AssetError, AssetSource, shown};
pub use boot_actions::{
    BootActionError, BootActionFact, BootActions, HeardReport, NodeKeyFact, REPORT_SIGNAL, REPORT_URL,
};
pub use designs::{
    ClientError, Content, Credentials, DesignError, DesignSource, Designs, Fetch, FetchError, Fetched,
    FileDesigns, Files, HttpOptions, InvalidCredential, KeystoneOptions, KeystoneTokens, Known, LoadedDesign,
    RedirectError, References, TokenError, Tokens,
};
pub use input::{NodeJob, TaskInput};
pub use inventories::{Inventories, InventoryError, LSHW, NODE};
pub use orchestrator::{Orchestrator, SubmitError};
pub use result::task_result;
pub use tools::{Drivers, OrchestratorOptions};
