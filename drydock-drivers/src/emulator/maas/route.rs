//! From a request to its reply: the path selects a resource, the method and `op` what to do with it.

use axum::http::{HeaderMap, Method, Uri};
use drydock_core::Timestamp;
use serde_json::json;

use super::auth::Guard;
use super::body::Fields;
use super::reply::Reply;
use super::site::Site;
use super::{info, life, tags};

pub(super) fn reply(
    site: &mut Site,
    now: Timestamp,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Reply {
    let unknown = || Reply::text(404, &format!("Unknown API endpoint: {}.", uri.path()));
    // Without its last slash a path is not known.
    let Some(path) = uri.path().strip_prefix("/MAAS/api/2.0/").and_then(|path| path.strip_suffix('/')) else {
        return unknown();
    };
    let path: Vec<&str> = path.split('/').collect();
    let query = Fields::of_query(uri.query());
    let op = query.get("op");
    let known = matches!(
        path.as_slice(),
        ["version"
            | "account"
            | "users"
            | "boot-resources"
            | "rackcontrollers"
            | "domains"
            | "machines"
            | "tags"]
            | ["machines" | "tags", _]
    );
    if !known {
        return unknown();
    }
    if path != ["version"] {
        if !Guard::is_signed(headers) && path == ["machines"] && *method == Method::GET {
            return unrecognised(method, op);
        }
        if let Err(refusal) = site.admit(headers, now) {
            return refusal;
        }
    }
    let form = Fields::of_body(headers, body);
    match (path.as_slice(), method.as_str(), op) {
        (["version"], "GET", None) => info::version(),
        (["account"], "GET", Some("list_authorisation_tokens")) => info::tokens(),
        (["users"], "GET", Some("whoami")) => info::whoami(),
        (["boot-resources"], "GET", None) => info::images(),
        (["boot-resources"], "GET", Some("is_importing")) => Reply::ok(&json!(false)),
        (["rackcontrollers"], "GET", None) => info::racks(&query),
        (["domains"], "GET", None) => info::domains(site),
        (["domains"], "POST", None) => info::create_domain(site, &form),
        (["tags"], "GET", None) => tags::list(site),
        (["tags"], "POST", None) => tags::create(site, &form),
        (["tags", name], method, op) => tags::operate(site, name, method, op, &form),
        (["machines"], "GET", None) => life::list(site, &query),
        (["machines"], "POST", Some("allocate")) => life::allocate(site, &form),
        (["machines"], "PUT" | "DELETE", None) => Reply::wrong_method("GET, POST"),
        (["machines", id], method, op) => match site.machine(id) {
            None => Reply::missing("Machine"),
            Some(machine) => life::operate(site, &machine, method, op, &form),
        },
        _ => unrecognised(method, op),
    }
}

/// MAAS has no such operation.
pub(super) fn unrecognised(method: &Method, op: Option<&str>) -> Reply {
    Reply::text(400, &format!("Unrecognised signature: method={method} op={}", op.unwrap_or("None")))
}
