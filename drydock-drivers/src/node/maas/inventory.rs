//! What a machine told of itself when it was commissioned: a BSON document with the XML of `lshw` and of `lldp` in it.

use bson::{RawBsonRef, RawDocument};

use super::client::{Call, Client};
use super::machine_path;
use crate::node::{Inventory, MachineId};
use crate::{DriverError, DriverErrorKind};

pub(super) async fn read(client: &Client, id: &MachineId) -> Result<Inventory, DriverError> {
    const OPERATION: &str = "read inventory";
    let path = machine_path(client, OPERATION, id)?;
    let query = [("op", "details")];
    let call = Call { operation: OPERATION, about: &id.0, path: &path, query: &query, ..Call::default() };
    let body = client.read_bytes(&call).await?;
    parts(&body).ok_or_else(|| {
        let detail = format!("unexpected content of {} bytes at {path}?op=details", body.len());
        client.error(&call, DriverErrorKind::Protocol).detail(detail)
    })
}

/// `None` when it is something else.
fn parts(body: &[u8]) -> Option<Inventory> {
    let document = RawDocument::from_bytes(body).ok()?;
    Some(Inventory { lshw: part(document, "lshw")?, lldp: part(document, "lldp")? })
}

/// MAAS has null or nothing for what was not told yet, and no bytes for a script that wrote none.
#[expect(clippy::option_option, reason = "nothing told, and something else in its place, are two things")]
fn part(document: &RawDocument, name: &str) -> Option<Option<Vec<u8>>> {
    match document.get(name).ok()? {
        Some(RawBsonRef::Binary(part)) => Some(Some(part.bytes.to_vec()).filter(|bytes| !bytes.is_empty())),
        Some(RawBsonRef::Null) | None => Some(None),
        Some(_) => None,
    }
}
