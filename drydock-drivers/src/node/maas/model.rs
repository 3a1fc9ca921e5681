//! What MAAS sends: only the fields that the driver reads. Everything else is ignored, so that a newer MAAS does no harm.
//!
//! Source: MAAS API 2.0, pages `machines`, `rackcontrollers`, `domains`, `boot-resources`, `users`, `version`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::node::{Machine, MachineId, MachineState};

/// The workload annotation that names for whom a machine is allocated. MAAS keeps the `agent_name` of an allocation
/// too, but does not show it.
pub(super) const OWNER_ANNOTATION: &str = "drydock-owner";

/// `GET version/`.
#[derive(Debug, Deserialize)]
pub(super) struct VersionDoc {
    pub(super) version: String,
}

/// `GET users/?op=whoami`.
#[derive(Debug, Deserialize)]
pub(super) struct UserDoc {
    pub(super) username: String,
    pub(super) is_superuser: bool,
}

/// One of `GET boot-resources/`.
#[derive(Debug, Deserialize)]
pub(super) struct ImageDoc {
    /// `ubuntu/jammy`, or the name of an image that was uploaded.
    pub(super) name: String,
    /// `amd64/ga-22.04`: after the slash stands the kernel.
    pub(super) architecture: String,
}

/// One of `GET domains/`, and inside a machine.
#[derive(Debug, Deserialize)]
pub(super) struct DomainDoc {
    pub(super) name: String,
}

/// One network interface of a machine or a controller.
#[derive(Debug, Deserialize)]
pub(super) struct InterfaceDoc {
    /// Virtual interfaces may have none.
    pub(super) mac_address: Option<String>,
}

/// One service of a rack controller.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceDoc {
    pub(super) name: String,
    pub(super) status: String,
}

/// One of `GET rackcontrollers/`. It has no `status` field: controllers have no life cycle.
#[derive(Debug, Deserialize)]
pub(super) struct RackDoc {
    pub(super) system_id: String,
    pub(super) hostname: String,
    pub(super) service_set: Vec<ServiceDoc>,
    #[serde(default)]
    pub(super) interface_set: Vec<InterfaceDoc>,
    pub(super) domain: Option<DomainDoc>,
}

impl RackDoc {
    pub(super) fn into_machine(self) -> Machine {
        Machine {
            id: MachineId(self.system_id),
            hostname: self.hostname,
            domain: self.domain.map(|domain| domain.name),
            state: MachineState::Other,
            state_name: "Rack controller".to_owned(),
            message: None,
            allocated_for: None,
            image: None,
            is_controller: true,
        }
    }
}

/// One of `GET machines/`; also the answer to most operations on a machine.
#[derive(Debug, Deserialize)]
pub(super) struct MachineDoc {
    pub(super) system_id: String,
    pub(super) hostname: String,
    pub(super) status: i64,
    pub(super) status_name: String,
    pub(super) status_message: Option<String>,
    pub(super) domain: Option<DomainDoc>,
    #[serde(default)]
    pub(super) osystem: String,
    #[serde(default)]
    pub(super) distro_series: String,
    #[serde(default)]
    pub(super) workload_annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) interface_set: Vec<InterfaceDoc>,
    /// 0 machine, 1 device, 2 rack, 3 region, 4 region and rack controller.
    #[serde(default)]
    pub(super) node_type: i64,
}

impl MachineDoc {
    /// For whom the machine is allocated, if Drydock did it.
    pub(super) fn allocated_for(&self) -> Option<&str> {
        self.workload_annotations.get(OWNER_ANNOTATION).map(String::as_str)
    }

    /// The image as a request would name it: Ubuntu's by series, others by `SYSTEM/SERIES`.
    pub(super) fn image(&self) -> Option<String> {
        match (self.osystem.as_str(), self.distro_series.as_str()) {
            (_, "") => None,
            ("" | "ubuntu", series) => Some(series.to_owned()),
            (system, series) => Some(format!("{system}/{series}")),
        }
    }

    /// Whether the machine is installed, or being installed, with `wanted`, a series or `SYSTEM/SERIES`. No wish is met by any.
    pub(super) fn has_image(&self, wanted: Option<&str>) -> bool {
        wanted.is_none_or(|wanted| {
            wanted == self.distro_series || wanted == format!("{}/{}", self.osystem, self.distro_series)
        })
    }

    pub(super) fn into_machine(self) -> Machine {
        Machine {
            state: state(self.status),
            allocated_for: self.allocated_for().map(str::to_owned),
            image: self.image(),
            id: MachineId(self.system_id),
            hostname: self.hostname,
            domain: self.domain.map(|domain| domain.name),
            state_name: self.status_name,
            message: self.status_message.filter(|text| !text.is_empty()),
            is_controller: self.node_type >= 2,
        }
    }
}

/// The state that a MAAS status number stands for (MAAS API, `machines/`, field `status`).
pub(super) const fn state(status: i64) -> MachineState {
    match status {
        0 => MachineState::New,
        1 | 21 => MachineState::Commissioning,
        2 | 22 => MachineState::FailedCommissioning,
        4 => MachineState::Ready,
        6 => MachineState::Deployed,
        8 => MachineState::Broken,
        9 => MachineState::Deploying,
        10 => MachineState::Allocated,
        11 => MachineState::FailedDeployment,
        12 | 14 => MachineState::Releasing,
        13 | 15 => MachineState::FailedReleasing,
        _ => MachineState::Other,
    }
}
