//! How long ended tasks are kept, and the duty that removes them then: one instance does it for all.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{
    ArchivedTask, Cause, HeldSpan, History, Hold, Horizon, JournalError, Piece, Removal,
};
use drydock_core::{Epoch, TaskId, WorkflowName, before, error_chain};

use super::EngineError;
use super::supervisor::Ports;

/// The name of the duty, as the store knows it.
const DUTY: &str = "history";
/// The shortest time that goes together.
const SHORTEST: Duration = Duration::from_mins(1);
/// So many trees are looked at in one go.
const LOOK: usize = 200;
/// So many tasks are read for an archive in one go.
const PAGE: usize = 200;
/// How often room is asked for in one round, and how long it waits in between: to make it, tables are needed that others read and write,
/// and nobody is to wait for it for long.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// What is kept, and for how long: for ever, unless it is said otherwise.
///
/// A task is kept at least so long after its end; a tree of tasks as long as the task in it that is kept the longest. When it goes, all that
/// was recorded of it goes, the facts that its steps found out too, and its key is free again. Where a store drops history by spans of
/// time, a span stays as a whole while one of its tasks does.
#[derive(Clone)]
pub struct Retention {
    /// How long tasks are kept whose workflow is not among the [`workflows`](Self::workflows); `None` is for ever.
    pub usual: Option<Duration>,
    /// How long the tasks of these workflows are kept, in all their versions; `None` is for ever.
    pub workflows: BTreeMap<WorkflowName, Option<Duration>>,
    /// How long the feed is kept; `None` is for ever. It knows nothing of tasks: it may tell of those that have gone, and not of others.
    pub feed: Option<Duration>,
    /// How often it is looked whether anything may go. The first look is when the instance starts.
    pub every: Duration,
    /// How much time goes together, where the store drops history by spans of time: a week unless said otherwise, and in whole minutes. The
    /// shorter, the sooner it goes, and the more tables the store has.
    pub span: Duration,
    /// For how many further spans there is room ahead.
    pub ahead: u32,
    /// Where tasks are kept when they go; nowhere unless it is said.
    pub archive: Option<Arc<dyn Archive>>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            usual: None,
            workflows: BTreeMap::new(),
            feed: None,
            every: Duration::from_hours(1),
            span: Duration::from_hours(7 * 24),
            ahead: 2,
            archive: None,
        }
    }
}

impl fmt::Debug for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retention")
            .field("usual", &self.usual)
            .field("workflows", &self.workflows)
            .field("feed", &self.feed)
            .field("every", &self.every)
            .field("span", &self.span)
            .field("ahead", &self.ahead)
            .field("archive", &self.archive.is_some())
            .finish()
    }
}

/// Keeps tasks that are about to be removed.
#[async_trait]
pub trait Archive: Send + Sync + 'static {
    /// Keeps the tasks of `pages` durably, and returns only then: they are removed after an `Ok`, and not before. After an error nothing
    /// of them is, and they come again with the next look.
    ///
    /// What was kept may come again, under the same name or with others under another one: when the process died before the removal, or
    /// a task of it was brought back. What comes later is what stands. Dropped at any moment, when the instance stops.
    async fn keep(&self, pages: &mut ArchivePages<'_>) -> Result<(), Cause>;
}

/// Tasks that are about to be removed, page by page.
pub struct ArchivePages<'a> {
    history: &'a dyn History,
    piece: &'a Piece,
    after: Option<TaskId>,
}

impl ArchivePages<'_> {
    /// What these tasks are called together: the times between which they began, or the first and the last of them. The same tasks have the
    /// same name each time. It has letters, digits, `-` and `_`.
    pub fn name(&self) -> String {
        self.piece.name()
    }

    /// The next tasks, by id, whole; `None` after the last. An error says that the store does not answer, or that a task cannot be read:
    /// to be passed on, so that nothing is removed. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Vec<ArchivedTask>>, JournalError> {
        let page = self.history.history_read(self.piece, self.after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some(last.task.task.id);
        Ok(Some(page))
    }
}

/// What an instance needs to keep the history as it should be.
#[derive(Clone)]
pub(super) struct Keeper {
    pub(super) history: Arc<dyn History>,
    pub(super) retention: Retention,
}

/// Why a round stops before its end.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Store(#[from] JournalError),
    #[error("the archive has not kept {piece}: nothing of it is removed before it has")]
    Archive {
        piece: String,
        #[source]
        source: Cause,
    },
}

