//! The reading sides of a store, for APIs and screens. Absence is `Ok(None)`; a page costs a fixed number of queries.

mod facts;
mod search;
mod tasks;

pub use facts::{FactCursor, FactPage, FactQuery, FactsOf, FoundFact};
pub use search::{Cursor, InvalidCursor, SearchOrder, TaskPage, TaskSearch};
pub use tasks::{ParentFilter, TaskHistory, TaskQuery, TaskRecord, TaskRepo, TaskStatus};
pub(crate) use tasks::{cancellation_of, in_order, status_of};
