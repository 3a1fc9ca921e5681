//! How a command ends: its exit code, and one line for a person when it failed.

use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use drydock_core::error_chain;

/// The exit codes, as `drydock --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done.
    Done = 0,
    /// What was asked for failed.
    Failed = 1,
    /// Wrong usage, or input that cannot be read.
    Usage = 2,
    /// The server cannot be reached.
    Unreachable = 3,
    /// Stopped by Ctrl-C, as shells have it: 128 and the number of the signal.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do what it was asked for.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    what: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// What was asked for failed.
    pub(super) fn failed(what: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, what: what.into(), cause: None }
    }

    /// The arguments, or the files they name, are wrong.
    pub(super) fn usage(what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, what: what.into(), cause: None }
    }

    /// The server cannot be reached.
    pub(super) fn unreachable(what: impl Into<String>) -> Self {
        Self { exit: Exit::Unreachable, what: what.into(), cause: None }
    }

    /// The same, with what lies below.
    pub(super) fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Says it on standard error, in one line; a reader that went away needs no word.
    pub(super) fn report(&self) -> Exit {
        if self.is_broken_pipe() {
            return Exit::Done;
        }
        let mut stderr = io::stderr().lock();
        let (on, off) = if stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            ("\x1b[1;31m", "\x1b[0m")
        } else {
            ("", "")
        };
        // Nothing is left to tell it to when standard error is gone.
        let _unread = writeln!(stderr, "{on}error{off}: {}", error_chain(self));
        self.exit
    }

    fn is_broken_pipe(&self) -> bool {
        let cause = self.cause.as_ref().and_then(|cause| cause.downcast_ref::<OutputError>());
        cause.is_some_and(|OutputError(error)| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// Standard output cannot be written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct OutputError(pub(super) io::Error);

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        Self::failed("cannot write to standard output").because(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let broken = Failure::from(OutputError(io::ErrorKind::BrokenPipe.into()));
        assert_eq!(broken.report(), Exit::Done);
        let full = Failure::from(OutputError(io::ErrorKind::StorageFull.into()));
        assert_eq!(full.report(), Exit::Failed);
    }

    #[test]
    fn the_line_names_the_cause() {
        let failure = Failure::usage("cannot read a.yaml").because(io::Error::other("it is wet"));
        assert_eq!(error_chain(&failure), "cannot read a.yaml: it is wet");
    }
}
