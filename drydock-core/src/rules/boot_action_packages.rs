//! DD4002: a list of packages says which, and versions are those of Debian packages.

use super::context::{Context, Told};
use crate::design::{AssetData, AssetKind, BootAction};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for action in context.design.boot_actions.values() {
        for asset in action.assets.iter().filter(|asset| asset.kind == AssetKind::PkgList) {
            match &asset.data {
                Some(AssetData::Packages(packages)) if !packages.is_empty() => {
                    let versions = packages.values().flatten();
                    versions.for_each(|version| self::version(action, version, told));
                }
                Some(AssetData::Packages(_) | AssetData::Text(_)) | None if asset.location.is_some() => {}
                Some(AssetData::Packages(_) | AssetData::Text(_)) | None => told.error(
                    [action as _],
                    "Bootaction has asset of type 'pkg_list' but no valid package data",
                    "pkg_list bootaction assets must specify a list of packages.",
                ),
            }
        }
    }
}

fn version(action: &BootAction, version: &str, told: &mut Told) {
    if !version.is_empty() && !is_version(version) {
        told.error(
            [action as _],
            format!("Version specifier {version} is not a valid format."),
            "pkg_list version specifications must be in a valid format, such as 1:2.3-4 (epoch:upstream-revision).",
        );
    }
}

/// `epoch:upstream-revision`; only the epoch may be left out.
pub(crate) fn is_version(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".+~".contains(&byte);
    let rest = match text.split_once(':') {
        Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        Some(_) => return false,
        None => text,
    };
    rest.rsplit_once('-').is_some_and(|(upstream, revision)| {
        let upstream_known = upstream.bytes().all(|byte| known(byte) || byte == b'-');
        !upstream.is_empty() && !revision.is_empty() && upstream_known && revision.bytes().all(known)
    })
}

#[cfg(test)]
mod tests {
    use super::{check as rule, is_version};
    use crate::rules::testing::{check, document};

    #[test]
    fn versions_are_those_of_debian() {
        for good in ["3.2.1-1", "1:2.3-4", "2.0~rc1-1-1ubuntu0.22.04+x", "a-b"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "1.0", "-1", "1-", "x:1-1", ":1-1", "1:2:3-4", "1_0-1", ">=1.0-1", "1.0 -1"] {
            assert!(!is_version(bad), "{bad}");
        }
    }

    #[test]
    fn a_package_list_has_packages() {
        const NONE: &str =
            "error BootAction/b: Bootaction has asset of type 'pkg_list' but no valid package data";
        for (asset, expected) in [
            ("type: pkg_list, data: {2ping: 3.2.1-1, '0xffff': null, tmux: ''}", &[][..]),
            ("type: pkg_list, location: 'https://host/list.yaml'", &[]),
            ("type: file, path: /a, data: x", &[]),
            ("type: pkg_list", &[NONE]),
            ("type: pkg_list, data: {}", &[NONE]),
            ("type: pkg_list, data: '2ping: 1.0-1'", &[NONE]),
            (
                "type: pkg_list, data: {2ping: '>=1.0', tmux: 1.0-1}",
                &["error BootAction/b: Version specifier >=1.0 is not a valid format."],
            ),
        ] {
            check(rule, &document("BootAction", "b", &format!("assets: [{{{asset}}}]")), expected);
        }
    }
}
