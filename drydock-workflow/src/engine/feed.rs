//! Following the feed: what is stored of it, then what is added, by whichever instance.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::{FeedCommit, FeedCursor, FeedEvent, FeedEventKind, Journal, JournalError, Write};
use drydock_core::{Classify, Disposition, TaskId, before};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, error::TryRecvError};

use super::{Engine, EngineError, Event};

/// How many commits are read at once.
const PAGE: usize = 100;
/// How long a reader waits for more after it was told of something, so that a busy instance is not asked for each commit.
const GATHER: Duration = Duration::from_millis(20);
/// By how much the clock of an instance that ran a task may be behind that of whoever asked for it.
const CLOCKS: Duration = Duration::from_mins(5);

impl Engine {
    /// What all instances committed after `after`, to be replayed and then followed as it goes on: nothing is missing, and nothing comes
    /// twice. [`FeedCursor::START`] begins with the oldest event that is kept. Unlike [`events`](Self::events) it is durable,
    /// and a reader may come back to it with [`Feed::cursor`].
    ///
    /// What instances without [`EngineOptions::feed`](super::EngineOptions::feed) do is not told.
    #[must_use = "a feed is read with `next`"]
    pub fn feed(&self, after: FeedCursor) -> Feed {
        Feed {
            journal: Arc::clone(&self.ports.journal),
            hints: self.events.subscribe(),
            poll: self.poll,
            ahead: after.clone(),
            cursor: after,
            read: VecDeque::new(),
            of: None,
            end: End::Open,
        }
    }

    /// The same of one task, from its beginning to its end; `None` when there is no such task. It reads on from the time when the task was
    /// asked for, less five minutes in which the clocks of instances may differ.
    ///
    /// # Errors
    ///
    /// [`JournalError::FeedTrimmed`] when events from that time on are gone.
    pub async fn task_feed(&self, task: TaskId) -> Result<Option<Feed>, EngineError> {
        let Some(state) = self.ports.journal.task_read(task).await? else { return Ok(None) };
        let from = before(state.task.task.created_at, CLOCKS);
        let after = self.ports.journal.feed_since(from).await?;
        Ok(Some(self.feed(after).of(task)))
    }
}

/// A reader of the feed. It reads the store, and goes on when the instance that it was made with has stopped.
#[must_use = "a feed is read with `next`"]
pub struct Feed {
    journal: Arc<dyn Journal>,
    /// What this instance does: there may be something to read.
    hints: broadcast::Receiver<Event>,
    poll: Duration,
    /// After the last commit that was given.
    cursor: FeedCursor,
    /// After the last commit that was read.
    ahead: FeedCursor,
    read: VecDeque<FeedCommit>,
    of: Option<TaskId>,
    end: End,
}

/// How near a task's feed is to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Open,
    /// An end of the task was given.
    Told(FeedEvent),
    /// The task has ended: what was committed of it is all there to read.
    Known,
    /// All of it was read.
    Read,
}

impl Feed {
    /// Only what happens to one task, until its end was read.
    pub fn of(self, task: TaskId) -> Self {
        Self { of: Some(task), ..self }
    }

    /// Behind the commit that was given last: whoever begins here gets the next.
    pub const fn cursor(&self) -> &FeedCursor {
        &self.cursor
    }

    /// The next commit, as soon as there is one; `None` after the end of the one task that is followed, and never otherwise. Goes on over
    /// a store that is away. Cancel-safe.
    ///
    /// # Errors
    ///
    /// [`JournalError::FeedTrimmed`] when events were trimmed before they were read; the error has the cursor from which there is
    /// more. And when the store cannot be used.
    pub async fn next(&mut self) -> Result<Option<FeedCommit>, EngineError> {
        loop {
            if let End::Told(event) = &self.end {
                self.end = self.judge(event).await?;
            }
            if self.end == End::Read {
                return Ok(None);
            }
            if let Some(commit) = self.take() {
                return Ok(Some(commit));
            }
            self.read_on().await?;
        }
    }

    /// The task was told to have ended. Unless it was brought back, that was all.
    async fn judge(&self, told: &FeedEvent) -> Result<End, EngineError> {
        match self.journal.task_end(told.task).await {
            Ok(Some(end)) => {
                let at = end.at;
                let last = FeedEvent::of(&Write::TaskEnded(told.task, None, end), at);
                Ok(if last.as_ref() == Some(told) { End::Read } else { End::Open })
            }
            Ok(None) => Ok(End::Open),
            Err(error) => self.bear(error).await.map(|()| End::Told(told.clone())),
        }
    }

    /// The next of the commits that were read, with what it says of the task that is followed.
    fn take(&mut self) -> Option<FeedCommit> {
        while let Some(mut commit) = self.read.pop_front() {
            self.cursor.advance(commit.epoch, commit.seq);
            if self.read.is_empty() {
                self.cursor = self.ahead.clone();
            }
            commit.events.retain(|event| self.of.is_none_or(|task| task == event.task));
            if !commit.events.is_empty() || self.of.is_none() {
                let end = commit.events.iter().rfind(|event| self.of.is_some() && is_end(&event.kind));
                if let Some(end) = end {
                    self.end = End::Told(end.clone());
                }
                return Some(commit);
            }
        }
        None
    }

    /// Reads a page, or waits for when there may be one.
    async fn read_on(&mut self) -> Result<(), EngineError> {
        // What was told by now is read now.
        while !matches!(self.hints.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
        match self.journal.feed_read(&self.ahead, PAGE).await {
            Ok(page) => {
                self.ahead = page.next;
                self.read = page.commits.into();
                if self.read.is_empty() {
                    self.cursor = self.ahead.clone();
                    if self.ended().await? {
                        return Ok(());
                    }
                    self.wait().await;
                }
                Ok(())
            }
            Err(error) => self.bear(error).await,
        }
    }

    /// Nothing is left to read: is that all, for ever? `true` when it is, and when it is to be looked once more.
    async fn ended(&mut self) -> Result<bool, EngineError> {
        let Some(task) = self.of else { return Ok(false) };
        if self.end == End::Known {
            self.end = End::Read;
            return Ok(true);
        }
        match self.journal.task_end(task).await {
            Ok(None) => Ok(false),
            Ok(Some(_)) => {
                self.end = End::Known;
                Ok(true)
            }
            Err(error) => self.bear(error).await.map(|()| true),
        }
    }

    /// A store that is away may come back.
    async fn bear(&self, error: JournalError) -> Result<(), EngineError> {
        if error.disposition() != Disposition::Retryable {
            return Err(error.into());
        }
        tokio::time::sleep(self.poll).await;
        Ok(())
    }

    async fn wait(&mut self) {
        match tokio::time::timeout(self.poll, self.hints.recv()).await {
            Ok(Ok(_) | Err(RecvError::Lagged(_))) => tokio::time::sleep(GATHER).await,
            // The instance has stopped: only the store tells of the others.
            Ok(Err(RecvError::Closed)) => tokio::time::sleep(self.poll).await,
            Err(_) => {}
        }
    }
}

const fn is_end(kind: &FeedEventKind) -> bool {
    matches!(
        kind,
        FeedEventKind::TaskCompleted | FeedEventKind::TaskFailed { .. } | FeedEventKind::TaskCancelled { .. }
    )
}
