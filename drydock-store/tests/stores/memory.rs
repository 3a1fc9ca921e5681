//! The store in memory.

use std::sync::Arc;

use drydock_store::MemoryStore;
use drydock_store::conformance::Shared;

pub(crate) struct Memory;

#[expect(clippy::unused_async, reason = "all homes of stores have the same methods")]
impl Memory {
    pub(crate) async fn new() -> Self {
        Self
    }

    pub(crate) async fn fresh(&self) -> Shared {
        Arc::new(MemoryStore::new())
    }

    pub(crate) async fn close(self) {}
}

conforms!(Memory);
