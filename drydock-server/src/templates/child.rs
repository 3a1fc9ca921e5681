//! The process that fills in one template: its limits first, then the job from standard input, then the outcome to standard output.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use drydock_core::boot_action::{FillJob, InProcess, TemplateFiller as _};

use super::limits;
use super::outcome::Outcome;

/// Why nothing was filled in. What was read is never quoted.
#[derive(Debug, thiserror::Error)]
enum ChildError {
    #[error("this process cannot be limited: {0}")]
    Limits(io::Error),
    #[error("the job cannot be read: {0}")]
    Input(io::Error),
    #[error("standard input holds no job: `drydock` starts this command itself, to fill in a template")]
    Job,
    #[error("the outcome cannot be written")]
    Output,
}

/// Fills in the template that standard input holds.
pub(crate) fn run() -> ExitCode {
    match fill() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without anybody who reads it, the exit code tells enough.
            let _unread = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fill() -> Result<(), ChildError> {
    limits::impose().map_err(ChildError::Limits)?;
    let mut job = Vec::new();
    io::stdin().lock().read_to_end(&mut job).map_err(ChildError::Input)?;
    let job = FillJob::from_json(&job).map_err(|_| ChildError::Job)?;
    let outcome = serde_json::to_vec(&Outcome::of(InProcess.fill(&job))).map_err(|_| ChildError::Output)?;
    let mut output = io::stdout().lock();
    output.write_all(&outcome).and_then(|()| output.flush()).map_err(|_| ChildError::Output)
}
