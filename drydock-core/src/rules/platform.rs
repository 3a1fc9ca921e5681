//! DD3001: the image and the kernel that a node asks for exist.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Context, Told};

/// The images that the provisioner has, each with its kernels.
pub type Platforms = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let Some(platforms) = context.platforms else {
        told.warning(
            [],
            "Platform Validation: No enabled node driver, image and kernel selections not validated.",
            "Cannot validate platform selection without accessing the node provisioner.",
        );
        return;
    };
    for node in &context.nodes {
        let platform = &node.settings.platform;
        let named = |name: Option<&String>| name.map_or_else(|| "(none)".to_owned(), Clone::clone);
        let kernels = platform.image.value().and_then(|image| platforms.get(image));
        let Some(kernels) = kernels else {
            let known: Vec<_> = platforms.keys().map(String::as_str).collect();
            told.error(
                [node as _],
                format!("Platform Validation: invalid image {}", named(platform.image.value())),
                format!("Select a valid image from: {}", known.join(",")),
            );
            continue;
        };
        if !platform.kernel.value().is_some_and(|kernel| kernels.contains(kernel)) {
            let known: Vec<_> = kernels.iter().map(String::as_str).collect();
            told.error(
                [node as _],
                format!("Platform Validation: invalid kernel {}", named(platform.kernel.value())),
                format!("Select a valid kernel from: {}", known.join(",")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Platforms, check as rule};
    use crate::rules::testing::{check, check_with, node};

    #[test]
    fn image_and_kernel_are_there() {
        let kernels = ["ga-22.04".to_owned(), "hwe-22.04".to_owned()];
        let platforms = Platforms::from([("jammy".to_owned(), kernels.into())]);
        for (platform, expected) in [
            ("image: jammy, kernel: ga-22.04", &[][..]),
            (
                "image: jammy, kernel: ga-16.04",
                &["error BaremetalNode/n1: Platform Validation: invalid kernel ga-16.04"],
            ),
            ("image: jammy", &["error BaremetalNode/n1: Platform Validation: invalid kernel (none)"]),
            ("image: xenial", &["error BaremetalNode/n1: Platform Validation: invalid image xenial"]),
            ("", &["error BaremetalNode/n1: Platform Validation: invalid image (none)"]),
        ] {
            check_with(rule, Some(&platforms), &node(&format!("platform: {{{platform}}}")), expected);
        }
        check(rule, &node(""), &["warning: Platform Validation: No enabled node driver"]);
    }
}
