//! Runs every example and compares what it prints with `tests/examples/NAME.out`.
//!
//! `cargo test` builds the examples before it runs this, into the folder `examples` beside the one this test is in;
//! `cargo test --test examples` does not: add `--examples`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

macro_rules! examples {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            prints_what_it_should($name);
        })*

        const NAMES: &[&str] = &[$($name),*];
    };
}

examples! {
    hello_dag: "01_hello_dag",
    retry_and_timer: "02_retry_and_timer",
    crash_and_recover: "03_crash_and_recover",
    power_cycle: "04_power_cycle",
    python_worker: "05_python_worker",
    approval: "06_approval",
    map: "07_map",
    saga: "08_saga",
    irreversible: "09_irreversible",
    transaction: "10_transaction",
    new_version: "11_new_version",
}

#[test]
fn every_example_is_run_here_and_is_in_the_reading_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
    for name in NAMES {
        assert!(readme.contains(&format!("({name}.rs)")), "{name} is not in examples/README.md");
    }
}

fn prints_what_it_should(name: &str) {
    let output = Command::new(executable(name)).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} ended with {}:\n{errors}", output.status);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples").join(name).with_extension("out");
    let expected = std::fs::read_to_string(&file).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let file = file.display();
    assert!(printed == expected, "{name} prints something else than {file}:\n{}", diff(&expected, &printed));
}

/// `target/PROFILE/examples/NAME`, for a test in `target/PROFILE/deps`.
fn executable(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let example = this.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    assert!(example.is_file(), "{} is not there: run `cargo test --examples` first", example.display());
    example
}

/// Line by line: what is missing with `-`, what is too much with `+`.
fn diff(expected: &str, printed: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), printed.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[same..].iter().rev().zip(new[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mark = |mark: &str, lines: &[&str]| -> String {
        lines.iter().map(|line| format!("{mark} {line}\n")).collect::<Vec<_>>().concat()
    };
    [
        mark(" ", &old[..same]),
        mark("-", &old[same..old.len() - tail]),
        mark("+", &new[same..new.len() - tail]),
        mark(" ", &old[old.len() - tail..]),
    ]
    .concat()
}

#[test]
fn a_difference_is_shown_between_what_is_the_same() {
    assert_eq!(diff("a\nb\nc\n", "a\nx\ny\nc\n"), "  a\n- b\n+ x\n+ y\n  c\n");
    assert_eq!(diff("a\n", "a\na\n"), "  a\n+ a\n");
}
