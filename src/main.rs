//! The `drydock` program: the command line of `drydock-server`.

use std::process::ExitCode;

fn main() -> ExitCode {
    drydock_server::cli::run(std::env::args_os())
}
