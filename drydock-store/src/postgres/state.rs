//! One task, whole.

use drydock_core::TaskId;
use drydock_core::journal::{Crowd, HeldLock, JournalError, TaskState};

use super::PgStore;
use super::claims::{read, select};
use super::locks::in_the_way;
use super::row::id_list;
use super::tasks::PROGRESS;
use crate::claimed::taken;
use crate::error::journal_error;
use crate::repo::cancellation_of;
use crate::row::Reader;

const LIFE: &str = "SELECT tasks.task_id, tasks.created_at, workflows.name, workflows.version, live.owner,
        live.wake_at IS NOT NULL AS asleep,
        coalesce(live.started_at, ends.started_at) IS NOT NULL AND NOT coalesce(live.settled, false) AS resumed, coalesce(live.claims, ends.claims) AS claims,
        coalesce(live.cancel_at, ends.cancel_at) AS cancel_at, coalesce(live.cancel_by, ends.cancel_by) AS cancel_by,
        live.pause_at, live.pause_by, live.task_id IS NOT NULL AS alive, ends.kind, ends.ended_at, ends.output
    FROM tasks
    LEFT JOIN workflows USING (workflow_id)
    LEFT JOIN live ON live.task_id = tasks.task_id
    LEFT JOIN ends ON ends.task_id = tasks.task_id
    WHERE tasks.task_id = $1";
const CROWD: &str = "SELECT task_id, count(*) OVER () AS size FROM live
    WHERE owner IS NOT NULL AND limit_name = $1 ORDER BY created_at, task_id LIMIT $2";
const HELD: &str = "SELECT name, taken_at AS since FROM locks WHERE task_id = $1 ORDER BY name";
const QUEUED: &str = "SELECT name, asked_at AS since FROM lock_queue WHERE task_id = $1 ORDER BY name";

impl PgStore {
    pub(super) async fn read_state(&self, id: TaskId) -> Result<Option<TaskState>, JournalError> {
        let mut tx = self.read().await?;
        let life =
            sqlx::query(LIFE).bind(id.as_uuid()).fetch_optional(&mut *tx).await.map_err(journal_error)?;
        let Some(life) = life else { return Ok(None) };
        let row = Reader::new("tasks", &life);
        let (workflow, version, owner) = row.whereabouts()?;
        let (created_at, alive) = (row.created_at()?, row.truth("alive")?);
        let asleep = row.truth("asleep")?;
        let end = Reader::new("ends", &life).end()?;
        let taken = taken(std::slice::from_ref(&life))?;
        let Some(claim) = read(&mut tx, [id].into_iter()).await?.gather(taken)?.pop() else {
            return Ok(None);
        };
        let mut task = claim.map_err(|unreadable| unreadable.error)?;
        task.cancellation = cancellation_of(task.cancellation, end.as_ref());
        let progress = select(&mut tx, PROGRESS, &id_list([id])).await?;
        let progress = progress.iter().map(|row| Reader::new("progress", row).progress());
        let progress = progress.collect::<Result<_, _>>()?;
        let (mut locks, mut queues, mut crowd) = (Vec::new(), Vec::new(), Crowd::default());
        if alive {
            if let Some(limit) = &task.task.limit {
                let under = sqlx::query(CROWD)
                    .bind(&limit.name)
                    .bind(i64::try_from(Crowd::SHOWN).unwrap_or(i64::MAX));
                crowd = Reader::crowd(&under.fetch_all(&mut *tx).await.map_err(journal_error)?)?;
            }
            for (sql, list) in [(HELD, &mut locks), (QUEUED, &mut queues)] {
                let rows =
                    sqlx::query(sql).bind(id.as_uuid()).fetch_all(&mut *tx).await.map_err(journal_error)?;
                let found: Result<Vec<HeldLock>, _> =
                    rows.iter().map(|row| Reader::new("locks", row).lock()).collect();
                *list = found?;
            }
        }
        let names: Vec<String> = queues.iter().map(|queue| queue.lock.clone()).collect();
        let obstacles = in_the_way(&mut tx, id, &names, created_at).await?;
        Ok(Some(TaskState {
            task,
            workflow,
            version,
            owner,
            asleep,
            end,
            progress,
            locks,
            queues,
            obstacles,
            crowd,
        }))
    }
}
