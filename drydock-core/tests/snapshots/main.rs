//! Whole designs from what an operator writes to what comes of it: each site in `sites/` has a file beside it with every
//! effective value, where it comes from, and the report.
//!
//! After a change that is meant, `DRYDOCK_WRITE_SNAPSHOTS=1 cargo test -p drydock-core --test snapshots` writes the files
//! anew; the difference is then for whoever reviews the change.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use drydock_core::design::{Problems, Site, explain};
use drydock_core::ingest::{Places, SourceFile, ingest};
use drydock_core::rules::{Level, resolve_and_validate};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/sites")
}

/// Everything that comes of a site.
fn outcome(name: &str, source: &str) -> String {
    let files = [SourceFile { name, bytes: source.as_bytes() }];
    let mut text = String::new();
    let read = match ingest(&files) {
        Ok(read) => read,
        Err(problems) => {
            list(&mut text, "Cannot be read", &problems.iter().map(ToString::to_string).collect::<Vec<_>>());
            return text;
        }
    };
    let (site, mut report) = resolve_and_validate(read.design, None);
    report.place(&mut Places::new(&files));
    match &site {
        Ok(site) => effective(&mut text, site, &mut Places::new(&files)),
        Err(problems) => unresolved(&mut text, problems),
    }
    list(&mut text, "Notes", &read.notes);
    list(&mut text, "Problems", &report.problems);
    let findings = report.findings.iter().map(|finding| match finding.level {
        Level::Warning => format!("warning: {finding}"),
        Level::Error => format!("error: {finding}"),
    });
    list(&mut text, "Findings", &findings.collect::<Vec<_>>());
    text.push_str(if report.is_valid() { "valid\n" } else { "not valid\n" });
    text
}

fn effective(text: &mut String, site: &Site, places: &mut Places<'_>) {
    for (name, node) in site.nodes() {
        let actions: Vec<_> = site.boot_actions_for(node).iter().map(|action| action.name.clone()).collect();
        writeln!(text, "# {name}\n\nboot actions: {actions:?}").unwrap();
        for value in explain(site, name, places).unwrap() {
            let from = value.from.iter().map(|it| format!("{} {}", it.document, it.origin));
            let from = from.collect::<Vec<_>>();
            let from = if from.is_empty() { "default".to_owned() } else { from.join(" -> ") };
            writeln!(text, "{} = {}    {from}", value.path, value.value).unwrap();
        }
        text.push('\n');
    }
}

fn unresolved(text: &mut String, problems: &Problems) {
    list(text, "Cannot be resolved", &problems.iter().collect::<Vec<_>>());
}

fn list(text: &mut String, heading: &str, lines: &[impl ToString]) {
    if !lines.is_empty() {
        let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        writeln!(text, "# {heading}\n\n{}\n", lines.join("\n")).unwrap();
    }
}

#[test]
fn every_site_comes_to_what_its_snapshot_says() {
    let write = std::env::var_os("DRYDOCK_WRITE_SNAPSHOTS").is_some();
    let (mut sites, mut snapshots) = (BTreeSet::new(), BTreeSet::new());
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let of = if path.extension().is_some_and(|it| it == "yaml") { &mut sites } else { &mut snapshots };
        of.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    assert!(sites.len() > 5, "{sites:?}");
    for name in &sites {
        let source = fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
        let found = outcome(&format!("{name}.yaml"), &source);
        assert!(!found.contains("not-for-eyes"), "a secret is told:\n{found}");
        let path = folder().join(format!("{name}.txt"));
        if write {
            fs::write(&path, &found).unwrap();
            continue;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let differs = expected.lines().zip(found.lines()).position(|(one, other)| one != other);
        let line = differs.unwrap_or_else(|| expected.lines().count().min(found.lines().count())) + 1;
        assert_eq!(expected, found, "{name}.txt, line {line}; see the head of this file");
    }
    if !write {
        assert_eq!(sites, snapshots, "each site has a snapshot, and each snapshot a site");
    }
}
