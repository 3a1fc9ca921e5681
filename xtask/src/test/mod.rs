//! `cargo xtask test`: the tests, with the real peers they need.
//!
//! The tests of the stores want a PostgreSQL server and a PgBouncer, those of the IPMI driver `ipmi_sim` and `ipmitool`. This makes sure that
//! all are there, starts a cluster that lives as long as the tests, and counts what cargo's many test runners report.

mod peers;
mod tally;

use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};

use drydock_testkit::Cluster;

use crate::error::Error;
use tally::Tally;

/// The variable through which the tests are told of their server.
const SERVER: &str = "DRYDOCK_TEST_POSTGRES";

/// Runs the tests; `args` go to `cargo test`. The exit code is cargo's.
pub(crate) fn run(args: &[&str]) -> Result<ExitCode, Error> {
    let given = std::env::var(SERVER).ok().filter(|url| !url.is_empty());
    peers::ensure(given.is_none())?;
    let cluster = if given.is_none() { Some(Cluster::start(None)?) } else { None };
    let url = cluster.as_ref().map(Cluster::url).or(given).unwrap_or_default();
    let (tally, code) = cargo_test(args, &url)?;
    drop(cluster);
    println!("{}", tally.line(code == 0));
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Makes sure that the programs which the tests speak to are there.
pub(crate) fn ensure_peers() -> Result<(), Error> {
    peers::ensure(true)
}

/// `cargo test`, its output passed on as it comes and counted on the way.
fn cargo_test(args: &[&str], url: &str) -> Result<(Tally, i32), Error> {
    let mut command = Command::new(crate::cargo());
    // One failing binary does not hide the others.
    command.args(["test", "--no-fail-fast"]);
    if !args.iter().take_while(|arg| **arg != "--").any(|arg| chooses_packages(arg)) {
        command.arg("--workspace");
    }
    let mut child = command
        .args(args)
        .env(SERVER, url)
        .current_dir(crate::root())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::run("cargo test"))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        pass_on(stdout, io::stdout().lock(), &mut tally).map_err(Error::run("cargo test"))?;
    }
    let status = child.wait().map_err(Error::run("cargo test"))?;
    Ok((tally, status.code().unwrap_or(101)))
}

fn chooses_packages(arg: &str) -> bool {
    arg.starts_with("-p") || arg.starts_with("--package") || arg == "--workspace"
}

/// Copies by the chunk, not by the line: "test x ... " shows while x still runs.
fn pass_on(mut from: impl Read, mut to: impl Write, tally: &mut Tally) -> io::Result<()> {
    let mut chunk = [0; 4096];
    let mut line = Vec::new();
    loop {
        let n = from.read(&mut chunk)?;
        if n == 0 {
            tally.add(&String::from_utf8_lossy(&line));
            return Ok(());
        }
        to.write_all(&chunk[..n])?;
        to.flush()?;
        for &byte in &chunk[..n] {
            if byte == b'\n' {
                tally.add(&String::from_utf8_lossy(&line));
                line.clear();
            } else {
                line.push(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_passed_on_and_counted() {
        let output = "test a ... ok\n\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured\n";
        let mut tally = Tally::default();
        let mut passed_on = Vec::new();
        pass_on(output.as_bytes(), &mut passed_on, &mut tally).unwrap();
        assert_eq!(passed_on, output.as_bytes());
        assert_eq!(tally.line(true), "2 passed, 0 failed, 1 skipped");
    }
}
