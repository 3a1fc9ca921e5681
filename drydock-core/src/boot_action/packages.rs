//! The packages that a node gets: those of all its boot actions together.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::Value;

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

/// The user data by which cloud-init installs the packages, in their order; none where there is nothing to install.
pub fn cloud_config(packages: &Packages) -> Option<String> {
    if packages.is_empty() {
        return None;
    }
    let mut text = "#cloud-config\npackages:\n".to_owned();
    for (package, version) in packages {
        // A string of JSON is one of YAML, too.
        let package = Value::from(package.as_str());
        // Writing to a string does not fail.
        let _always_ok = match version {
            None => writeln!(text, "- {package}"),
            Some(version) => writeln!(text, "- [{package}, {}]", Value::from(version.as_str())),
        };
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_init_is_told_of_packages_in_their_order() {
        assert_eq!(cloud_config(&Packages::new()), None);
        let packages: Packages = [("tmux", None), ("lldpd", Some("1.0-1")), ("a\nb", None)]
            .map(|(name, version)| (name.to_owned(), version.map(str::to_owned)))
            .into();
        let expected = "#cloud-config\npackages:\n- \"tmux\"\n- [\"lldpd\", \"1.0-1\"]\n- \"a\\nb\"\n";
        assert_eq!(cloud_config(&packages).unwrap(), expected);
    }
}
