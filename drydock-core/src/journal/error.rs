//! What persistence may answer instead of doing.

use super::FeedCursor;
use crate::{Classify, Disposition, Epoch};

/// A cause from below: the database library's own error.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a journal call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The epoch was retired: another instance may own its tasks now. Nothing was written.
    #[error("epoch {epoch} was retired: another instance has taken over its tasks")]
    Fenced {
        /// The refused epoch.
        epoch: Epoch,
    },
    /// The database did not answer, or asked to try again. Whether the write happened is not known.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// The database refuses what was sent, and will again.
    #[error("the database refuses the write")]
    Rejected(#[source] Cause),
    /// A row holds what no version of this program writes.
    #[error("the database holds an impossible value in {table}.{column} of row {row}: {problem}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key, as text.
        row: String,
        /// What is wrong with the value.
        problem: String,
    },
    /// Events were trimmed before they were read from this place of the feed.
    #[error(
        "events of epoch {epoch} after this cursor were trimmed: what they told of is in the histories of the tasks; \
         read on from cursor {oldest}, which comes after all that is gone"
    )]
    FeedTrimmed {
        /// The epoch with a gap, or the first of several.
        epoch: Epoch,
        /// The same place, moved behind what is gone.
        oldest: FeedCursor,
    },
    /// The database's schema is newer than this program.
    #[error("the database has schema version {found}, this program knows up to {known}: run a newer drydock")]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The database has not been brought up to this program's schema.
    #[error("the database has schema version {found}, this program needs {needed}: run `drydock migrate`")]
    OlderSchema {
        /// The version in the database; 0 for an empty one.
        found: i64,
        /// The version that this program needs.
        needed: i64,
    },
}

impl Classify for JournalError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Fenced { .. } => Disposition::Cancelled,
            Self::Unavailable(_) => Disposition::Retryable,
            Self::Rejected(_)
            | Self::FeedTrimmed { .. }
            | Self::NewerSchema { .. }
            | Self::OlderSchema { .. } => Disposition::Permanent,
            Self::Inconsistent { .. } => Disposition::Bug,
        }
    }
}
