//! A machine as MAAS shows it, with all fields of MAAS 3.4; those that the yard has no opinion on come from a template.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::site::{Known, Site, USER};
use crate::emulator::MaasStatus;

struct Template {
    machine: Map<String, Value>,
    interface: Map<String, Value>,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let mut parts: Map<String, Value> =
        serde_json::from_str(include_str!("template.json")).unwrap_or_default();
    let mut part = |name: &str| match parts.remove(name) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    Template { machine: part("machine"), interface: part("interface") }
});

/// The JSON document of a machine.
pub(super) fn machine_json(site: &Site, known: &Known) -> Value {
    let Known { system_id, status, view, record } = known;
    let domain = site.domains.get(record.domain).map_or("", String::as_str);
    let interface = interface_json(system_id, &view.boot_mac);
    let owned = !matches!(status, MaasStatus::New | MaasStatus::Ready);
    let osystem = if record.series.is_empty() { "" } else { "ubuntu" };
    let fields = [
        ("system_id", json!(system_id)),
        ("hostname", json!(record.hostname)),
        ("fqdn", json!(format!("{}.{domain}", record.hostname))),
        ("domain", site.domain_json(record.domain)),
        ("status", json!(*status as u8)),
        ("status_name", json!(status_name(*status))),
        ("status_message", message(known)),
        ("status_action", if *status == MaasStatus::New { Value::Null } else { json!("") }),
        ("owner", if owned { json!(USER) } else { Value::Null }),
        ("owner_data", json!(record.annotations)),
        ("workload_annotations", json!(record.annotations)),
        ("osystem", json!(osystem)),
        ("distro_series", json!(record.series)),
        ("hwe_kernel", json!(record.kernel)),
        ("power_state", json!(if view.powered { "on" } else { "off" })),
        ("netboot", json!(*status != MaasStatus::Deployed)),
        ("interface_set", json!([interface])),
        ("boot_interface", interface),
        ("tag_names", json!(site.tag_names(system_id))),
        ("resource_uri", json!(format!("/MAAS/api/2.0/machines/{system_id}/"))),
    ];
    let mut document = TEMPLATE.machine.clone();
    document.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(document)
}

fn interface_json(system_id: &str, mac: &str) -> Value {
    let mut document = TEMPLATE.interface.clone();
    let id = document.get("id").cloned().unwrap_or_default();
    let uri = format!("/MAAS/api/2.0/nodes/{system_id}/interfaces/{id}/");
    let fields = [
        ("system_id", json!(system_id)),
        ("mac_address", json!(mac.to_ascii_lowercase())),
        ("resource_uri", json!(uri)),
    ];
    document.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(document)
}

/// The name of a status, as MAAS words it.
pub(super) const fn status_name(status: MaasStatus) -> &'static str {
    match status {
        MaasStatus::New => "New",
        MaasStatus::Commissioning => "Commissioning",
        MaasStatus::FailedCommissioning => "Failed commissioning",
        MaasStatus::Ready => "Ready",
        MaasStatus::Deployed => "Deployed",
        MaasStatus::Deploying => "Deploying",
        MaasStatus::Allocated => "Allocated",
        MaasStatus::FailedDeployment => "Failed deployment",
        MaasStatus::Releasing => "Releasing",
    }
}

fn message(known: &Known) -> Value {
    match known.status {
        MaasStatus::New => Value::Null,
        // The last event is still that of becoming Ready.
        MaasStatus::Allocated => json!("Ready"),
        MaasStatus::Ready if known.record.was_released => json!("Released"),
        MaasStatus::FailedDeployment => {
            json!("Marking node failed - the machine lost power while it was installed.")
        }
        status => json!(status_name(status)),
    }
}
