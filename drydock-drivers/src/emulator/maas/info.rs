//! The documents about the MAAS itself: version, user, images, rack controllers, domains.

use serde_json::{Value, json};

use super::body::Fields;
use super::names;
use super::reply::Reply;
use super::site::{IMAGES, Site, USER};

pub(super) fn version() -> Reply {
    let capabilities = [
        "networks-management",
        "static-ipaddresses",
        "ipv6-deployment-ubuntu",
        "devices-management",
        "storage-deployment-ubuntu",
        "network-deployment-ubuntu",
        "bridging-interface-ubuntu",
        "bridging-automatic-ubuntu",
        "authenticate-api",
    ];
    Reply::ok(&json!({ "capabilities": capabilities, "version": "3.4.10", "subversion": "" }))
}

/// The real list holds the key itself; this one does not.
pub(super) fn tokens() -> Reply {
    Reply::ok(&json!([{ "name": "MAAS consumer", "token": "emulated:emulated:emulated" }]))
}

pub(super) fn whoami() -> Reply {
    Reply::ok(&json!({
        "is_superuser": true,
        "username": USER,
        "email": "admin@example.com",
        "is_local": true,
        "resource_uri": format!("/MAAS/api/2.0/users/{USER}/"),
    }))
}

pub(super) fn images() -> Reply {
    let images = IMAGES.into_iter().flat_map(|image| ["ga", "hwe"].map(|kernel| (image, kernel)));
    let image = |(id, ((series, version), kernel)): (usize, ((&str, &str), &str))| {
        let id = id + 1;
        json!({
            "id": id,
            "type": "Synced",
            "name": format!("ubuntu/{series}"),
            "architecture": format!("amd64/{kernel}-{version}"),
            "resource_uri": format!("/MAAS/api/2.0/boot-resources/{id}/"),
            "last_deployed": null,
            "title": format!("{version} LTS"),
            "subarches": format!("generic,{kernel}-{version}"),
        })
    };
    Reply::ok(&images.enumerate().map(image).collect())
}

pub(super) fn racks(query: &Fields) -> Reply {
    let hostname = "emulated-rack";
    let shown = query.get("mac_address").is_none()
        && (query.get("hostname").is_none() || query.all("hostname").any(|wanted| wanted == hostname));
    let service = |name: &str| {
        let status = if name == "dhcpd6" { "off" } else { "running" };
        json!({ "name": name, "status": status, "status_info": "" })
    };
    let services: Value = ["rackd", "dhcpd", "dhcpd6", "tftp", "http"].into_iter().map(service).collect();
    let system_id = names::system_id(hostname);
    let rack = json!({
        "system_id": system_id,
        "hostname": hostname,
        "fqdn": format!("{hostname}.maas"),
        "domain": { "id": 0, "name": "maas", "authoritative": true, "ttl": null, "is_default": true },
        "node_type": 2,
        "node_type_name": "Rack controller",
        "version": "3.4.10",
        "service_set": services,
        "interface_set": [],
        "resource_uri": format!("/MAAS/api/2.0/rackcontrollers/{system_id}/"),
    });
    Reply::ok(&Value::Array(if shown { vec![rack] } else { Vec::new() }))
}

pub(super) fn domains(site: &Site) -> Reply {
    Reply::ok(&(0..site.domains.len()).map(|id| site.domain_json(id)).collect())
}

pub(super) fn create_domain(site: &mut Site, form: &Fields) -> Reply {
    let name = form.get("name").unwrap_or_default();
    if name.is_empty() {
        return Reply::invalid("name", "This field is required.");
    }
    if site.domains.iter().any(|known| known == name) {
        return Reply::invalid("name", "Domain with this Name already exists.");
    }
    site.domains.push(name.to_owned());
    Reply::ok(&site.domain_json(site.domains.len() - 1))
}
