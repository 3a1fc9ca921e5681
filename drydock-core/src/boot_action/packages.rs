//! The packages that a node gets: those of all its boot actions together.

use indexmap::IndexMap;

use super::error::RenderProblem;
use crate::rules::is_debian_version;

/// Packages by name, each with its version; none for any.
pub type Packages = IndexMap<String, Option<String>>;

/// Adds the packages of one more list: where both name one, the later version counts.
pub(super) fn merge(packages: &mut Packages, later: Packages) -> Result<(), RenderProblem> {
    for (package, version) in later {
        let version = version.filter(|version| !version.is_empty());
        if let Some(version) = version.as_ref().filter(|version| !is_debian_version(version)) {
            return Err(RenderProblem::Version { package, version: version.clone() });
        }
        packages.insert(package, version);
    }
    Ok(())
}

/// Reads a list that was fetched: a map in YAML or JSON.
pub(super) fn read(bytes: &[u8]) -> Result<Packages, RenderProblem> {
    let text = std::str::from_utf8(bytes).map_err(RenderProblem::Utf8)?;
    serde_saphyr::from_str(text).map_err(|error| {
        let text = error.to_string();
        RenderProblem::PackageList(text.lines().next().unwrap_or_default().to_owned())
    })
}
