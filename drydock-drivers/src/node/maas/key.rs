//! A node's key on its machine: the tag `<node>__baid__<hex>`, which v1.0's hook reads on the installed system.
//!
//! The key is in paths and in names of tags, and MAAS repeats these in what it says of a failure. So whatever goes wrong here is
//! cleared of keys before anybody sees it.

use drydock_core::boot_action::NodeKey;
use drydock_core::{ExposeSecret as _, NodeName};
use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::client::{Call, Client};
use super::machine_path;
use crate::node::MachineId;
use crate::{DriverError, DriverErrorKind};

const OPERATION: &str = "put key";

/// What stands between the node's name and its key.
const MARK: &str = "__baid__";

/// The digits of a key.
const DIGITS: usize = 64;

/// One of `GET tags/`.
#[derive(Deserialize)]
struct TagDoc {
    name: String,
}

/// The answer to `update_nodes`. A machine that MAAS does not know is passed over in silence.
#[derive(Deserialize)]
struct UpdateDoc {
    added: u64,
}

/// Takes the node's older keys away, and puts this one in their place.
pub(super) async fn put(
    client: &Client,
    id: &MachineId,
    node: &NodeName,
    key: &NodeKey,
) -> Result<(), DriverError> {
    machine_path(client, OPERATION, id)?;
    let prefix = format!("{node}{MARK}");
    let tag = format!("{prefix}{}", key.to_hex().expose_secret());
    if !node.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        let call = Call { operation: OPERATION, about: node.as_str(), ..Call::default() };
        let detail = "its name becomes part of a tag, which has letters, digits, - and _ only";
        return Err(client.error(&call, DriverErrorKind::Input).detail(detail));
    }
    replace(client, id, &prefix, &tag).await.map_err(without_keys)
}

async fn replace(client: &Client, id: &MachineId, prefix: &str, tag: &str) -> Result<(), DriverError> {
    let list = Call { operation: OPERATION, about: &id.0, path: "tags/", ..Call::default() };
    let known: Vec<TagDoc> = client.read(&list).await?;
    let is_key = |name: &str| {
        let digits = name.strip_prefix(prefix);
        digits.is_some_and(|digits| {
            digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    for older in known.iter().filter(|known| is_key(&known.name) && known.name != tag) {
        let path = format!("tags/{}/", older.name);
        let call = Call { path: &path, ..list };
        match client.delete(&call).await {
            Err(error) if error.kind == DriverErrorKind::NotFound => {}
            other => other?,
        }
    }
    if known.iter().all(|known| known.name != tag) {
        let form = [("name", tag), ("comment", "Drydock: the key of a node's boot actions")];
        let _made: IgnoredAny = client.command(Method::POST, &Call { form: &form, ..list }).await?;
    }
    let path = format!("tags/{tag}/");
    let (query, form) = ([("op", "update_nodes")], [("add", id.0.as_str())]);
    let call = Call { path: &path, query: &query, form: &form, ..list };
    let done: UpdateDoc = client.command(Method::POST, &call).await?;
    if done.added == 0 {
        return Err(client.error(&list, DriverErrorKind::NotFound).detail("no machine got the tag"));
    }
    Ok(())
}

/// The error, with `***` in the place of whatever stands where a key does.
fn without_keys(error: DriverError) -> DriverError {
    let Some(detail) = &error.detail else { return error };
    let mut clean = String::with_capacity(detail.len());
    for (place, part) in detail.split(MARK).enumerate() {
        if place == 0 {
            clean.push_str(part);
            continue;
        }
        clean.push_str(MARK);
        clean.push_str("***");
        clean.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_hexdigit()));
    }
    error.detail(clean)
}
