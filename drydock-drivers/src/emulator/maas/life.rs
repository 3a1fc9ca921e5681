//! What may be done to machines, and what MAAS says when it may not be done.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::body::Fields;
use super::inventory;
use super::machine::{machine_json, status_name};
use super::reply::Reply;
use super::route::unrecognised;
use super::site::{IMAGES, Known, Site};
use crate::emulator::MaasStatus;

pub(super) fn list(site: &mut Site, query: &Fields) -> Reply {
    for mac in query.all("mac_address") {
        let good = mac.len() == 17 && mac.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
        if !good {
            return Reply::invalid("mac_address", &format!("'{mac}' is not a valid MAC address."));
        }
    }
    let passes = |name: &str, value: &str| {
        query.get(name).is_none() || query.all(name).any(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    let mut machines = site.machines();
    machines.retain(|machine| {
        passes("id", &machine.system_id)
            && passes("hostname", &machine.record.hostname)
            && passes("mac_address", &machine.view.boot_mac)
            && passes("agent_name", &machine.record.agent_name)
    });
    Reply::ok(&machines.iter().map(|machine| machine_json(site, machine)).collect())
}

pub(super) fn operate(
    site: &mut Site,
    machine: &Known,
    method: &str,
    op: Option<&str>,
    form: &Fields,
) -> Reply {
    let done = match (method, op) {
        ("GET", None) => Ok(()),
        ("GET", Some("details")) => return inventory::details(machine),
        ("PUT", None) => update(site, machine, form),
        ("POST", Some("commission")) => commission(site, machine),
        ("POST", Some("deploy")) => deploy(site, machine, form),
        ("POST", Some("release")) => release(site, machine),
        ("POST", Some("set_workload_annotations")) => annotate(site, machine, form),
        ("DELETE", None) => {
            if site.yard.delete(&machine.view.name).is_ok() {
                site.forget(machine);
            }
            return Reply::deleted();
        }
        _ => {
            let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
            return unrecognised(&method, op);
        }
    };
    match done {
        Ok(()) => show(site, &machine.system_id),
        Err(refusal) => refusal,
    }
}

fn show(site: &mut Site, system_id: &str) -> Reply {
    match site.machine(system_id) {
        Some(machine) => Reply::ok(&machine_json(site, &machine)),
        None => Reply::missing("Machine"),
    }
}

fn update(site: &mut Site, machine: &Known, form: &Fields) -> Result<(), Reply> {
    let domain = match form.get("domain") {
        None => machine.record.domain,
        Some(name) => site
            .domains
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| Reply::invalid("domain", &format!("Unable to find domain {name}")))?,
    };
    let hostname = form.get("hostname").unwrap_or(&machine.record.hostname).to_owned();
    let taken = |other: &Known| other.system_id != machine.system_id && other.record.hostname == hostname;
    if site.machines().iter().any(taken) {
        return Err(Reply::invalid("hostname", "Node with this Hostname already exists."));
    }
    let record = site.record(machine);
    record.hostname = hostname;
    record.domain = domain;
    Ok(())
}

fn commission(site: &mut Site, machine: &Known) -> Result<(), Reply> {
    site.yard.commission(&machine.view.name).map_err(|_| {
        Reply::invalid("__all__", "Commission is not available because of the current state of the node.")
    })
}

pub(super) fn allocate(site: &mut Site, form: &Fields) -> Reply {
    let wanted = form.get("system_id").unwrap_or_default();
    let free = site.machine(wanted).filter(|machine| site.yard.allocate(&machine.view.name).is_ok());
    let Some(machine) = free else {
        return Reply::text(409, &format!("No machine with system ID {wanted} available."));
    };
    form.get("agent_name").unwrap_or_default().clone_into(&mut site.record(&machine).agent_name);
    let Some(machine) = site.machine(wanted) else { return Reply::missing("Machine") };
    let mut document = machine_json(site, &machine);
    // Only this answer has it.
    document["constraints_by_type"] = serde_json::json!({});
    Reply::ok(&document)
}

fn deploy(site: &mut Site, machine: &Known, form: &Fields) -> Result<(), Reply> {
    let state = status_name(machine.status);
    let wrong_state = || Reply::text(409, &format!("Can't deploy a machine that is in the '{state}' state"));
    if machine.status != MaasStatus::Allocated {
        return Err(wrong_state());
    }
    let wanted = form.get("distro_series").filter(|series| !series.is_empty()).unwrap_or("jammy");
    let series = wanted.strip_prefix("ubuntu/").unwrap_or(wanted);
    let Some((series, version)) = IMAGES.into_iter().find(|(known, _)| *known == series) else {
        let known = IMAGES.map(|(series, _)| format!("'ubuntu/{series}'")).join(", ");
        let text = format!("'{wanted}' is not a valid distro_series.  It should be one of: '', {known}.");
        return Err(Reply::invalid("distro_series", &text));
    };
    let kernel = form.get("hwe_kernel").filter(|kernel| !kernel.is_empty());
    let kernel = kernel.map_or_else(|| format!("ga-{version}"), str::to_owned);
    if !kernel.contains(version) {
        let text = format!("{kernel} is not available for ubuntu/{series} on amd64/generic.");
        return Err(Reply::invalid("hwe_kernel", &text));
    }
    let user_data = match form.get("user_data").filter(|data| !data.is_empty()) {
        None => None,
        Some(data) => match BASE64.decode(data).ok().and_then(|data| String::from_utf8(data).ok()) {
            Some(data) => Some(data),
            None => return Err(Reply::invalid("user_data", "Incorrect padding")),
        },
    };
    site.yard.deploy(&machine.view.name, user_data).map_err(|_| wrong_state())?;
    let record = site.record(machine);
    series.clone_into(&mut record.series);
    record.kernel = Some(kernel);
    Ok(())
}

fn release(site: &mut Site, machine: &Known) -> Result<(), Reply> {
    if matches!(machine.status, MaasStatus::Ready | MaasStatus::Releasing) {
        return Ok(());
    }
    site.yard.release(&machine.view.name).map_err(|_| {
        let state = status_name(machine.status);
        Reply::text(409, &format!("Machine cannot be released in its current state ('{state}')."))
    })
}

fn annotate(site: &mut Site, machine: &Known, form: &Fields) -> Result<(), Reply> {
    if !matches!(machine.status, MaasStatus::Allocated | MaasStatus::Deployed) {
        let text = "Cannot set workload annotation: it hasn't been acquired.";
        return Err(Reply::text(409, text));
    }
    let record = site.record(machine);
    for (name, value) in form.iter() {
        if value.is_empty() {
            record.annotations.remove(name);
        } else {
            record.annotations.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(())
}
