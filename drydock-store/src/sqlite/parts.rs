//! The parts of which a batch's script is made: one for each kind of write, and each only where there are such writes.

use super::statements::Chunked;

/// Breaks the rule that an id is not `NULL`, and so stops the script, unless the instance is alive.
pub(super) const FENCE: &str = "INSERT INTO ends (task_id)
    SELECT NULL WHERE NOT EXISTS (SELECT 1 FROM instances WHERE epoch = ? AND alive = 1)";
pub(super) static TASKS: Chunked = Chunked::new(
    "INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input)
    SELECT * FROM (VALUES ",
    7,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
/// An existing task is not brought back to life, even when it has ended since. Who starts it as its owner has claimed it once.
pub(super) static LIVE: Chunked = Chunked::new(
    "INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at, claims)
    SELECT *, column5 IS NOT NULL FROM (VALUES ",
    6,
    ") WHERE column1 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ends WHERE task_id = column1) ON CONFLICT DO NOTHING",
);
/// Of tasks that will be created: neither their id nor their key is there. Columns: task, name, value, key.
pub(super) static LABELS: Chunked = Chunked::new(
    "INSERT INTO labels (task_id, name, value) SELECT column1, column2, column3 FROM (VALUES ",
    4,
    ") WHERE column1 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tasks WHERE task_id = column1)
    AND NOT EXISTS (SELECT 1 FROM tasks WHERE key = column4) ON CONFLICT DO NOTHING",
);
pub(super) static SPECIAL_TASKS: Chunked = Chunked::new(
    "INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input, key, priority,
        limit_name, limit_places)
    SELECT * FROM (VALUES ",
    11,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
/// As `LIVE`; and a task whose key was there before was not created.
pub(super) static SPECIAL_LIVE: Chunked = Chunked::new(
    "INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at, priority,
        limit_name, limit_places, claims)
    SELECT *, column5 IS NOT NULL FROM (VALUES ",
    9,
    ") WHERE column1 IS NOT NULL AND EXISTS (SELECT 1 FROM tasks WHERE task_id = column1)
    AND NOT EXISTS (SELECT 1 FROM ends WHERE task_id = column1) ON CONFLICT DO NOTHING",
);
pub(super) static CHECKPOINTS: Chunked = Chunked::new(
    "INSERT INTO checkpoints (task_id, step, kind, attempt, started_at, ended_at, output) SELECT * FROM (VALUES ",
    7,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
pub(super) static ATTEMPTS: Chunked = Chunked::new(
    "INSERT INTO attempts (task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure)
    SELECT * FROM (VALUES ",
    8,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
pub(super) static REOPENED: Chunked =
    Chunked::new("DELETE FROM checkpoints WHERE (task_id, step, attempt) IN (VALUES ", 3, ") AND kind = 1");
pub(super) static WAITS: Chunked = Chunked::new(
    "INSERT INTO waits (task_id, step, kind, attempt, since, until, deadline, reason, waits_on, scratch)
    SELECT * FROM (VALUES ",
    10,
    ") WHERE column1 IS NOT NULL
    ON CONFLICT DO UPDATE SET kind = excluded.kind, attempt = excluded.attempt, since = excluded.since,
    until = excluded.until, deadline = excluded.deadline, reason = excluded.reason, waits_on = excluded.waits_on,
    scratch = excluded.scratch",
);
/// Columns: task, claims.
pub(super) static UNLOCK: Chunked = Chunked::new(
    "DELETE FROM locks WHERE task_id IN (SELECT column1 FROM (VALUES ",
    2,
    ") WHERE NOT EXISTS (SELECT 1 FROM live WHERE live.task_id = column1 AND live.claims > column2))",
);
/// Columns: task, claims.
pub(super) static UNQUEUE: Chunked = Chunked::new(
    "DELETE FROM lock_queue WHERE task_id IN (SELECT column1 FROM (VALUES ",
    2,
    ") WHERE NOT EXISTS (SELECT 1 FROM live WHERE live.task_id = column1 AND live.claims > column2))",
);
/// Columns: task, step, epoch, ticket.
/// The plus keeps SQLite from going over all slots of the instance for each row.
pub(super) static VACATED: Chunked = Chunked::new(
    "DELETE FROM slots WHERE rowid IN (SELECT slots.rowid FROM (VALUES ",
    4,
    ") CROSS JOIN slots ON task_id = column1 AND step = column2 AND +epoch = column3 AND ticket <= column4)",
);
pub(super) static MESSAGES: Chunked = Chunked::new(
    "INSERT INTO messages (task_id, seq, error, said_at, subject_kind, subject_name, text) SELECT * FROM (VALUES ",
    7,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
pub(super) static FACTS: Chunked = Chunked::new(
    "INSERT INTO facts (task_id, seq, found_at, step, subject_kind, subject_name, generator, format, data)
    SELECT * FROM (VALUES ",
    9,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
pub(super) static PROGRESS: Chunked = Chunked::new(
    "INSERT INTO progress (task_id, step, done, total, text, told_at) SELECT * FROM (VALUES ",
    6,
    ") WHERE column1 IS NOT NULL
    ON CONFLICT DO UPDATE SET done = excluded.done, total = excluded.total, text = excluded.text,
    told_at = excluded.told_at",
);
pub(super) static MARKS: Chunked = Chunked::new(
    "INSERT INTO marks (task_id, step, name, made_at, value) SELECT * FROM (VALUES ",
    5,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
/// The plus keeps SQLite from going over the index of all that are untaken.
pub(super) static TAKEN: Chunked = Chunked::new(
    "UPDATE signals SET taken_by = column3 FROM (VALUES ",
    3,
    ") WHERE task_id = column1 AND signal_id = column2 AND +taken_by IS NULL",
);
/// Columns: task, kind, the ending instance, when, output; when it started, if in this batch; and the claims that it must have.
/// Only its owner ends a task, or the batch that starts it, and then it has never been live.
pub(super) static ENDS: Chunked = Chunked::new(
    "INSERT INTO ends (task_id, kind, ended_by, started_at, ended_at, cancel_at, cancel_by, claims, output)
    SELECT column1, column2, column3, coalesce(live.started_at, column6), column4, cancel_at, cancel_by,
        coalesce(live.claims, 1), column5
    FROM (VALUES ",
    7,
    ") LEFT JOIN live ON live.task_id = column1
    WHERE (live.owner = column3 AND live.claims = coalesce(column7, live.claims)) OR (live.task_id IS NULL AND column6 IS NOT NULL) ON CONFLICT DO NOTHING",
);
/// Those that have their end.
pub(super) const LEAVE: &str =
    "DELETE FROM live WHERE owner = ? AND task_id IN (SELECT unhex(value) FROM json_each(?))
    AND EXISTS (SELECT 1 FROM ends WHERE ends.task_id = live.task_id)";
/// Columns: task, the owning instance, the claims that it must have, how many signals it must have had, when it wakes, and whether it
/// is in doubt what is under way.
pub(super) static PARKED: Chunked = Chunked::new(
    "UPDATE live SET owner = NULL, settled = NOT column6,
        wake_at = CASE WHEN signals = column4 AND cancel_at IS NULL AND pause_at IS NULL THEN column5 END
    FROM (VALUES ",
    6,
    ") WHERE task_id = column1 AND owner = column2 AND claims = column3 AND limit_name IS NULL",
);
/// Columns: epoch, seq, when, what.
pub(super) const TELL: &str = "INSERT INTO events (epoch, seq, turn, at, body)
    SELECT ?, ?, coalesce((SELECT max(turn) FROM events), 0) + 1, ?, ? WHERE true ON CONFLICT DO NOTHING";
