//! The project's chores: `cargo xtask test | chaos | tidy | ci`.
//!
//! A program of its own, and not a set of scripts, so that the chores are checked by the compiler and tested like the rest.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks through them")]

mod chaos;
mod ci;
mod error;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <COMMAND>

Commands:
  test [-- ARGS]  run all tests, with a PostgreSQL of their own; ARGS go to `cargo test`
                  (`-- -p drydock-store` for one crate, `-- some_name` for tests of that name).
                  DRYDOCK_TEST_POSTGRES=postgres://... uses that server instead
  chaos [ARGS]    kill real workers and their database, and see that nothing is lost:
                  `--minutes 30` for that long on each store, `--store sqlite|postgres` on one only
  tidy            check what the compiler does not: sizes, layers, mirrored files, words, links
  ci              everything a change has to pass, in order
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test::run(&[]),
        ["test", "--", args @ ..] => test::run(args),
        ["chaos", args @ ..] => chaos::run(args),
        ["tidy"] => tidy::run(&root()),
        ["ci"] => ci::run(&root()),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The repository's root: the folder above this crate's.
fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// The cargo that started this program, so that nested calls use the same toolchain.
fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}
