//! A page of the event feed. An extension.

use drydock_core::journal::{FeedCommit, FeedCursor, FeedPage};
use serde::{Deserialize, Serialize};

/// The answer to `GET /events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsDocument {
    /// Commits of instances, with what they tell.
    pub commits: Vec<FeedCommit>,
    /// With which the next page is asked for.
    pub next: FeedCursor,
    /// Whether there may be more by now.
    pub more: bool,
}

impl EventsDocument {
    pub(crate) fn of((FeedPage { commits, next }, more): (FeedPage, bool)) -> Self {
        Self { commits, next, more }
    }
}