/// Looks, again and again, until the epoch was retired.
pub(super) async fn run(keeper: Keeper, ports: Ports, epoch: Epoch) {
    loop {
        match keeper.round(&ports, epoch).await {
            Ok(()) => {}
            Err(RoundError::Store(JournalError::Fenced { .. })) => return,
            Err(error) => tracing::warn!(
                error = %error_chain(&error), again = ?keeper.retention.every, "the history was not looked through to its end"
            ),
        }
        tokio::time::sleep(keeper.retention.every).await;
    }
}

impl Keeper {
    /// Once through all that may go, if this instance has the duty. Each part of it may be repeated, and done by two at once.
    async fn round(&self, ports: &Ports, epoch: Epoch) -> Result<(), RoundError> {
        if !self.history.duty_take(epoch, DUTY).await? {
            return Ok(());
        }
        let now = ports.clock.now();
        // Where there is no room, what is written has a place all the same; so no part keeps the others from being done.
        let extended = self.extend(ports).await;
        let removed = self.remove(epoch, &self.retention.horizon(now)).await;
        if let Some(kept) = self.retention.feed {
            let trimmed = ports.journal.feed_trim(before(now, kept)).await?;
            if trimmed > 0 {
                tracing::debug!(commits = trimmed, "the feed was trimmed");
            }
        }
        extended?;
        removed
    }

    /// Makes room ahead.
    async fn extend(&self, ports: &Ports) -> Result<(), JournalError> {
        let Retention { span, ahead, .. } = self.retention;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.history.history_extend(ports.clock.now(), span, ahead).await {
                Err(JournalError::Unavailable(_)) if tries < TRIES => tokio::time::sleep(PAUSE).await,
                answer => return answer.map(drop),
            }
        }
    }

    async fn remove(&self, epoch: Epoch, horizon: &Horizon) -> Result<(), RoundError> {
        self.history.history_tidy(epoch).await?;
        let (mut after, mut pieces) = (None, 0_u64);
        loop {
            let due = self.history.history_due(horizon, after, LOOK).await?;
            due.held.iter().for_each(tell);
            for piece in &due.pieces {
                self.archive(piece).await?;
                match self.history.history_remove(epoch, piece, horizon).await? {
                    Removal::Gone => {
                        pieces += 1;
                        tracing::debug!(piece = %piece.name(), "removed");
                    }
                    Removal::Held(hold) => {
                        tracing::debug!(piece = %piece.name(), ?hold, "it stays: something has changed since it was due");
                    }
                }
            }
            after = due.next;
            if after.is_none() {
                break;
            }
        }
        if pieces > 0 {
            tracing::info!(pieces, "old history was removed");
        }
        Ok(())
    }

    async fn archive(&self, piece: &Piece) -> Result<(), RoundError> {
        let Some(archive) = &self.retention.archive else { return Ok(()) };
        let mut pages = ArchivePages { history: &*self.history, piece, after: None };
        let kept = archive.keep(&mut pages).await;
        kept.map_err(|source| RoundError::Archive { piece: piece.name(), source })
    }
}

impl Retention {
    /// Refuses what no engine can work with.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let refuse = |option, problem| Err(EngineError::Options { option, problem });
        match self {
            Self { every: Duration::ZERO, .. } => refuse("every", "must be greater than zero"),
            Self { span, .. } if *span < SHORTEST => {
                refuse("span", "is too short for tables of its own: take a day or more")
            }
            Self { .. } => Ok(()),
        }
    }

    /// Before which moments tasks must have ended to go now.
    fn horizon(&self, now: drydock_core::Timestamp) -> Horizon {
        let moment = |kept: &Option<Duration>| kept.map(|kept| before(now, kept));
        let workflows = self.workflows.iter().map(|(name, kept)| (name.clone(), moment(kept)));
        Horizon { usual: moment(&self.usual), workflows: workflows.collect() }
    }
}

/// An operator who wonders why the database grows finds it here.
fn tell(HeldSpan { from, to, hold }: &HeldSpan) {
    match hold {
        Hold::Live(task) => {
            tracing::info!(%from, %to, %task, "the history of this time stays: a task has not ended");
        }
        Hold::Young(task) => {
            tracing::info!(%from, %to, %task, "the history of this time stays: a task in it is kept for longer");
        }
    }
}
