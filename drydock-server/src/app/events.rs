//! The event feed.

use std::time::Duration;

use drydock_core::journal::{FeedCursor, FeedPage};
use drydock_core::{TaskId, Timestamp, before};

use super::{App, AppError};

/// By how much the clocks of instances may differ.
const CLOCKS: Duration = Duration::from_mins(5);

impl App {
    /// The commits after `after`, at most `limit` of them, with the events of `task` only, if one is named; and whether there are more.
    pub(crate) async fn feed(
        &self,
        after: &FeedCursor,
        task: Option<TaskId>,
        limit: usize,
    ) -> Result<(FeedPage, bool), AppError> {
        let mut page = self.store.feed_read(after, limit).await?;
        let more = !page.commits.is_empty();
        if let Some(task) = task {
            for commit in &mut page.commits {
                commit.events.retain(|event| event.task == task);
            }
            page.commits.retain(|commit| !commit.events.is_empty());
        }
        Ok((page, more))
    }

    /// The place in the feed where a task begins, or a little before: clocks differ.
    pub(crate) async fn feed_of(&self, task: TaskId) -> Result<FeedCursor, AppError> {
        let record =
            self.store.task_get(task).await?.ok_or_else(|| AppError::NoSuchTask(task.to_string()))?;
        self.feed_since(before(record.created_at, CLOCKS)).await
    }

    /// The place in the feed at `time`.
    pub(crate) async fn feed_since(&self, time: Timestamp) -> Result<FeedCursor, AppError> {
        Ok(self.store.feed_since(time).await?)
    }
}
