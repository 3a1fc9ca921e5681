//! DD3001: the image and the kernel that a node asks for exist.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{About, Context, Told};
use crate::design::{EffectivePlatform, Platform, Site};

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
        let Platform { image, kernel, .. } = &node.settings.platform;
        selected(platforms, node, image.value(), kernel.value(), told);
    }
}

/// The same of a site that is resolved: what is there may be asked at another time than the design is read.
pub(super) fn check_site(site: &Site, platforms: &Platforms, told: &mut Told) {
    for node in site.nodes().values() {
        let EffectivePlatform { image, kernel, .. } = &node.platform;
        if let Some(document) = site.design().nodes.get(&node.name) {
            selected(platforms, document, image.as_ref(), kernel.as_ref(), told);
        }
    }
}

fn selected(
    platforms: &Platforms,
    node: &dyn About,
    image: Option<&String>,
    kernel: Option<&String>,
    told: &mut Told,
) {
    let named = |name: Option<&String>| name.map_or_else(|| "(none)".to_owned(), Clone::clone);
    let Some(kernels) = image.and_then(|image| platforms.get(image)) else {
        let known: Vec<_> = platforms.keys().map(String::as_str).collect();
        told.error(
            [node],
            format!("Platform Validation: invalid image {}", named(image)),
            format!("Select a valid image from: {}", known.join(",")),
        );
        return;
    };
    if !kernel.is_some_and(|kernel| kernels.contains(kernel)) {
        let known: Vec<_> = kernels.iter().map(String::as_str).collect();
        told.error(
            [node],
            format!("Platform Validation: invalid kernel {}", named(kernel)),
            format!("Select a valid kernel from: {}", known.join(",")),
        );
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
