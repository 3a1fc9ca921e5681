//! What of the history may go, and what an archive gets of it.

use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{
    ArchivedTask, Due, HeldSpan, History, Hold, Horizon, JournalError, Piece, Removal, least_id, moment_of,
};
use drydock_core::{Epoch, TaskId, Timestamp};
use sqlx::postgres::{PgConnection, PgRow};
use uuid::Uuid;

use super::PgStore;
use super::claims::{read, select};
use super::row::id_list;
use super::tasks::{AUDIT, MESSAGES};
use crate::archive::{ArchiveRows, least_after, trees};
use crate::claimed::taken;
use crate::error::journal_error;
use crate::row::Reader;

/// Where another has the duty that is not retired, nothing; what is looked at again is the row as the other left it.
const TAKE: &str =
    "INSERT INTO duties (name, epoch) SELECT $2, epoch FROM instances WHERE epoch = $1 AND alive FOR KEY SHARE
    ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch
        WHERE duties.epoch = excluded.epoch
            OR NOT EXISTS (SELECT 1 FROM instances WHERE instances.epoch = duties.epoch AND alive)
    RETURNING epoch";
/// The spans that were over before $1.
const SPANS: &str = "SELECT first, beyond FROM spans WHERE beyond <= $1 AND state = 0 ORDER BY first";
/// Live tasks of the span, their live parents and their live children.
pub(super) const LIVE: &str = "SELECT task_id FROM live WHERE task_id >= $1 AND task_id < $2
    UNION ALL SELECT task_id FROM live WHERE parent_id >= $1 AND parent_id < $2
    UNION ALL SELECT live.task_id FROM tasks JOIN live ON live.task_id = tasks.parent_id
        WHERE tasks.task_id >= $1 AND tasks.task_id < $2
    LIMIT 1";
/// $1 and $2 are the workflows with horizons of their own, and these; $3 is that of the others. NULL is none.
macro_rules! too_young {
    () => {
        "coalesce(ended_at >= CASE WHEN own.name IS NULL THEN $3 ELSE own.before END, true)"
    };
}
macro_rules! with_horizon {
    () => {
        " LEFT JOIN workflows USING (workflow_id)
        LEFT JOIN unnest($1::text[], $2::timestamptz[]) AS own (name, before) ON own.name = workflows.name"
    };
}
pub(super) const YOUNG: &str = concat!(
    "SELECT tasks.task_id FROM tasks JOIN ends ON ends.task_id = tasks.task_id",
    with_horizon!(),
    " WHERE tasks.task_id >= $4 AND tasks.task_id < $5 AND ends.task_id >= $4 AND ends.task_id < $5 AND ",
    too_young!(),
    " LIMIT 1"
);
pub(super) const YOUNG_AMONG: &str = concat!(
    "SELECT tasks.task_id FROM tasks LEFT JOIN ends ON ends.task_id = tasks.task_id",
    with_horizon!(),
    " WHERE tasks.task_id = ANY($4) AND ",
    too_young!(),
    " LIMIT 1"
);
/// Those outside the spans that have no parent, or none any more, and may go for their own part; with all their descendants.
const TREES: &str = concat!(
    "WITH RECURSIVE roots AS (
        SELECT tasks.task_id FROM tasks_default AS tasks JOIN ends ON ends.task_id = tasks.task_id",
    with_horizon!(),
    " WHERE tasks.task_id >= $4 AND tasks.task_id < $5 AND NOT ",
    too_young!(),
    " AND NOT EXISTS (SELECT 1 FROM tasks AS above WHERE above.task_id = tasks.parent_id)
        ORDER BY tasks.task_id LIMIT $6
    ), family (root, task_id, depth) AS (
        SELECT task_id, task_id, 0 FROM roots
        UNION ALL
        SELECT family.root, tasks.task_id, depth + 1 FROM family JOIN tasks ON tasks.parent_id = family.task_id
    )
    SELECT family.root, family.task_id, ",
    too_young!(),
    " AS young FROM family JOIN tasks ON tasks.task_id = family.task_id LEFT JOIN ends ON ends.task_id = family.task_id",
    with_horizon!(),
    " ORDER BY family.root, depth, family.task_id"
);
/// A page of ended tasks as a claim has them, and what else is one row for each.
macro_rules! page {
    ($which:literal) => {
        concat!(
            "SELECT tasks.task_id, workflows.name, workflows.version, ends.started_at IS NOT NULL AS resumed, ends.claims,
                ends.cancel_at, ends.cancel_by, NULL::timestamptz AS pause_at, NULL::text AS pause_by, NULL::bigint AS owner,
                ends.kind, ends.ended_at, ends.output
            FROM tasks JOIN ends ON ends.task_id = tasks.task_id LEFT JOIN workflows USING (workflow_id)
            WHERE ",
            $which,
            " ORDER BY tasks.task_id LIMIT $3"
        )
    };
}
const PAGE: &str =
    page!("tasks.task_id >= $1 AND tasks.task_id < $2 AND ends.task_id >= $1 AND ends.task_id < $2");
const PAGE_OF: &str = page!("tasks.task_id >= $1 AND tasks.task_id = ANY($2)");
const FACTS: &str =
    "SELECT task_id, seq, found_at, step, subject_kind, subject_name, generator, format, data FROM facts
    WHERE task_id = ANY($1) ORDER BY task_id, seq";

