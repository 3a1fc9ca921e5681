//! `cargo xtask chaos`: the chaos test by itself, for as long as one likes.

use std::process::{Command, ExitCode};

use crate::error::Error;
use crate::test;

/// Runs chaos; `args` are its own. The exit code is cargo's.
pub(crate) fn run(args: &[&str]) -> Result<ExitCode, Error> {
    test::ensure_peers()?;
    let status = Command::new(crate::cargo())
        .args(["test", "--package", "drydock", "--test", "chaos", "--"])
        .args(args)
        .current_dir(crate::root())
        .status()
        .map_err(Error::run("cargo test"))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
