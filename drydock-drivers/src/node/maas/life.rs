//! The verbs that move a machine through its life. Each sends its command first and looks at the machine only when MAAS
//! refuses: MAAS checks the state under its own lock, and a machine that is already there needs nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;

use super::client::{Call, Client};
use super::machine_path;
use super::model::{MachineDoc, OWNER_ANNOTATION, state};
use crate::node::{DeployRequest, MachineId, MachineState, ReleaseRequest};
use crate::{DriverError, DriverErrorKind};

/// The longest `agent_name` and annotation that MAAS keeps.
const LONGEST_OWNER: usize = 255;

/// Reads one machine.
pub(super) async fn read(
    client: &Client,
    operation: &'static str,
    id: &MachineId,
) -> Result<MachineDoc, DriverError> {
    let path = machine_path(client, operation, id)?;
    let call = Call { operation, about: id.0.as_str(), path: &path, ..Call::default() };
    let machine: MachineDoc = client.read(&call).await?;
    same(client, &call, id, machine)
}

pub(super) async fn commission(client: &Client, id: &MachineId) -> Result<(), DriverError> {
    const OPERATION: &str = "commission";
    match operate(client, OPERATION, id, "commission", &[]).await {
        Err(refused) if refused.kind == DriverErrorKind::Refused => {
            let machine = read(client, OPERATION, id).await?;
            // Under way already: adopt it.
            if state(machine.status) == MachineState::Commissioning { Ok(()) } else { Err(refused) }
        }
        other => other.map(|_| ()),
    }
}

/// Takes the machine, and then writes for whom on it: MAAS keeps the `agent_name` of an allocation, but shows it to nobody. A crash
/// between the two leaves a machine whose owner only a filter by `agent_name` can tell; the next call asks that.
pub(super) async fn allocate(client: &Client, id: &MachineId, owner: &str) -> Result<(), DriverError> {
    const OPERATION: &str = "allocate";
    machine_path(client, OPERATION, id)?;
    let form = [("system_id", id.0.as_str()), ("agent_name", owner)];
    let call = Call {
        operation: OPERATION,
        about: &id.0,
        path: "machines/",
        query: &[("op", "allocate")],
        form: &form,
    };
    // An empty annotation would mean "remove it".
    if owner.is_empty() || owner.chars().count() > LONGEST_OWNER {
        let detail = format!("an owner has 1 to {LONGEST_OWNER} characters");
        return Err(client.error(&call, DriverErrorKind::Input).detail(detail));
    }
    match client.command::<MachineDoc>(Method::POST, &call).await {
        Ok(machine) => {
            same(client, &call, id, machine)?;
        }
        Err(refused) if refused.kind == DriverErrorKind::Refused => {
            let machine = read(client, OPERATION, id).await?;
            let taken = matches!(
                state(machine.status),
                MachineState::Allocated | MachineState::Deploying | MachineState::Deployed
            );
            match machine.allocated_for() {
                Some(other) if taken && other == owner => return Ok(()),
                None if state(machine.status) == MachineState::Allocated
                    && is_agent(client, id, owner).await? => {}
                other => {
                    let detail = format!(
                        "it is {}, allocated for {}; {}",
                        machine.status_name,
                        other.unwrap_or("nobody known here"),
                        refused.detail.as_deref().unwrap_or_default()
                    );
                    return Err(refused.detail(detail));
                }
            }
        }
        Err(error) => return Err(error),
    }
    operate(client, "record owner", id, "set_workload_annotations", &[(OWNER_ANNOTATION, owner)])
        .await
        .map(|_| ())
}

pub(super) async fn deploy(
    client: &Client,
    id: &MachineId,
    request: &DeployRequest,
) -> Result<(), DriverError> {
    const OPERATION: &str = "deploy";
    let user_data = request.user_data.as_ref().map(|text| BASE64.encode(text));
    let fields = [
        ("distro_series", request.image.as_deref()),
        ("hwe_kernel", request.kernel.as_deref()),
        ("user_data", user_data.as_deref()),
    ];
    let form: Vec<(&str, &str)> =
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    match operate(client, OPERATION, id, "deploy", &form).await {
        Err(refused) if refused.kind == DriverErrorKind::Refused => {
            let machine = read(client, OPERATION, id).await?;
            let installed = matches!(state(machine.status), MachineState::Deploying | MachineState::Deployed);
            if !installed {
                return Err(refused);
            }
            if machine.has_image(request.image.as_deref()) {
                return Ok(());
            }
            let detail = format!(
                "it is {} with image {}; release it first",
                machine.status_name,
                machine.image().as_deref().unwrap_or("(unknown)")
            );
            Err(refused.detail(detail))
        }
        other => other.map(|_| ()),
    }
}

/// MAAS accepts this also for a machine that is Ready or Releasing, and then does nothing.
pub(super) async fn release(
    client: &Client,
    id: &MachineId,
    request: ReleaseRequest,
) -> Result<(), DriverError> {
    let word = |flag| if flag { "true" } else { "false" };
    let form = [("erase", word(request.erase)), ("quick_erase", word(request.quick_erase))];
    operate(client, "release", id, "release", &form).await.map(|_| ())
}

pub(super) async fn delete(client: &Client, id: &MachineId) -> Result<(), DriverError> {
    const OPERATION: &str = "delete machine";
    let path = machine_path(client, OPERATION, id)?;
    let call = Call { operation: OPERATION, about: id.0.as_str(), path: &path, ..Call::default() };
    match client.delete(&call).await {
        Err(error) if error.kind == DriverErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// `POST machines/{id}/?op={op}`, which answers with the machine.
async fn operate(
    client: &Client,
    operation: &'static str,
    id: &MachineId,
    op: &str,
    form: &[(&str, &str)],
) -> Result<MachineDoc, DriverError> {
    let path = machine_path(client, operation, id)?;
    let query = [("op", op)];
    let call = Call { operation, about: &id.0, path: &path, query: &query, form };
    let machine = client.command(Method::POST, &call).await?;
    same(client, &call, id, machine)
}

/// Whether MAAS allocated the machine for this `agent_name`.
async fn is_agent(client: &Client, id: &MachineId, owner: &str) -> Result<bool, DriverError> {
    let query = [("id", id.0.as_str()), ("agent_name", owner)];
    let call =
        Call { operation: "read owner", about: &id.0, path: "machines/", query: &query, ..Call::default() };
    let machines: Vec<MachineDoc> = client.read(&call).await?;
    Ok(machines.iter().any(|machine| machine.system_id == id.0))
}

/// An answer about another machine is worth nothing.
fn same(
    client: &Client,
    call: &Call<'_>,
    id: &MachineId,
    machine: MachineDoc,
) -> Result<MachineDoc, DriverError> {
    if machine.system_id == id.0 {
        return Ok(machine);
    }
    let detail = format!("it answered for machine {}", machine.system_id);
    Err(client.error(call, DriverErrorKind::Protocol).detail(detail))
}