#[async_trait]
impl History for PgStore {
    async fn duty_take(&self, epoch: Epoch, duty: &str) -> Result<bool, JournalError> {
        let take = sqlx::query_scalar::<_, i64>(TAKE).bind(epoch.get()).bind(duty);
        if take.fetch_optional(&self.chores).await.map_err(journal_error)?.is_some() {
            return Ok(true);
        }
        let mut connection = self.chores.acquire().await.map_err(journal_error)?;
        super::removal::fence(&mut connection, epoch).await.map(|()| false)
    }

    async fn history_extend(&self, now: Timestamp, span: Duration, ahead: u32) -> Result<u32, JournalError> {
        self.extend(now, span, ahead).await
    }

    async fn history_due(
        &self,
        horizon: &Horizon,
        after: Option<TaskId>,
        most: usize,
    ) -> Result<Due, JournalError> {
        let Some(latest) = horizon.latest() else { return Ok(Due::default()) };
        let mut connection = self.chores.acquire().await.map_err(journal_error)?;
        let mut due = Due::default();
        if after.is_none() {
            let spans = sqlx::query_as::<_, (Uuid, Uuid)>(SPANS).bind(least_id(latest).as_uuid());
            for (first, beyond) in spans.fetch_all(&mut *connection).await.map_err(journal_error)? {
                let (first, beyond) = (TaskId::from_uuid(first), TaskId::from_uuid(beyond));
                match hold(&mut connection, first, beyond, horizon).await? {
                    None => due.pieces.push(Piece::Span { first, beyond }),
                    Some(hold) => {
                        due.held.push(HeldSpan { from: moment_of(first), to: moment_of(beyond), hold });
                    }
                }
            }
        }
        let Some(from) = least_after(after) else { return Ok(due) };
        let own = Own::of(horizon);
        let rows = sqlx::query(TREES)
            .bind(own.names)
            .bind(own.befores)
            .bind(horizon.usual)
            .bind(from)
            .bind(least_id(latest).as_uuid())
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&mut *connection)
            .await;
        trees(&rows.map_err(journal_error)?, most, &mut due)?;
        Ok(due)
    }

    async fn history_read(
        &self,
        piece: &Piece,
        after: Option<TaskId>,
        most: usize,
    ) -> Result<Vec<ArchivedTask>, JournalError> {
        let Some(from) = least_after(after) else { return Ok(Vec::new()) };
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut tx = self.read().await?;
        let page = match piece {
            Piece::Span { first, beyond } => {
                sqlx::query(PAGE).bind(from.max(first.as_uuid())).bind(beyond.as_uuid()).bind(most)
            }
            Piece::Tasks(tasks) => {
                sqlx::query(PAGE_OF).bind(from).bind(id_list(tasks.iter().copied())).bind(most)
            }
        };
        let lives: Vec<PgRow> = page.fetch_all(&mut *tx).await.map_err(journal_error)?;
        let taken = taken(&lives)?;
        let ids = id_list(taken.keys().copied());
        let rows = ArchiveRows {
            lives,
            messages: select(&mut tx, MESSAGES, &ids).await?,
            facts: select(&mut tx, FACTS, &ids).await?,
            audit: select(&mut tx, AUDIT, &ids).await?,
        };
        let claims = read(&mut tx, taken.keys().copied()).await?.gather(taken)?;
        rows.gather(claims)
    }

    async fn history_remove(
        &self,
        epoch: Epoch,
        piece: &Piece,
        horizon: &Horizon,
    ) -> Result<Removal, JournalError> {
        match piece {
            Piece::Span { first, beyond } => self.drop_span(epoch, *first, *beyond, horizon).await,
            Piece::Tasks(tasks) => self.delete_tasks(epoch, tasks, horizon).await,
        }
    }

    async fn history_tidy(&self, epoch: Epoch) -> Result<(), JournalError> {
        self.tidy(epoch).await
    }
}

/// The workflows with horizons of their own, as arguments.
pub(super) struct Own {
    pub(super) names: Vec<String>,
    pub(super) befores: Vec<Option<Timestamp>>,
}

impl Own {
    pub(super) fn of(horizon: &Horizon) -> Self {
        let names = horizon.workflows.keys().map(|name| name.as_str().to_owned()).collect();
        Self { names, befores: horizon.workflows.values().copied().collect() }
    }
}

/// What keeps a span, if anything does.
pub(super) async fn hold(
    connection: &mut PgConnection,
    first: TaskId,
    beyond: TaskId,
    horizon: &Horizon,
) -> Result<Option<Hold>, JournalError> {
    let live = sqlx::query(LIVE).bind(first.as_uuid()).bind(beyond.as_uuid());
    if let Some(row) = live.fetch_optional(&mut *connection).await.map_err(journal_error)? {
        return Reader::new("live", &row).id("task_id").map(Hold::Live).map(Some);
    }
    let own = Own::of(horizon);
    let young = sqlx::query(YOUNG)
        .bind(own.names)
        .bind(own.befores)
        .bind(horizon.usual)
        .bind(first.as_uuid())
        .bind(beyond.as_uuid());
    let row = young.fetch_optional(connection).await.map_err(journal_error)?;
    row.map(|row| Reader::new("ends", &row).id("task_id").map(Hold::Young)).transpose()
}
