//! Memory that survives: Postgres, SQLite and in-memory stores behind one trait.
//!
//! * [`Store`]: what a server needs of a database, the engine's [`Journal`](drydock_core::journal::Journal) and the
//!   reading side [`repo::TaskRepo`]; [`open`] chooses by URL.
//! * [`MemoryStore`]: the executable specification, simple and obviously right.
//!
//! A rule of persistence is stated once, in `conformance` (feature `testing`), and every store passes it. The folders of the
//! stores mirror each other: what `memory/claims.rs` means, `sqlite/claims.rs` and `postgres/claims.rs` do.

mod archive;
mod batch;
mod claimed;
mod codec;
#[cfg(feature = "testing")]
pub mod conformance;
mod doubt;
mod error;
mod facts;
mod feed;
mod gather;
mod memory;
mod news;
mod places;
mod postgres;
pub mod repo;
mod row;
mod schema;
mod search;
mod sqlite;
mod store;
mod together;
mod unreadable;
mod url;

pub use memory::MemoryStore;
pub use postgres::{PgOptions, PgStore};
pub use sqlite::SqliteStore;
pub use store::{Connections, Store, migrate, open};
pub use url::{DatabaseUrl, InvalidDatabaseUrl};
// In whose transactions tasks are submitted.
pub use sqlx::{PgConnection, SqliteConnection};
