//! Giving a machine its name. MAAS refuses a domain that it does not know, so a missing one is made.

use reqwest::Method;
use serde::de::IgnoredAny;

use super::client::{Call, Client};
use super::machine_path;
use super::model::{DomainDoc, MachineDoc};
use crate::node::MachineId;
use crate::{DriverError, DriverErrorKind};

const OPERATION: &str = "name machine";

pub(super) async fn name(
    client: &Client,
    id: &MachineId,
    hostname: &str,
    domain: Option<&str>,
) -> Result<(), DriverError> {
    let path = machine_path(client, OPERATION, id)?;
    let mut form = vec![("hostname", hostname)];
    if let Some(domain) = domain {
        ensure_domain(client, domain).await?;
        form.push(("domain", domain));
    }
    let call =
        Call { operation: OPERATION, about: id.0.as_str(), path: &path, form: &form, ..Call::default() };
    let machine: MachineDoc = client.command(Method::PUT, &call).await?;
    if machine.system_id == id.0 {
        return Ok(());
    }
    let detail = format!("it answered for machine {}", machine.system_id);
    Err(client.error(&call, DriverErrorKind::Protocol).detail(detail))
}

/// Looks the domain up and makes it if it is missing; MAAS is not made its authority. Somebody else may make it in between.
async fn ensure_domain(client: &Client, domain: &str) -> Result<(), DriverError> {
    if is_known(client, domain).await? {
        return Ok(());
    }
    let form = [("name", domain), ("authoritative", "false")];
    let call =
        Call { operation: "create domain", about: domain, path: "domains/", form: &form, ..Call::default() };
    match client.command::<IgnoredAny>(Method::POST, &call).await {
        Ok(_) => Ok(()),
        Err(refused) if refused.kind == DriverErrorKind::Refused => {
            if is_known(client, domain).await? {
                Ok(())
            } else {
                Err(refused)
            }
        }
        Err(error) => Err(error),
    }
}

async fn is_known(client: &Client, domain: &str) -> Result<bool, DriverError> {
    let call = Call { operation: "look up domain", about: domain, path: "domains/", ..Call::default() };
    let domains: Vec<DomainDoc> = client.read(&call).await?;
    Ok(domains.iter().any(|known| known.name.eq_ignore_ascii_case(domain)))
}
