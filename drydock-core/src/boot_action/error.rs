//! What is wrong with boot actions when they are rendered: always with the action, the asset and the stage.

use std::fmt;

use crate::design::Segment;

/// Why an asset could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("boot action {action}, asset {asset}, {stage}: {problem}")]
pub struct RenderError {
    /// The boot action.
    pub action: String,
    /// The asset: its path, or its place in the document where it has none.
    pub asset: String,
    /// Where in its rendering.
    pub stage: Stage,
    /// What is wrong.
    pub problem: RenderProblem,
}

/// A part of the rendering of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its `path`.
    Path,
    /// A segment of its `location_pipeline`, counted from 0.
    Location(usize, Segment),
    /// Having what is at its `location`.
    Fetch,
    /// A segment of its `data_pipeline`, counted from 0.
    Data(usize, Segment),
    /// Reading packages.
    Packages,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path => f.write_str("path"),
            Self::Location(place, segment) => write!(f, "location_pipeline[{place}] {}", segment.as_str()),
            Self::Fetch => f.write_str("location"),
            Self::Data(place, segment) => write!(f, "data_pipeline[{place}] {}", segment.as_str()),
            Self::Packages => f.write_str("package list"),
        }
    }
}

/// What is wrong at a stage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderProblem {
    /// A file or a unit has no path.
    #[error("a file or unit needs a path: write one such as /etc/motd")]
    NoPath,
    /// The path leads elsewhere than it seems.
    #[error("{0:?} is no path of a file: write an absolute one without `..`")]
    Path(String),
    /// Neither data nor a location.
    #[error("has neither data nor a location")]
    Empty,
    /// Nobody has fetched what is at the location.
    #[error("nothing was fetched from {0}")]
    NotFetched(String),
    /// Packages where a file belongs, or text where packages belong.
    #[error("data must be {0}")]
    Kind(&'static str),
    /// Text where bytes belong.
    #[error("needs bytes and got text: put utf8_encode before it")]
    WantsBytes,
    /// Bytes where text belongs.
    #[error("needs text and got bytes: put utf8_decode before it")]
    WantsText,
    /// Bytes that are no UTF-8.
    #[error("the bytes are not UTF-8: {0}")]
    Utf8(std::str::Utf8Error),
    /// Text that is no Base64.
    #[error("this is not Base64: {0}")]
    Base64(base64::DecodeError),
    /// A template that cannot be filled in.
    #[error("{0}")]
    Template(String),
    /// A template that took more than it may have.
    #[error("the template was stopped: {0}")]
    Stopped(Reached),
    /// Templates cannot be filled in now, whatever they are.
    #[error("templates cannot be filled in at the moment: {0}")]
    NoFiller(String),
    /// The content is too long.
    #[error("the content has more than {0} bytes: fetch large files by other means")]
    TooLong(usize),
    /// No list of packages.
    #[error("this is no map of package names to versions: {0}")]
    PackageList(String),
    /// No version of a Debian package.
    #[error(
        "{version:?} is no version of {package}: write one such as 1:2.3-4 (epoch:upstream-revision), or null"
    )]
    Version {
        /// The package.
        package: String,
        /// What was written.
        version: String,
    },
}

impl RenderProblem {
    /// Whether the same may come out well at another time.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NoFiller(_))
    }
}

/// Which limit a template has reached, as far as can be told of a process that was ended by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reached {
    /// Memory, in MiB.
    #[error(
        "most likely it needs more than {0} MiB of memory: let no text, list or captured block double again and again"
    )]
    Memory(u64),
    /// The processor's time, in seconds.
    #[error(
        "it computes for more than {0} s: write it without long loops, and without filters of long texts within loops"
    )]
    Time(u64),
    /// The stack.
    #[error(
        "most likely its values are nested too deeply: put no list, map or namespace into itself, nor into others in a loop"
    )]
    Stack,
}

/// Why files could not be packed.
#[derive(Debug, thiserror::Error)]
#[error("cannot pack the files of boot actions")]
pub struct ArchiveError(#[from] pub(super) std::io::Error);
