//! The rows of which news are made. A task of which something cannot be read is told of as such, and as nothing else.

use drydock_core::TaskId;
use drydock_core::error_chain;
use drydock_core::journal::{JournalError, News, Request, Signal};

use crate::row::{Columns, Reader};

/// News that are being put together.
#[derive(Default)]
pub(crate) struct Gathering {
    news: News,
    /// Tasks with signals that no step has taken.
    pub(crate) signalled: Vec<TaskId>,
}

impl Gathering {
    /// Takes in the live rows' `task_id`, `cancel_at`, `cancel_by`, `pause_at`, `pause_by` and `signalled`.
    pub(crate) fn told<R: Columns>(&mut self, rows: &[R]) -> Result<(), JournalError> {
        for row in rows.iter().map(|row| Reader::new("live", row)) {
            let task = row.id("task_id")?;
            let read = || -> Result<(Option<Request>, Option<Request>, bool), JournalError> {
                Ok((row.cancellation()?, row.pause()?, row.truth("signalled")?))
            };
            if let Some((cancelled, paused, signalled)) = self.read(task, read())? {
                self.news.cancelled.extend(cancelled.map(|request| (task, request)));
                self.news.paused.extend(paused.map(|request| (task, request)));
                self.signalled.extend(signalled.then_some(task));
            }
        }
        Ok(())
    }

    /// Takes in signals that no step has taken.
    pub(crate) fn untaken<R: Columns>(&mut self, rows: &[R]) -> Result<(), JournalError> {
        for row in rows.iter().map(|row| Reader::new("signals", row)) {
            let task = row.id("task_id")?;
            let signal: Option<Signal> = self.read(task, row.signal())?;
            self.news.signals.extend(signal.map(|signal| (task, signal)));
        }
        Ok(())
    }

    /// Takes in the parents' `parent_id` and how many of their children are `open`.
    pub(crate) fn open_children<R: Columns>(&mut self, rows: &[R]) -> Result<(), JournalError> {
        for row in rows.iter().map(|row| Reader::new("live", row)) {
            self.news.open_children.push((row.id("parent_id")?, row.count("open")?));
        }
        Ok(())
    }

    pub(crate) fn done(self) -> News {
        let mut news = self.news;
        news.unreadable.sort();
        news.unreadable.dedup_by_key(|(task, _)| *task);
        let bad = |task: &TaskId| news.unreadable.iter().any(|(bad, _)| bad == task);
        news.cancelled.retain(|(task, _)| !bad(task));
        news.paused.retain(|(task, _)| !bad(task));
        news.signals.retain(|(task, _)| !bad(task));
        news
    }

    fn read<T>(&mut self, task: TaskId, read: Result<T, JournalError>) -> Result<Option<T>, JournalError> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error @ JournalError::Inconsistent { .. }) => {
                self.news.unreadable.push((task, error_chain(&error)));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
