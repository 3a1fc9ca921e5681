//! What the rules' own tests share: a design in, what one rule finds out.

use super::context::{Context, Told};
use super::report::Level;
use super::{Platforms, Rule};
use crate::design::{Design, Resolution};
use crate::ingest::{SourceFile, ingest};

/// Reads a design that has to be readable.
pub(super) fn design(source: &str) -> Design {
    match ingest(&[SourceFile { name: "site", bytes: source.as_bytes() }]) {
        Ok(read) => read.design,
        Err(problems) => panic!("{problems}\n{source}"),
    }
}

/// A document of this kind and name; `body` is the inside of its `data`, in braces.
pub(super) fn document(kind: &str, name: &str, body: &str) -> String {
    format!("---\nschema: drydock/{kind}/v1\nmetadata: {{name: {name}}}\ndata: {{{body}}}\n")
}

/// The node `n1` with one dynamic address and this in its body.
pub(super) fn node(body: &str) -> String {
    document("BaremetalNode", "n1", &format!("addressing: [{{network: a, address: dhcp}}], {body}"))
}

/// The findings of a rule, each as `error NetworkLink/a Network/b: text`, which must begin as expected.
#[track_caller]
pub(super) fn check(rule: fn(&Context<'_>, &mut Told), source: &str, expected: &[&str]) {
    check_with(rule, None, source, expected);
}

/// As [`check`], with the images and kernels that there are.
#[track_caller]
pub(super) fn check_with(
    check: fn(&Context<'_>, &mut Told),
    platforms: Option<&Platforms>,
    source: &str,
    expected: &[&str],
) {
    static ANY: Rule = Rule { id: "DD0000", title: "In a Test", slug: "test", check: |_, _| {} };
    let design = design(source);
    let context = Context { design: &design, nodes: Resolution::of(&design).nodes, platforms };
    let mut told = Told::new(&ANY);
    check(&context, &mut told);
    let mut found = Vec::new();
    for finding in &told.findings {
        let level = match finding.level {
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let documents: Vec<_> = finding.documents.iter().map(ToString::to_string).collect();
        let separator = if documents.is_empty() { "" } else { " " };
        found.push(format!("{level}{separator}{}: {}", documents.join(" "), finding.text));
        assert!(!finding.advice.is_empty(), "no advice: {}", finding.text);
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}\n{source}");
    for (line, expected) in found.iter().zip(expected) {
        assert!(line.starts_with(expected), "expected {expected:?}, found {line:?}");
    }
}
