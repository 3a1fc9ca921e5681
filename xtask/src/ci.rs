//! `cargo xtask ci`: everything a change has to pass, in order, up to the first step that fails.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use crate::error::Error;

/// A step: its name, and the arguments of the cargo command that it is.
type Step = (&'static str, &'static [&'static str]);

/// From quick to slow; the tests stand last, so that their result is the last thing printed.
const STEPS: [Step; 7] = [
    ("format", &["fmt", "--all", "--check"]),
    ("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ("tidy", &["xtask", "tidy"]),
    ("deny", &["deny", "--workspace", "check", "licenses", "bans", "sources"]),
    ("doc", &["doc", "--workspace", "--no-deps", "--config", "build.rustdocflags=['-D', 'warnings']"]),
    // A workspace of its own; its corpora need no fuzzer, and its targets have to compile.
    ("fuzz targets", &["test", "--locked", "--manifest-path", "fuzz/Cargo.toml"]),
    (LAST, &["xtask", "test"]),
];

const LAST: &str = "test";

/// Without optimisation it is there in half the time, and fast enough for a few hundred crates.
const INSTALL_DENY: [&str; 4] = ["install", "--locked", "--debug", "cargo-deny@^0.20"];

/// Runs all steps in `root`. The exit code says whether all passed.
pub(crate) fn run(root: &Path) -> Result<ExitCode, Error> {
    for (name, args) in STEPS {
        if name == "deny" && !has_deny() {
            step(root, "install cargo-deny", &INSTALL_DENY)?;
        }
        step(root, name, args)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn step(root: &Path, name: &str, args: &[&str]) -> Result<(), Error> {
    let shown = format!("cargo {}", args.join(" "));
    eprintln!("== {name}: {shown}");
    let start = Instant::now();
    let status =
        Command::new(crate::cargo()).args(args).current_dir(root).status().map_err(Error::run(&shown))?;
    let seconds = start.elapsed().as_secs();
    if !status.success() {
        eprintln!("== {name}: FAILED after {seconds} s");
        return Err(Error::Failed { program: shown });
    }
    // Nothing is printed after the last step's own last line.
    if name != LAST {
        eprintln!("== {name}: passed after {seconds} s");
    }
    Ok(())
}

fn has_deny() -> bool {
    Command::new(crate::cargo())
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
