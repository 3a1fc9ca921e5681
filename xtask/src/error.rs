//! Why a chore could not be done. A chore that was done and found faults is no error: it ends with its own exit code.

use std::io;

use drydock_testkit::ClusterError;

/// Why a chore could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A program could not be started, or spoken to.
    #[error("cannot run `{program}`: {source}")]
    Run {
        /// What was to run.
        program: String,
        /// Why it did not.
        source: io::Error,
    },
    /// A program ran and failed; it has said why itself.
    #[error("`{program}` failed; what it said stands above")]
    Failed {
        /// What ran.
        program: String,
    },
    /// Peers that the tests need are not there, and could not be installed.
    #[error(
        "the tests need {what}; install the Debian packages {packages}, or their like, and try again{why}"
    )]
    Missing {
        /// The programs.
        what: String,
        /// The packages that hold them.
        packages: String,
        /// Why they were not installed, with its punctuation; may be empty.
        why: String,
    },
    /// A file or folder could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// `cargo metadata` said something unexpected.
    #[error("cannot understand `cargo metadata`: {0}")]
    Metadata(#[from] serde_json::Error),
    /// There is no PostgreSQL cluster for the tests.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

impl Error {
    /// For `map_err`: `program` could not be run.
    pub(crate) fn run(program: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        |source| Self::Run { program, source }
    }
}
