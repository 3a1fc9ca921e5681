//! An inventory of a server (`--lshw`), taken into a site.

use std::path::Path;

use drydock_core::NodeName;
use drydock_core::design::{Problems, Site};
use drydock_core::ingest::SourceFile;
use drydock_core::lshw::Lshw;

use crate::cli::failure::Failure;
use crate::cli::site;

/// Takes the inventory of a node into the site. What is not clear about it is handed back, to be told when all else was.
pub(super) fn learn(site: &mut Site, node: &NodeName, path: &Path) -> Result<Option<Failure>, Failure> {
    let name = path.display().to_string();
    let bytes =
        site::read(path).map_err(|error| Failure::usage(format!("cannot read {name}")).because(error))?;
    let lshw = Lshw::read(&SourceFile { name: &name, bytes: &bytes })
        .map_err(|error| Failure::usage(format!("cannot read {name}")).because(error))?;
    let problems = Problems::of(site.learn_devices(node, &lshw));
    Ok(problems.map(|problems| {
        let what = format!("it is not clear which devices of {node} its aliases mean, by {name}");
        Failure::failed(what).because(problems)
    }))
}
