//! The statement of a batch: the fence, and a part for each table that the batch writes to. A part that has nothing to do
//! would still cost the database 5 to 10 µs, which is much beside a commit of 150 µs; so each combination of parts has a text of its
//! own, made once. The texts are fixed, so each connection prepares each of them once too.
//!
//! The fence is a row if the epoch is alive, and locks it until the commit; without it every join in the parts is empty.
//! All parts see the database as it was before the statement, so what one must know of a row that another inserts goes
//! through RETURNING.

use std::sync::{Arc, OnceLock};

use crate::batch::Batch;

/// A part of the statement. `#1`, `#2` … are its array arguments; `$1` is the epoch, in all parts.
struct Part {
    arrays: usize,
    sql: &'static str,
}

const FENCE: &str = "WITH fence AS (SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR SHARE)";
const RESULT: &str = " SELECT count(*) FROM fence";
/// In the order in which [`append`](super::append) binds the arguments.
const PARTS: [Part; 6] = [TASKS, CHECKPOINTS, ATTEMPTS, WAITS, MESSAGES, ENDS];

const TASKS: Part = Part {
    arrays: 9,
    sql: ", new_tasks AS (
        INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input)
        SELECT t.* FROM fence,
            unnest(#1::uuid[], #2::uuid[], #3::text[], #4::bigint[], #5::bigint[], #6::timestamptz[], #7::bytea[]) AS t
        ON CONFLICT DO NOTHING
        RETURNING task_id, parent_id, workflow_id, created_at
    ), fates AS (
        SELECT * FROM unnest(#1::uuid[], #8::boolean[], #9::boolean[]) AS t (task_id, started, ended)
    ), new_live AS (
        INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at)
        SELECT task_id, n.parent_id, n.workflow_id, n.created_at,
            CASE WHEN fates.started THEN $1 END, CASE WHEN fates.started THEN n.created_at END
        FROM new_tasks AS n JOIN fates USING (task_id) WHERE NOT fates.ended
        ON CONFLICT DO NOTHING
    )",
};
const CHECKPOINTS: Part = Part {
    arrays: 7,
    sql: ", new_checkpoints AS (
        INSERT INTO checkpoints (task_id, step, kind, attempt, started_at, ended_at, output)
        SELECT t.* FROM fence,
            unnest(#1::uuid[], #2::text[], #3::smallint[], #4::bigint[], #5::timestamptz[], #6::timestamptz[], #7::bytea[]) AS t
        ON CONFLICT DO NOTHING
    )",
};
const ATTEMPTS: Part = Part {
    arrays: 8,
    sql: ", new_attempts AS (
        INSERT INTO attempts (task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure)
        SELECT t.* FROM fence,
            unnest(#1::uuid[], #2::text[], #3::bigint[], #4::timestamptz[], #5::timestamptz[], #6::timestamptz[],
                #7::timestamptz[], #8::bytea[]) AS t
        ON CONFLICT DO NOTHING
    )",
};
const WAITS: Part = Part {
    arrays: 8,
    sql: ", new_waits AS (
        INSERT INTO waits (task_id, step, kind, attempt, since, until, deadline, reason)
        SELECT t.* FROM fence,
            unnest(#1::uuid[], #2::text[], #3::smallint[], #4::bigint[], #5::timestamptz[], #6::timestamptz[],
                #7::timestamptz[], #8::text[]) AS t
        ON CONFLICT (task_id, step) DO UPDATE SET kind = excluded.kind, attempt = excluded.attempt,
            since = excluded.since, until = excluded.until, deadline = excluded.deadline, reason = excluded.reason
    )",
};
const MESSAGES: Part = Part {
    arrays: 7,
    sql: ", new_messages AS (
        INSERT INTO messages (task_id, seq, error, said_at, subject_kind, subject_name, text)
        SELECT t.* FROM fence,
            unnest(#1::uuid[], #2::bigint[], #3::boolean[], #4::timestamptz[], #5::text[], #6::text[], #7::text[]) AS t
        ON CONFLICT DO NOTHING
    )",
};
const ENDS: Part = Part {
    arrays: 4,
    sql: ", gone AS (
        DELETE FROM live USING fence, unnest(#1::uuid[]) AS t (task_id)
        WHERE live.task_id = t.task_id AND live.owner = fence.epoch
        RETURNING live.task_id, live.started_at, live.cancel_at, live.cancel_by
    ), lives AS (
        SELECT task_id, started_at, cancel_at, cancel_by FROM gone@short_lives
    ), new_ends AS (
        INSERT INTO ends (task_id, kind, ended_by, started_at, ended_at, cancel_at, cancel_by, output)
        SELECT task_id, t.kind, $1, lives.started_at, t.ended_at, lives.cancel_at, lives.cancel_by, t.output
        FROM lives JOIN unnest(#1::uuid[], #2::smallint[], #3::timestamptz[], #4::bytea[])
            AS t (task_id, kind, ended_at, output) USING (task_id)
        ON CONFLICT DO NOTHING
    )",
};
/// Tasks that start and end in this batch have no live row.
const SHORT_LIVES: &str = " UNION ALL SELECT task_id, new_tasks.created_at, NULL, NULL
        FROM new_tasks JOIN fates USING (task_id) WHERE fates.ended";

/// Which parts `batch` needs.
pub(super) fn parts(batch: &Batch<'_>) -> [bool; PARTS.len()] {
    [
        !batch.tasks.is_empty(),
        !batch.checkpoints.is_empty(),
        !batch.attempts.is_empty(),
        !batch.waits.is_empty(),
        !batch.messages.is_empty(),
        !batch.ends.is_empty(),
    ]
}

/// The statement with these parts.
pub(super) fn statement(parts: [bool; PARTS.len()]) -> Arc<str> {
    static TEXTS: [OnceLock<Arc<str>>; 1 << PARTS.len()] = [const { OnceLock::new() }; 1 << PARTS.len()];
    let number = parts.iter().fold(0, |number, part| number << 1 | usize::from(*part));
    TEXTS[number].get_or_init(|| compose(parts)).clone()
}

fn compose(parts: [bool; PARTS.len()]) -> Arc<str> {
    let [with_tasks, ..] = parts;
    let mut text = FENCE.to_owned();
    let mut bound = 1;
    for (part, _) in PARTS.iter().zip(parts).filter(|(_, wanted)| *wanted) {
        let mut sql = part.sql.replace("@short_lives", if with_tasks { SHORT_LIVES } else { "" });
        for array in 1..=part.arrays {
            sql = sql.replace(&format!("#{array}:"), &format!("${}:", bound + array));
        }
        bound += part.arrays;
        text.push_str(&sql);
    }
    text.push_str(RESULT);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_numbered_through_the_parts() {
        let text = statement([false, true, false, false, true, false]);
        assert!(
            text.contains("$2::uuid[], $3::text[]") && text.contains("$9::uuid[], $10::bigint[]"),
            "{text}"
        );
        let all = statement([true; PARTS.len()]);
        assert!(all.contains("$44::bytea[]") && !all.contains('#') && !all.contains('@'), "{all}");
        assert_eq!(&*statement([false; PARTS.len()]), format!("{FENCE}{RESULT}"));
    }
}
