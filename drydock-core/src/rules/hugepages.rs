//! DD1008: huge pages have a number and a size, or neither.

use super::context::{Context, Told, at};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        let params = &node.settings.platform.kernel_params.set;
        if params.contains_key("hugepages") != params.contains_key("hugepagesz") {
            told.error(
                [&at(node, &[&"platform", &"kernel_params"]) as _],
                "Invalid hugepages kernel configuration",
                "hugepages and hugepagesz must be specified together",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document, node};

    #[test]
    fn number_and_size_of_huge_pages_come_together() {
        const ALONE: &str = "error BaremetalNode/n1: Invalid hugepages kernel configuration";
        for (params, expected) in [
            ("", &[][..]),
            ("hugepages: 6, hugepagesz: 1G", &[]),
            ("hugepages: 6", &[ALONE]),
            ("hugepagesz: 1G", &[ALONE]),
        ] {
            check(rule, &node(&format!("platform: {{kernel_params: {{{params}}}}}")), expected);
        }
        // The other half may be inherited, or taken away.
        let parent =
            document("HostProfile", "p", "platform: {kernel_params: {hugepages: 6, hugepagesz: 1G}}");
        let with = |params: &str| {
            parent.clone() + &node(&format!("host_profile: p, platform: {{kernel_params: {{{params}}}}}"))
        };
        check(rule, &with("hugepages: 7"), &[]);
        check(rule, &with("'!hugepages': ''"), &[ALONE]);
    }
}
