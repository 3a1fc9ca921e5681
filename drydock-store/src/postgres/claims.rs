//! Claims.

use drydock_core::journal::{Claim, JournalError};
use drydock_core::{Epoch, TaskId, Timestamp, WorkflowId};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use super::row::id_list;
use super::{PgStore, READ_COMMITTED};
use crate::claimed::{ClaimRows, any, taken};
use crate::error::journal_error;

type Tx = Transaction<'static, Postgres>;

/// Waits until a claim that nobody saw the end of has ended in the database too; in the order in which all lock live rows.
const SETTLE: &str = "SELECT task_id FROM live WHERE task_id = ANY($1) ORDER BY task_id FOR UPDATE";
const FREE: &str = "UPDATE live SET owner = NULL WHERE owner = $1 AND task_id = ANY($2)";
/// What the two ways to claim have in common: whether tasks under limits are queued, by the first entry of their index (`EXISTS` may
/// look through the table, past all that run, for one that is); the fence, the taking of what is `queued`, and one row for the fence alone; none
/// means that it did not hold.
macro_rules! claim {
    ($queued:literal) => {
        concat!(
            "WITH fence AS (
                SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR KEY SHARE
            ), limited AS (
                SELECT min(limit_name) IS NOT NULL AS there,
                    coalesce((SELECT min(wake_at) FROM live WHERE wake_at IS NOT NULL) <= $3, false) AS due
                FROM live WHERE owner IS NULL AND limit_name IS NOT NULL
            ), ",
            $queued,
            ", taken AS (
                UPDATE live SET owner = fence.epoch, claims = live.claims + 1, settled = false,
                    started_at = coalesce(live.started_at, $3)
                FROM queued, fence WHERE live.task_id = queued.task_id
                RETURNING live.task_id, queued.resumed, live.claims, live.cancel_at, live.cancel_by,
                    live.pause_at, live.pause_by
            )
            SELECT taken.task_id IS NULL AS nothing, limited.there AS limited, limited.due, taken.*
            FROM fence CROSS JOIN limited LEFT JOIN taken ON true"
        )
    };
}
/// What sleeps and is due is queued first: so it is claimed in the order of all that is queued. Whoever finds none does no more than look: at
/// the first, by `min`, since the planner may think that many are due, and read a million rows to find that none is. For the same reason the limit
/// stands here in figures: it is `WAKES`.
const WAKE: &str = "WITH due AS (
        SELECT task_id FROM live WHERE wake_at <= $1 ORDER BY wake_at, task_id LIMIT 1000 FOR UPDATE SKIP LOCKED
    )
    UPDATE live SET wake_at = NULL FROM due WHERE live.task_id = due.task_id";
/// The usual way: it takes nothing where any task under a limit is queued, or a sleeping one is due.
const CLAIM: &str = claim!(
    "queued AS (
        SELECT task_id, started_at IS NOT NULL AND NOT settled AS resumed FROM live
        WHERE owner IS NULL AND limit_name IS NULL AND wake_at IS NULL AND workflow_id = ANY($2)
            AND NOT (SELECT limited.there OR limited.due FROM limited)
        ORDER BY priority DESC, created_at, task_id LIMIT $4 FOR UPDATE SKIP LOCKED
    )"
);
/// The same, once those that were due are queued.
const CLAIM_WOKEN: &str = claim!(
    "queued AS (
        SELECT task_id, started_at IS NOT NULL AND NOT settled AS resumed FROM live
        WHERE owner IS NULL AND limit_name IS NULL AND wake_at IS NULL AND workflow_id = ANY($2)
            AND NOT (SELECT limited.there FROM limited)
        ORDER BY priority DESC, created_at, task_id LIMIT $4 FOR UPDATE SKIP LOCKED
    )"
);
/// The limits under which tasks are queued, found one by one: however many tasks wait for each, it is one look at the index.
const LIMITS: &str = "WITH RECURSIVE names (name) AS (
        SELECT min(limit_name) FROM live WHERE owner IS NULL AND limit_name IS NOT NULL
        UNION ALL
        SELECT (SELECT min(limit_name) FROM live WHERE owner IS NULL AND limit_name IS NOT NULL AND limit_name > names.name)
        FROM names WHERE names.name IS NOT NULL
    )
    SELECT name FROM names WHERE name IS NOT NULL ORDER BY name";
