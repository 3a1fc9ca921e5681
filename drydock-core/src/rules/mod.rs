//! Rules that a design has to keep, beyond being readable: the 18 of v1.0, under their IDs, and others from `DD5001` on.
//!
//! [`validate`] applies all of [`RULES`] to a design, also to one that cannot be resolved everywhere: each rule looks at
//! what there is. Some IDs belong to two rules, as in v1.0; a rule is known by its ID and title, and has a page of its own
//! in `docs/rules/`.

mod bond_members;
mod boot_action_defined;
mod boot_action_packages;
mod boot_mac;
mod boot_storage;
mod cidr;
mod context;
mod device_aliases;
mod dhcp_relay;
mod fixed_addresses;
mod hostname;
mod hugepages;
mod ip_duplicates;
mod ip_locality;
mod mtu;
mod mtu_tagged;
mod network_allowed;
mod network_bond;
mod network_overlap;
mod network_trunking;
mod oob_ipmi;
mod oob_libvirt;
mod oob_parameters;
mod platform;
mod primary_network;
mod rack;
mod range_locality;
mod range_overlap;
mod registry;
mod report;
mod route_destination;
mod storage_mountpoints;
mod storage_partitioning;
mod storage_sizing;
#[cfg(test)]
mod testing;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::design::{Design, Problems, Resolution, Site};
use context::{Context, Told};

pub(crate) use boot_action_packages::is_version as is_debian_version;
pub use platform::Platforms;
pub use registry::RULES;
pub use report::{Finding, Level, PLACED_MAX, Report};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its ID, such as `DD1001`. Two rules may share one.
    pub id: &'static str,
    /// Its name, for a rule of v1.0 as v1.0 has it.
    pub title: &'static str,
    /// What the name of its page ends with.
    slug: &'static str,
    check: fn(&Context<'_>, &mut Told),
}

impl Rule {
    /// Whether v1.0 has it; the others are Drydock's own.
    pub fn is_of_v1(&self) -> bool {
        !self.id.starts_with("DD5")
    }

    /// Whether it looks at what images and kernels there are.
    fn asks_for_platforms(&self) -> bool {
        self.id == "DD3001"
    }

    /// The page about it, from the root of the repository.
    pub fn page(&self) -> String {
        format!("docs/rules/{}-{}.md", self.id, self.slug)
    }
}

/// Resolves a design, and applies all rules to it: its site, if every node has what it must have, and the report.
/// `platforms` are as in [`validate`].
pub fn resolve_and_validate(
    design: Design,
    platforms: Option<&Platforms>,
) -> (Result<Site, Problems>, Report) {
    let (resolution, report) = examine(&RULES, &design, platforms);
    let nodes = resolution.into_nodes(&design);
    (nodes.map(|nodes| Site::of(design, nodes)), report)
}

/// Applies all rules. `platforms` are the images and kernels that there are, if somebody has asked the provisioner.
pub fn validate(design: &Design, platforms: Option<&Platforms>) -> Report {
    examine(&RULES, design, platforms).1
}

fn examine<'d>(
    rules: &'static [Rule],
    design: &'d Design,
    platforms: Option<&'d Platforms>,
) -> (Resolution<'d>, Report) {
    let Resolution { nodes, problems } = Resolution::of(design);
    let context = Context { design, nodes, platforms };
    let findings = rules.iter().flat_map(|rule| findings(rule, &context)).collect();
    let report = Report { problems: problems.clone(), findings };
    (Resolution { nodes: context.nodes, problems }, report)
}

/// What one rule finds. A rule with a defect says so, and leaves the others alone.
fn findings(rule: &'static Rule, context: &Context<'_>) -> Vec<Finding> {
    let mut told = Told::new(rule);
    // The rule only reads the design; what it told before a panic is good.
    if catch_unwind(AssertUnwindSafe(|| (rule.check)(context, &mut told))).is_err() {
        told.error(
            [],
            "The rule could not be applied to the whole design.",
            "This is a defect of Drydock: report it with the design.",
        );
    }
    told.findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{design, node};

    fn falls_over(_: &Context<'_>, told: &mut Told) {
        told.warning([], "before", "");
        panic!("a defect of the rule");
    }

    #[test]
    fn a_rule_that_falls_over_leaves_the_others_alone() {
        static TWO: [Rule; 2] = [
            Rule { id: "DD0001", title: "Falls Over", slug: "falls-over", check: falls_over },
            Rule { id: "DD0002", title: "Hugepages", slug: "hugepages", check: hugepages::check },
        ];
        let design = design(&node("platform: {kernel_params: {hugepages: 6}}"));
        let (_, report) = examine(&TWO, &design, None);
        let shown: Vec<_> = report
            .findings
            .iter()
            .map(|finding| (finding.rule.id, finding.level, finding.text.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("DD0001", Level::Warning, "before"),
                ("DD0001", Level::Error, "The rule could not be applied to the whole design."),
                ("DD0002", Level::Error, "Invalid hugepages kernel configuration"),
            ]
        );
    }

    #[test]
    fn every_rule_has_a_page_and_a_name_of_its_own() {
        let mut pages: Vec<_> = RULES.iter().map(Rule::page).collect();
        let mut titles: Vec<_> = RULES.iter().map(|rule| rule.title).collect();
        for names in [&mut pages.iter().map(String::as_str).collect(), &mut titles] {
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), RULES.len());
        }
        pages.dedup();
        assert_eq!(RULES[0].page(), "docs/rules/DD1001-boot-storage.md");
    }
}
