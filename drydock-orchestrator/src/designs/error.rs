//! Why a design cannot be had. No text here has a password, a token, or anything of what a server answered.

use std::io::{self, ErrorKind};
use std::time::Duration;

use drydock_core::design::Problems;
use drydock_core::{Classify, Disposition};

use super::keystone::TokenError;
use super::redirects::RedirectError;

/// Why a design cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DesignError {
    /// What it refers to could not be read.
    #[error("cannot read the design {reference}")]
    Fetch {
        /// The reference.
        reference: String,
        /// Why.
        #[source]
        source: FetchError,
    },
    /// It cannot be read, or not be resolved.
    #[error("the design {reference} is not valid")]
    Invalid {
        /// The reference.
        reference: String,
        /// All that is wrong with it, what the rules say included.
        #[source]
        source: Problems,
    },
    /// It is not the design any more with which the task began.
    #[error(
        "the design {reference} has changed since the task began; submit a new task to go on with the new design"
    )]
    Changed {
        /// The reference.
        reference: String,
    },
    /// It was given with a password, which a task must not keep.
    #[error(
        "the reference {reference} was given with a user or a password, which would be stored with the task: leave them out, and \
         put them into the file of credentials that the server is started with (--design-credentials)"
    )]
    Login {
        /// The reference, without them.
        reference: String,
    },
}

impl DesignError {
    /// Whether it is the trouble of a server somewhere, which may pass, and not in the reference or in the design.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Fetch { source: FetchError::File(_), .. } => false,
            other => other.disposition() == Disposition::Retryable,
        }
    }
}

impl Classify for DesignError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Fetch { source, .. } => source.disposition(),
            Self::Invalid { .. } | Self::Changed { .. } | Self::Login { .. } => Disposition::Permanent,
        }
    }
}

/// Why what a reference leads to could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No way is known to fetch such a reference.
    #[error(
        "this is nothing that can be fetched here: give file:///absolute/path, http://, https://, or deckhand+ or promenade+ \
         before one of these two"
    )]
    Scheme,
    /// Only files are read here.
    #[error("only files are read here: give file:///absolute/path")]
    NoFile,
    /// A user and a password came with a reference that has no use for them.
    #[error("a user and a password go with http:// and https:// only: leave them out")]
    Login,
    /// A file could not be read.
    #[error("{0}")]
    File(#[from] io::Error),
    /// It is larger than what may be read.
    #[error("it has more than the {limit} bytes that it may have")]
    TooLarge {
        /// How many it may have.
        limit: usize,
    },
    /// There was no whole answer in time.
    #[error("there was no whole answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// The server could not be reached, or broke off.
    #[error("{origin} does not answer")]
    Transport {
        /// Which server.
        origin: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The server answered, but not with a document.
    #[error("{origin} answers {status}{advice}")]
    Status {
        /// Which server.
        origin: String,
        /// The status.
        status: u16,
        /// What to do about it; empty, or with what divides it from the rest.
        advice: &'static str,
    },
    /// The server sent us on, where we do not go.
    #[error("{origin} redirects {source}")]
    Redirect {
        /// Which server.
        origin: String,
        /// Where to.
        source: RedirectError,
    },
    /// A token is wanted, and this server may not have it.
    #[error(
        "{origin} may not have a Keystone token: if it is to be trusted with one, put the line `{origin} keystone` into the file of \
         credentials that the server is started with (--design-credentials)"
    )]
    NoTokenFor {
        /// Which server.
        origin: String,
    },
    /// A token is wanted, and no Keystone is known.
    #[error("no Keystone is configured that could give a token: start the server with --keystone-url")]
    NoKeystone,
    /// Keystone gave no token.
    #[error("there is no token for it")]
    Token(#[from] TokenError),
}

impl Classify for FetchError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::File(problem) => match problem.kind() {
                ErrorKind::InvalidInput | ErrorKind::IsADirectory => Disposition::Permanent,
                _ => Disposition::Retryable,
            },
            Self::Timeout(_) | Self::Transport { .. } => Disposition::Retryable,
            Self::Status { status, .. } => of_status(*status),
            Self::Token(error) => error.disposition(),
            Self::Scheme
            | Self::NoFile
            | Self::Login
            | Self::TooLarge { .. }
            | Self::Redirect { .. }
            | Self::NoTokenFor { .. }
            | Self::NoKeystone => Disposition::Permanent,
        }
    }
}

/// Whether the same question may be answered otherwise later (RFC 9110 section 15; 425 and 429 by RFC 8470 and RFC 6585).
pub(super) fn of_status(status: u16) -> Disposition {
    match status {
        408 | 425 | 429 | 500..=599 => Disposition::Retryable,
        _ => Disposition::Permanent,
    }
}
