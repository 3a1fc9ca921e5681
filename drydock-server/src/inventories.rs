//! What servers told of their devices, as the store has it on record.

use std::sync::Arc;

use async_trait::async_trait;
use drydock_core::NodeName;
use drydock_orchestrator::{Inventories, InventoryError, LSHW, NODE};
use drydock_store::Store;
use drydock_store::repo::FactQuery;

/// The inventories that the facts of a store hold.
pub struct StoredInventories(pub Arc<dyn Store>);

#[async_trait]
impl Inventories for StoredInventories {
    async fn lshw(&self, node: &NodeName) -> Result<Option<Vec<u8>>, InventoryError> {
        let mut query = FactQuery::about(NODE, node.as_str()).latest();
        loop {
            let page = self.0.fact_list(&query).await.map_err(|error| InventoryError(error.into()))?;
            let found = page.facts.into_iter().find(|found| found.record.fact.generator == LSHW);
            match (found, page.next) {
                (Some(found), _) => return Ok(Some(found.record.fact.data.as_bytes().to_vec())),
                (None, Some(next)) => query.after = Some(next),
                (None, None) => return Ok(None),
            }
        }
    }
}
