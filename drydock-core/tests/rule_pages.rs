//! The pages about rules: each rule has one, and its examples fail and pass as they say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::rules::{Platforms, RULES, Rule, validate};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The YAML under this heading.
fn example<'p>(page: &'p str, heading: &str) -> &'p str {
    let section = page.split_once(&format!("\n## {heading}\n")).unwrap().1;
    section.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0
}

/// What the rule says of a design.
fn findings(rule: &'static Rule, source: &str) -> Vec<String> {
    let read = ingest(&[SourceFile { name: "example", bytes: source.as_bytes() }]).unwrap();
    assert_eq!(read.notes, [], "{source}");
    let kernels = ["ga-22.04".to_owned()];
    let platforms = Platforms::from([("jammy".to_owned(), kernels.into())]);
    let report = validate(&read.design, Some(&platforms));
    let of_rule = report.findings.iter().filter(|finding| std::ptr::eq(finding.rule, rule));
    // That an example has no nodes, or no networks, is not what it is about.
    of_rule.filter(|finding| !finding.documents.is_empty()).map(ToString::to_string).collect()
}

#[test]
fn every_rule_has_a_page_whose_examples_are_true() {
    for rule in &RULES {
        let page = fs::read_to_string(root().join(rule.page())).unwrap();
        assert!(page.starts_with(&format!("# {} {}\n", rule.id, rule.title)), "{}", rule.page());
        for heading in ["Why", "How to fix it"] {
            assert!(page.contains(&format!("\n## {heading}\n\n")), "{}: {heading}", rule.page());
        }
        let failing = findings(rule, example(&page, "Fails"));
        assert_eq!(failing.len(), 1, "{}: {failing:#?}", rule.page());
        assert!(failing[0].contains(&rule.page()), "{}", failing[0]);
        assert_eq!(findings(rule, example(&page, "Passes")), [""; 0], "{}", rule.page());
    }
}

#[test]
fn every_page_belongs_to_a_rule_and_is_listed() {
    let folder = root().join("docs/rules");
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> =
        names.filter(|name| name != "README.md").map(|name| format!("docs/rules/{name}")).collect();
    assert_eq!(found, RULES.iter().map(Rule::page).collect());
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    for rule in &RULES {
        let link = format!("[{} {}]({})", rule.id, rule.title, rule.page().trim_start_matches("docs/rules/"));
        assert!(index.contains(&link), "{link}");
    }
}
