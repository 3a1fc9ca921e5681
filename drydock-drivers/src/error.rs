//! One error for all drivers: which driver, doing what, to what, and of which kind.

use std::fmt;

use drydock_core::{Classify, Disposition};

/// What kind of failure it is; decides whether it may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriverErrorKind {
    /// No connection, or no answer in time to a question that changes nothing.
    Unreachable,
    /// No answer in time to a command: it may or may not have had its effect. Read the state before repeating it.
    EffectUnknown,
    /// The other side is there but asks to come back later.
    Busy,
    /// The name, the password or the key is wrong.
    Credential,
    /// The other side understood, and refuses.
    Refused,
    /// The thing asked about does not exist.
    NotFound,
    /// The other side cannot do this at all.
    Unsupported,
    /// The other side answered something that its protocol does not allow.
    Protocol,
    /// What the caller gave makes no sense: an address that is none, a name that is too long.
    Input,
}

impl DriverErrorKind {
    const fn phrase(self) -> &'static str {
        match self {
            Self::Unreachable => "does not answer",
            Self::EffectUnknown => "did not confirm; whether it had effect is not known",
            Self::Busy => "is busy",
            Self::Credential => "refuses the credentials",
            Self::Refused => "refuses",
            Self::NotFound => "knows nothing of it",
            Self::Unsupported => "cannot do this",
            Self::Protocol => "answered against its protocol",
            Self::Input => "was given an unusable value",
        }
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A driver's failure.
#[derive(Debug)]
pub struct DriverError {
    /// The driver: `ipmi`, `maas` …
    pub driver: &'static str,
    /// What it was doing: `power on`, `deploy` …
    pub operation: &'static str,
    /// To whom: an address or a name, never a credential.
    pub target: String,
    /// What kind of failure it is.
    pub kind: DriverErrorKind,
    /// What the other side said, without secrets.
    pub detail: Option<String>,
    /// The cause from below.
    pub source: Option<Source>,
}

impl DriverError {
    /// A failure of `driver` at `operation` on `target`.
    pub fn new(
        driver: &'static str,
        operation: &'static str,
        target: impl Into<String>,
        kind: DriverErrorKind,
    ) -> Self {
        Self { driver, operation, target: target.into(), kind, detail: None, source: None }
    }

    /// Adds what the other side said. It must not hold a secret.
    #[must_use = "returns the error with its detail"]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the cause.
    #[must_use = "returns the error with its cause"]
    pub fn source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} {}", self.driver, self.operation, self.target, self.kind.phrase())?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl std::error::Error for DriverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Classify for DriverError {
    fn disposition(&self) -> Disposition {
        match self.kind {
            DriverErrorKind::Unreachable | DriverErrorKind::EffectUnknown | DriverErrorKind::Busy => {
                Disposition::Retryable
            }
            DriverErrorKind::Credential
            | DriverErrorKind::Refused
            | DriverErrorKind::NotFound
            | DriverErrorKind::Unsupported
            | DriverErrorKind::Protocol
            | DriverErrorKind::Input => Disposition::Permanent,
        }
    }
}
