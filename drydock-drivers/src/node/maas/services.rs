//! Whether MAAS can do its work: version, key, images, rack controllers.

use drydock_core::rules::Platforms;
use serde::de::IgnoredAny;

use super::client::{Call, Client};
use super::model::{ImageDoc, RackDoc, UserDoc, VersionDoc};
use crate::node::ServiceCheck;
use crate::{DriverError, DriverErrorKind};

const OPERATION: &str = "check services";

/// The oldest version with workload annotations.
const OLDEST: (u32, u32) = (3, 0);

/// The services without which a rack controller cannot install a machine. One that is `off` is not wanted there.
const RACK_SERVICES: [&str; 4] = ["http", "dhcpd", "rackd", "tftp"];

pub(super) async fn check(client: &Client) -> Result<Vec<ServiceCheck>, DriverError> {
    let mut checks = vec![version(client).await?];
    let authentication = turn_to_check("authentication", authentication(client).await);
    let authenticated = authentication.healthy;
    checks.push(authentication);
    if authenticated {
        checks.push(turn_to_check("images", images(client).await));
        checks.push(turn_to_check("rack controllers", racks(client).await));
    }
    Ok(checks)
}

async fn version(client: &Client) -> Result<ServiceCheck, DriverError> {
    let doc: VersionDoc = client.read(&get("version/", &[])).await?;
    let mut numbers = doc.version.split('.').map_while(|part| part.parse::<u32>().ok());
    let found = (numbers.next(), numbers.next());
    let (healthy, detail) = match found {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => (true, doc.version),
        (Some(_), Some(_)) => {
            (false, format!("{} is too old: {}.{} is needed", doc.version, OLDEST.0, OLDEST.1))
        }
        _ => (false, format!("{:?} is not a version", doc.version.chars().take(40).collect::<String>())),
    };
    Ok(ServiceCheck { name: "version".to_owned(), healthy, detail })
}

type Verdict = Result<(bool, String), DriverError>;

async fn authentication(client: &Client) -> Verdict {
    // The tokens are secrets: that there is a list is all that is read of them.
    let _: Vec<IgnoredAny> = client.read(&get("account/", &[("op", "list_authorisation_tokens")])).await?;
    let user = whoami(client, OPERATION).await?;
    if user.is_superuser {
        Ok((true, format!("user {}, an administrator", user.username)))
    } else {
        Ok((false, format!("user {} is not an administrator: MAAS hides machines from it", user.username)))
    }
}

/// To whom the API key belongs.
pub(super) async fn whoami(client: &Client, operation: &'static str) -> Result<UserDoc, DriverError> {
    let query = [("op", "whoami")];
    client.read(&Call { operation, path: "users/", query: &query, ..Call::default() }).await
}

async fn images(client: &Client) -> Verdict {
    let images: Vec<ImageDoc> = client.read(&get("boot-resources/", &[])).await?;
    if images.is_empty() {
        return Ok((false, "there is none: import images first".to_owned()));
    }
    let importing: bool = client.read(&get("boot-resources/", &[("op", "is_importing")])).await?;
    let mut names: Vec<String> = images.into_iter().map(|image| image.name).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    Ok(if importing { (false, format!("an import is under way; so far {names}")) } else { (true, names) })
}

/// What can be installed: of Ubuntu's images the series, of others the name as MAAS has it.
pub(super) async fn platforms(client: &Client) -> Result<Platforms, DriverError> {
    let call = Call { operation: "list images", path: "boot-resources/", ..Call::default() };
    let images: Vec<ImageDoc> = client.read(&call).await?;
    let mut platforms = Platforms::new();
    for ImageDoc { name, architecture } in images {
        let name = name.strip_prefix("ubuntu/").unwrap_or(&name).to_owned();
        let kernels = platforms.entry(name).or_default();
        kernels.extend(architecture.split_once('/').map(|(_, kernel)| kernel.to_owned()));
    }
    Ok(platforms)
}

async fn racks(client: &Client) -> Verdict {
    let racks: Vec<RackDoc> = client.read(&get("rackcontrollers/", &[])).await?;
    let told: Vec<(bool, String)> = racks.iter().map(rack).collect();
    let detail = told.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("; ");
    let healthy = told.iter().any(|(healthy, _)| *healthy);
    Ok((healthy, if told.is_empty() { "there is none".to_owned() } else { detail }))
}

fn rack(rack: &RackDoc) -> (bool, String) {
    let status = |name: &str| {
        let service = rack.service_set.iter().find(|service| service.name == name);
        service.map_or("missing", |service| service.status.as_str())
    };
    let ill: Vec<String> = RACK_SERVICES
        .iter()
        .filter(|name| !matches!(status(name), "running" | "off"))
        .map(|name| format!("{name} is {}", status(name)))
        .collect();
    let text = if ill.is_empty() { "all services run".to_owned() } else { ill.join(", ") };
    (ill.is_empty(), format!("{}: {text}", rack.hostname))
}

fn get<'a>(path: &'a str, query: &'a [(&'a str, &'a str)]) -> Call<'a> {
    Call { operation: OPERATION, path, query, ..Call::default() }
}

fn turn_to_check(name: &str, verdict: Verdict) -> ServiceCheck {
    let (healthy, detail) = verdict.unwrap_or_else(|error: DriverError| {
        let detail = match error.kind {
            DriverErrorKind::Credential => error.detail.unwrap_or_default(),
            _ => drydock_core::error_chain(&error),
        };
        (false, detail)
    });
    ServiceCheck { name: name.to_owned(), healthy, detail }
}
