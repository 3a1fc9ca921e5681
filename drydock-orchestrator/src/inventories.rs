//! What servers told of their devices: how it is put on record, and the port through which the newest is read.

use async_trait::async_trait;
use drydock_core::journal::Fact;
use drydock_core::{Classify, Disposition, NodeName};

/// The kind of the subjects that are nodes.
pub const NODE: &str = "node";

/// What makes the inventories of devices: `lshw -xml`.
pub const LSHW: &str = "lshw";

/// What makes the lists of neighbours in the network.
pub(crate) const LLDP: &str = "lldp";

/// Both are XML, as in v1.0.
const XML: &str = "text/xml";

/// What `generator` gave about a node, as a fact.
pub(crate) fn fact(node: &NodeName, generator: &str, xml: Vec<u8>) -> Fact {
    Fact::about(NODE, node.as_str()).by(generator).data(XML, xml)
}

/// What is on record cannot be read now.
#[derive(Debug, thiserror::Error)]
#[error("what is on record of the node's devices cannot be read")]
pub struct InventoryError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

impl Classify for InventoryError {
    /// A store that does not answer now may answer later.
    fn disposition(&self) -> Disposition {
        Disposition::Retryable
    }
}

/// Where the inventories of servers are on record.
#[async_trait]
pub trait Inventories: Send + Sync + 'static {
    /// The data of the newest fact of the generator [`LSHW`] about the [`NODE`] of this name; `None` where there is none. Cancel-safe.
    async fn lshw(&self, node: &NodeName) -> Result<Option<Vec<u8>>, InventoryError>;
}