/// The way where tasks under limits are queued, whose rows are locked: so what is counted here stays until the commit. Of those
/// that wait under each limit the first have places, as [`admitted`](crate::places::admitted) says; they are merged with the others.
const CLAIM_LIMITED: &str = claim!(
    "crowds AS (
        SELECT limit_name, count(*) AS size FROM live
        WHERE owner IS NOT NULL AND limit_name = ANY($5) GROUP BY limit_name
    ), waiting AS (
        SELECT line.* FROM unnest($5::text[]) AS names (name), LATERAL (
            SELECT task_id, limit_name, limit_places, priority, created_at FROM live
            WHERE owner IS NULL AND limit_name = names.name AND workflow_id = ANY($2)
            ORDER BY priority DESC, created_at, task_id LIMIT $4
        ) AS line
    ), ranked AS (
        SELECT waiting.*, coalesce(crowds.size, 0) + row_number() OVER (
            PARTITION BY limit_name ORDER BY priority DESC, created_at, task_id) <= limit_places AS fits
        FROM waiting LEFT JOIN crowds USING (limit_name)
    ), admitted AS (
        SELECT task_id, priority, created_at, bool_and(fits) OVER (
            PARTITION BY limit_name ORDER BY priority DESC, created_at, task_id) AS fits
        FROM ranked
    ), unlimited AS (
        SELECT task_id, priority, created_at FROM live
        WHERE owner IS NULL AND limit_name IS NULL AND wake_at IS NULL AND workflow_id = ANY($2)
        ORDER BY priority DESC, created_at, task_id LIMIT $4 FOR UPDATE SKIP LOCKED
    ), chosen AS (
        SELECT task_id FROM (
            SELECT task_id, priority, created_at FROM admitted WHERE fits
            UNION ALL SELECT task_id, priority, created_at FROM unlimited) AS merged
        ORDER BY priority DESC, created_at, task_id LIMIT $4
    ), queued AS (
        SELECT task_id, started_at IS NOT NULL AND NOT settled AS resumed FROM live
        WHERE owner IS NULL AND task_id IN (SELECT task_id FROM chosen) FOR UPDATE SKIP LOCKED
    )"
);
const FENCE: &str = "SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR KEY SHARE";
/// A task's rows in another table. Between $2 and $3 are all of $1: by that the planner knows in which partitions to look.
macro_rules! its {
    ($table:literal) => {
        concat!(
            " FROM ",
            $table,
            " WHERE ",
            $table,
            ".task_id = tasks.task_id AND ",
            $table,
            ".task_id BETWEEN $2 AND $3"
        )
    };
}
macro_rules! has {
    ($table:literal) => {
        concat!("(SELECT 1", its!($table), " LIMIT 1) IS NOT NULL AS has_", $table)
    };
}
/// With the greatest places of their messages and facts, and with which records there are at all.
const TASKS: &str = concat!(
    "SELECT task_id, parent_id, parent_step, child_index, workflow_id, created_at, input, key, priority, limit_name, limit_places,
        (SELECT json_object_agg(name, value)::text", its!("labels"), ") AS labels,
        (SELECT max(seq)", its!("messages"), ") AS seq, (SELECT max(seq)", its!("facts"), ") AS fact_seq, ",
    has!("checkpoints"), ", ", has!("attempts"), ", ", has!("waits"), ", ", has!("marks"), ", ", has!("signals"),
    " FROM tasks WHERE task_id = ANY($1)"
);
pub(super) const CHECKPOINTS: &str = "SELECT task_id, step, kind, attempt, started_at, ended_at, output
    FROM checkpoints WHERE task_id = ANY($1) ORDER BY task_id, step";
pub(super) const ATTEMPTS: &str =
    "SELECT task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure
    FROM attempts WHERE task_id = ANY($1) ORDER BY task_id, step, attempt";
pub(super) const WAITS: &str =
    "SELECT task_id, step, kind, attempt, since, until, deadline, reason, waits_on, scratch
    FROM waits WHERE task_id = ANY($1) ORDER BY task_id, step";
pub(super) const MARKS: &str = "SELECT task_id, step, name, made_at, value
    FROM marks WHERE task_id = ANY($1) ORDER BY task_id, step, made_at, name";
pub(super) const SIGNALS: &str = "SELECT task_id, signal_id, name, sender, sent_at, taken_by, payload
    FROM signals WHERE task_id = ANY($1) ORDER BY task_id, sent_at, signal_id";

