//! Node filters in short: what they select, and why.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::NodeName;
use drydock_core::design::Site;
use drydock_core::ingest::{SourceFile, ingest};
use drydock_core::node_filter::{FieldProblem, ShortFilter};

fn site() -> Site {
    let bytes = include_bytes!("../../tests/fixtures/sites/two-racks.yaml");
    Site::new(ingest(&[SourceFile { name: "two-racks.yaml", bytes }]).unwrap().design).unwrap()
}

fn filter(words: &[(&str, &str)]) -> Result<ShortFilter, FieldProblem> {
    let mut filter = ShortFilter::default();
    for (kind, text) in words {
        if *kind == "not" { filter.unwant(text)? } else { filter.want(kind, text)? }
    }
    Ok(filter)
}

#[test]
fn criteria_must_all_be_met_and_exceptions_are_taken_away() {
    let site = site();
    let all = site.select(None).len();
    for (words, expected) in [
        (&[("nodes", "r1n01,r1n0[2-3]")][..], "r1n01 r1n02 r1n03"),
        (&[("nodes", "r?n01"), ("racks", "rack2")], "r2n01"),
        (&[("tags", "control,spare")], "r1n01 r2n01 r2n06"),
        (&[("labels", "role=control,site=yard")], "r1n01 r2n01"),
        (&[("labels", "role=control,site=elsewhere")], ""),
        (&[("tags", "control,spare"), ("not", "racks=rack1")], "r2n01 r2n06"),
        (
            &[
                ("racks", "rack*"),
                ("not", "nodes=r1n*"),
                ("not", "labels=role=control"),
                ("not", "nodes=r2n0[2-5]"),
            ],
            "r2n06",
        ),
    ] {
        let filter = filter(words).unwrap();
        let selected = filter.to_filter(&site).select(&site);
        assert_eq!(
            selected.into_iter().map(NodeName::as_str).collect::<Vec<_>>().join(" "),
            expected,
            "{words:?}"
        );
        assert_eq!(filter.explain(&site).len(), all);
    }
    assert_eq!(ShortFilter::default().to_filter(&site).select(&site).len(), all);
}

#[test]
fn a_verdict_says_why() {
    let site = site();
    let filter =
        filter(&[("nodes", "r[1-2]n0[1-2]"), ("tags", "control,yard"), ("not", "racks=rack2")]).unwrap();
    let verdicts = filter.explain(&site);
    for (node, selected, why) in [
        ("r1n01", true, "name r[1-2]n0[1-2], tag control"),
        ("r1n02", true, "name r[1-2]n0[1-2], tag yard"),
        ("r1n03", false, "does not have nodes r[1-2]n0[1-2]"),
        ("r2n01", false, "taken away: rack rack2"),
    ] {
        let verdict = verdicts.iter().find(|verdict| verdict.node.as_str() == node).unwrap();
        assert_eq!((verdict.selected, verdict.why.as_str()), (selected, why), "{node}");
    }
}

#[test]
fn words_that_mean_nothing_are_refused() {
    for (words, expected) in [
        (("nodes", "a,,b"), "nodes: \"a,,b\" has an empty value"),
        (("nodes", "a[2"), "nodes: \"a[2\" lacks a ]"),
        (("labels", "role"), "labels: \"role\" is no label: write key=value"),
        (("not", "rack1"), "not: \"rack1\" says not of what"),
        (("not", "rack=rack1"), "not: \"rack\" is none of nodes, tags, labels and racks"),
    ] {
        let problem = filter(&[words]).unwrap_err().to_string();
        assert!(problem.starts_with(expected), "{words:?}: {problem}");
    }
}
