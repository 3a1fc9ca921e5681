//! Finding the machine of a server. The caller takes "none" as leave to power-cycle the server, so it is said only after
//! positive, believable, empty answers; everything else is an error.

use serde::de::DeserializeOwned;

use super::client::{Call, Client};
use super::model::{InterfaceDoc, MachineDoc, RackDoc};
use super::services::whoami;
use crate::node::{Machine, NodeIdentity};
use crate::{DriverError, DriverErrorKind};

const OPERATION: &str = "find machine";

/// Machines by host name, then by boot MAC; then rack controllers by both.
pub(super) async fn find(client: &Client, node: &NodeIdentity) -> Result<Option<Machine>, DriverError> {
    let search = Search { client, name: node.name.as_str() };
    let mac = node.boot_mac.as_deref().map(|mac| search.canonical(mac)).transpose()?;
    if let Some(machine) = search.machine_named(mac.as_deref()).await? {
        return Ok(Some(machine.into_machine()));
    }
    if let Some(mac) = &mac
        && let Some(machine) = search.one::<MachineDoc>("machines/", "mac_address", mac).await?
    {
        search.expect(has_mac(&machine.interface_set, mac), "it sent a machine without the MAC asked for")?;
        return Ok(Some(machine.into_machine()));
    }
    if let Some(rack) = search.one::<RackDoc>("rackcontrollers/", "hostname", search.name).await? {
        search.expect(search.is_name(&rack.hostname), "it sent a controller of another name")?;
        return Ok(Some(rack.into_machine()));
    }
    if let Some(mac) = &mac
        && let Some(rack) = search.one::<RackDoc>("rackcontrollers/", "mac_address", mac).await?
    {
        search.expect(has_mac(&rack.interface_set, mac), "it sent a controller without the MAC asked for")?;
        return Ok(Some(rack.into_machine()));
    }
    search.sees_everything().await?;
    Ok(None)
}

struct Search<'a> {
    client: &'a Client,
    name: &'a str,
}

impl Search<'_> {
    async fn machine_named(&self, mac: Option<&str>) -> Result<Option<MachineDoc>, DriverError> {
        let Some(machine) = self.one::<MachineDoc>("machines/", "hostname", self.name).await? else {
            return Ok(None);
        };
        self.expect(self.is_name(&machine.hostname), "it sent a machine of another name")?;
        if let Some(mac) = mac
            && !has_mac(&machine.interface_set, mac)
        {
            // Name and MAC disagree: acting on either could install the wrong server.
            let detail = format!(
                "machine {} has this name, but no interface with the boot MAC {mac} of the design; correct one of them",
                machine.system_id
            );
            return Err(self.error(DriverErrorKind::Refused).detail(detail));
        }
        Ok(Some(machine))
    }

    /// The only one that a filter lets through.
    async fn one<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: &str,
        value: &str,
    ) -> Result<Option<T>, DriverError> {
        let query = [(filter, value)];
        let call = Call { operation: OPERATION, about: self.name, path, query: &query, ..Call::default() };
        let mut found: Vec<T> = self.client.read(&call).await?;
        if found.len() > 1 {
            let detail = format!("{} of {path} have {filter} {value}; exactly one may", found.len());
            return Err(self.error(DriverErrorKind::Refused).detail(detail));
        }
        Ok(found.pop())
    }

    /// MAAS hides other users' machines from all but administrators, so "none" from another's key means nothing.
    async fn sees_everything(&self) -> Result<(), DriverError> {
        let user = whoami(self.client, OPERATION).await?;
        if user.is_superuser {
            return Ok(());
        }
        let detail =
            format!("user {} is not an administrator, and MAAS hides machines from it", user.username);
        Err(self.error(DriverErrorKind::Refused).detail(detail))
    }

    fn canonical(&self, mac: &str) -> Result<String, DriverError> {
        canonical_mac(mac).ok_or_else(|| {
            let shown: String = mac.chars().take(40).collect();
            self.error(DriverErrorKind::Input).detail(format!("the boot MAC {shown:?} is not a MAC address"))
        })
    }

    fn is_name(&self, hostname: &str) -> bool {
        hostname.eq_ignore_ascii_case(self.name)
    }

    /// MAAS ignores filters that it does not know; an answer that was not filtered says nothing.
    fn expect(&self, holds: bool, otherwise: &str) -> Result<(), DriverError> {
        if holds { Ok(()) } else { Err(self.error(DriverErrorKind::Protocol).detail(otherwise)) }
    }

    fn error(&self, kind: DriverErrorKind) -> DriverError {
        self.client.error(&Call { operation: OPERATION, about: self.name, ..Call::default() }, kind)
    }
}

fn has_mac(interfaces: &[InterfaceDoc], mac: &str) -> bool {
    interfaces
        .iter()
        .filter_map(|interface| interface.mac_address.as_deref())
        .any(|other| canonical_mac(other).as_deref() == Some(mac))
}

/// Lower case with colons, as MAAS writes them; `None` if it is no MAC address.
fn canonical_mac(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.trim().split([':', '-']).collect();
    let good = parts.len() == 6
        && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    good.then(|| parts.join(":").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_addresses_have_one_spelling() {
        for text in ["52:54:00:AA:bb:01", "52-54-00-aa-bb-01", " 52:54:00:aa:bb:01 "] {
            assert_eq!(canonical_mac(text).as_deref(), Some("52:54:00:aa:bb:01"));
        }
        for text in ["", "x", "52:54:00:aa:bb", "52:54:00:aa:bb:0g", "525400aabb01", "52:54:00:aa:bb:01:02"] {
            assert_eq!(canonical_mac(text), None, "{text}");
        }
    }
}