impl PgStore {
    pub(super) async fn claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        let _turn = self.doubts.turn().await?;
        let mut tx = self.begin_claim().await?;
        self.free_doubtful(&mut tx, epoch).await?;
        let asked = Asked {
            epoch: epoch.get(),
            workflows: workflows.iter().map(|id| id.get()).collect(),
            at,
            max: i64::try_from(max).unwrap_or(i64::MAX),
        };
        let mut rows = asked.take(&mut tx, CLAIM, None).await?;
        let told = |column| rows.first().is_some_and(|row| row.try_get(column).unwrap_or(false));
        let (limited, due) = (told("limited"), told("due"));
        let names = if limited {
            let names;
            (tx, names) = self.with_limits(tx, epoch).await?;
            Some(names)
        } else {
            None
        };
        if due {
            sqlx::query(WAKE).bind(at).execute(&mut *tx).await.map_err(journal_error)?;
        }
        if limited || due {
            let sql = if limited { CLAIM_LIMITED } else { CLAIM_WOKEN };
            rows = asked.take(&mut tx, sql, names).await?;
        }
        let fenced = rows.is_empty();
        rows.retain(|row| !row.try_get("nothing").unwrap_or(false));
        if rows.is_empty() {
            if fenced {
                tx.rollback().await.map_err(journal_error)?;
                return Err(JournalError::Fenced { epoch });
            }
            // Now, not when the connection is next used: until then the rows that were looked at stay locked, and others' claims
            // would pass over them. What was woken stays so, for those who know its workflows.
            let over = if due { tx.commit().await } else { tx.rollback().await };
            return over.map_err(journal_error).map(|()| Vec::new());
        }
        let taken = taken(&rows)?;
        let claimed = read(&mut tx, taken.keys().copied()).await?;
        self.doubts.remember(epoch, taken.keys().copied());
        tx.commit().await.map_err(journal_error)?;
        self.doubts.settle(epoch);
        claimed.gather(taken)
    }

    /// On a connection that nobody else uses: however many ask for something else, no claim waits behind them.
    async fn begin_claim(&self) -> Result<Tx, JournalError> {
        self.claims.begin_with(READ_COMMITTED).await.map_err(journal_error)
    }

    /// The transaction with the rows of all limits locked under which tasks are queued, and their names. It may be a new one:
    /// then the doubtful tasks are freed in that.
    async fn with_limits(&self, mut tx: Tx, epoch: Epoch) -> Result<(Tx, Vec<String>), JournalError> {
        loop {
            let names: Vec<String> =
                sqlx::query_scalar(LIMITS).fetch_all(&mut *tx).await.map_err(journal_error)?;
            if self.grasp_limits(&mut tx, &names).await? {
                return Ok((tx, names));
            }
            tx.rollback().await.map_err(journal_error)?;
            self.make_limits(&names).await?;
            tx = self.begin_claim().await?;
            self.free_doubtful(&mut tx, epoch).await?;
            // Before the limits, as whoever asks for slots does.
            sqlx::query(FENCE).bind(epoch.get()).execute(&mut *tx).await.map_err(journal_error)?;
        }
    }

    async fn free_doubtful(&self, tx: &mut Tx, epoch: Epoch) -> Result<(), JournalError> {
        let doubtful = id_list(self.doubts.of(epoch));
        if doubtful.is_empty() {
            return Ok(());
        }
        // Two statements: the second sees what the claim wrote for whose end the first has waited.
        sqlx::query(SETTLE).bind(&doubtful).execute(&mut **tx).await.map_err(journal_error)?;
        sqlx::query(FREE)
            .bind(epoch.get())
            .bind(&doubtful)
            .execute(&mut **tx)
            .await
            .map_err(journal_error)?;
        Ok(())
    }
}

/// A claim, in the database's words.
struct Asked {
    epoch: i64,
    workflows: Vec<i64>,
    at: Timestamp,
    max: i64,
}

impl Asked {
    async fn take(
        &self,
        tx: &mut Tx,
        sql: &'static str,
        limits: Option<Vec<String>>,
    ) -> Result<Vec<PgRow>, JournalError> {
        let claim = sqlx::query(sql).bind(self.epoch).bind(&self.workflows).bind(self.at).bind(self.max);
        let claim = if let Some(limits) = limits { claim.bind(limits) } else { claim };
        claim.fetch_all(&mut **tx).await.map_err(journal_error)
    }
}

/// All that was ever recorded of the tasks. They have their owner already, so nobody else writes about them meanwhile.
pub(super) async fn read(
    tx: &mut Tx,
    ids: impl Iterator<Item = TaskId>,
) -> Result<ClaimRows<PgRow>, JournalError> {
    let ids = id_list(ids);
    let (least, greatest) = (ids.iter().min(), ids.iter().max());
    let tasks = sqlx::query(TASKS).bind(&ids).bind(least).bind(greatest).fetch_all(&mut **tx).await;
    let tasks = tasks.map_err(journal_error)?;
    Ok(ClaimRows {
        checkpoints: select_if(any(&tasks, "has_checkpoints")?, tx, CHECKPOINTS, &ids).await?,
        attempts: select_if(any(&tasks, "has_attempts")?, tx, ATTEMPTS, &ids).await?,
        waits: select_if(any(&tasks, "has_waits")?, tx, WAITS, &ids).await?,
        marks: select_if(any(&tasks, "has_marks")?, tx, MARKS, &ids).await?,
        signals: select_if(any(&tasks, "has_signals")?, tx, SIGNALS, &ids).await?,
        tasks,
    })
}

async fn select_if(
    wanted: bool,
    tx: &mut Tx,
    sql: &'static str,
    ids: &[Uuid],
) -> Result<Vec<PgRow>, JournalError> {
    if wanted { select(tx, sql, ids).await } else { Ok(Vec::new()) }
}

/// The rows that `sql` finds for a list of ids.
pub(super) async fn select(tx: &mut Tx, sql: &'static str, ids: &[Uuid]) -> Result<Vec<PgRow>, JournalError> {
    sqlx::query(sql).bind(ids).fetch_all(&mut **tx).await.map_err(journal_error)
}
