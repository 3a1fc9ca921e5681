-- append: one batch of one instance, in one statement.
-- The fence is a row if the epoch is alive, and locks it until the commit; without it every join below is empty.
-- The statement's parts see the database as it was before, so what must be known of a row inserted here goes through RETURNING.
WITH fence AS (
    SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR SHARE
), new_tasks AS (
    INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input)
    SELECT t.task_id, t.parent_id, t.parent_step, t.child_index, t.workflow_id, t.created_at, t.input
    FROM fence, unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::bytea[])
        AS t (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input)
    ON CONFLICT DO NOTHING
    RETURNING task_id, parent_id, workflow_id, created_at
), new_live AS (
    INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at)
    SELECT task_id, n.parent_id, n.workflow_id, n.created_at,
        CASE WHEN t.started THEN fence.epoch END, CASE WHEN t.started THEN n.created_at END
    FROM fence, new_tasks AS n JOIN unnest($2::uuid[], $9::boolean[], $10::boolean[]) AS t (task_id, started, ended) USING (task_id)
    WHERE NOT t.ended
    ON CONFLICT DO NOTHING
), new_checkpoints AS (
    INSERT INTO checkpoints (task_id, step, kind, attempt, started_at, ended_at, output)
    SELECT t.task_id, t.step, t.kind, t.attempt, t.started_at, t.ended_at, t.output
    FROM fence, unnest($11::uuid[], $12::text[], $13::smallint[], $14::bigint[], $15::timestamptz[], $16::timestamptz[], $17::bytea[])
        AS t (task_id, step, kind, attempt, started_at, ended_at, output)
    ON CONFLICT DO NOTHING
), new_attempts AS (
    INSERT INTO attempts (task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure)
    SELECT t.task_id, t.step, t.attempt, t.started_at, t.ended_at, t.retry_at, t.deadline, t.failure
    FROM fence, unnest($18::uuid[], $19::text[], $20::bigint[], $21::timestamptz[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[], $25::bytea[])
        AS t (task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure)
    ON CONFLICT DO NOTHING
), new_waits AS (
    INSERT INTO waits (task_id, step, kind, attempt, since, until, deadline, reason)
    SELECT t.task_id, t.step, t.kind, t.attempt, t.since, t.until, t.deadline, t.reason
    FROM fence, unnest($26::uuid[], $27::text[], $28::smallint[], $29::bigint[], $30::timestamptz[], $31::timestamptz[], $32::timestamptz[], $33::text[])
        AS t (task_id, step, kind, attempt, since, until, deadline, reason)
    ON CONFLICT (task_id, step) DO UPDATE SET kind = excluded.kind, attempt = excluded.attempt,
        since = excluded.since, until = excluded.until, deadline = excluded.deadline, reason = excluded.reason
), new_messages AS (
    INSERT INTO messages (task_id, seq, error, said_at, subject_kind, subject_name, text)
    SELECT t.task_id, t.seq, t.error, t.said_at, t.subject_kind, t.subject_name, t.text
    FROM fence, unnest($34::uuid[], $35::bigint[], $36::boolean[], $37::timestamptz[], $38::text[], $39::text[], $40::text[])
        AS t (task_id, seq, error, said_at, subject_kind, subject_name, text)
    ON CONFLICT DO NOTHING
), gone AS (
    DELETE FROM live USING fence, unnest($41::uuid[]) AS t (task_id)
    WHERE live.task_id = t.task_id AND live.owner = fence.epoch
    RETURNING live.task_id, live.started_at, live.cancel_at, live.cancel_by
), lives AS (
    SELECT task_id, started_at, cancel_at, cancel_by FROM gone
    UNION ALL
    SELECT n.task_id, n.created_at, NULL, NULL
    FROM new_tasks AS n JOIN unnest($2::uuid[], $10::boolean[]) AS t (task_id, ended) USING (task_id)
    WHERE t.ended
), new_ends AS (
    INSERT INTO ends (task_id, kind, ended_by, started_at, ended_at, cancel_at, cancel_by, output)
    SELECT task_id, t.kind, fence.epoch, lives.started_at, t.ended_at, lives.cancel_at, lives.cancel_by, t.output
    FROM fence, lives JOIN unnest($41::uuid[], $42::smallint[], $43::timestamptz[], $44::bytea[]) AS t (task_id, kind, ended_at, output) USING (task_id)
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM fence
