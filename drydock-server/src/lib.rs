//! The Drydock server: the v1.0 API over the engine, a store and the drivers; and the command line.
//!
//! * [`serve`](serve::serve) starts a server in this process, from a checked [`ServeConfig`](config::ServeConfig).
//! * [`lifecycle::until_signal`] lets it run until it is told to stop.
//!
//! This crate is the only one that names concrete stores and drivers, and there only `compose` does.

pub mod api;
mod app;
mod archive;
pub mod cli;
pub mod client;
mod compose;
pub mod config;
mod designs;
mod ends;
mod inventories;
pub mod lifecycle;
mod no_provisioner;
pub mod serve;
mod sqlite_file;
pub mod templates;

pub use app::App;
pub use inventories::StoredInventories;
pub use sqlite_file::FileProblem;
