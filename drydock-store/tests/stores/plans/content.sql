-- A site that has worked for a while, in Postgres: 200,000 tasks that have ended, 20,000 that run (of epoch 1), 20,000 in the queue,
-- 20,000 that sleep, every other one until a signal comes.
-- Some of those in the queue are under limits, and some had begun elsewhere. Made of the number of each task, the same in every run.
CREATE FUNCTION pg_temp.id(i bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT ('00000000-0000-7000-0000-' || lpad(to_hex(i), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.at(i bigint) RETURNS timestamptz IMMUTABLE LANGUAGE sql AS
    $$ SELECT to_timestamp(1800000000 + i) $$;

INSERT INTO instances (epoch, name, alive, joined_at, lease_ms, offers)
SELECT i, 'old' || i, false, pg_temp.at(i), 15000, '' FROM generate_series(2, 2000) AS i;

INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input, limit_name, limit_places)
SELECT pg_temp.id(i), CASE WHEN i % 10 = 0 THEN pg_temp.id(200001 + i % 1000) END, CASE WHEN i % 10 = 0 THEN 'fan' END,
    CASE WHEN i % 10 = 0 THEN i END, 1, pg_temp.at(i), '1',
    CASE WHEN i % 5 = 1 THEN 'limit' || i % 50 END, CASE WHEN i % 5 = 1 THEN 1000 END
FROM generate_series(1, 240000) AS i;

INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at, claims, signals, limit_name, limit_places)
SELECT task_id, parent_id, workflow_id, created_at, CASE WHEN i <= 220000 THEN 1 END, CASE WHEN i <= 230000 THEN created_at END,
    CASE WHEN i <= 230000 THEN 1 ELSE 0 END, CASE WHEN i % 500 = 0 THEN 1 ELSE 0 END, limit_name, limit_places
FROM generate_series(200001, 240000) AS i JOIN tasks ON task_id = pg_temp.id(i);

INSERT INTO tasks (task_id, workflow_id, created_at, input)
SELECT pg_temp.id(i), 1, pg_temp.at(i), '1' FROM generate_series(240001, 260000) AS i;

INSERT INTO live (task_id, workflow_id, created_at, started_at, claims, wake_at)
SELECT task_id, workflow_id, created_at, created_at, 1, CASE WHEN i % 2 = 0 THEN 'infinity' ELSE pg_temp.at(i + 100000000) END
FROM generate_series(240001, 260000) AS i JOIN tasks ON task_id = pg_temp.id(i);

INSERT INTO ends (task_id, ended_by, started_at, ended_at, claims, kind, output)
SELECT pg_temp.id(i), 1, pg_temp.at(i), pg_temp.at(i + 60), 1, 0, '1' FROM generate_series(1, 200000) AS i;

INSERT INTO checkpoints (task_id, step, kind, attempt, started_at, ended_at, output)
SELECT pg_temp.id(i), step, 0, 1, pg_temp.at(i), pg_temp.at(i + 1), '1'
FROM generate_series(1, 230000) AS i, unnest(ARRAY['probe', 'wipe']) AS step;

INSERT INTO waits (task_id, step, kind, attempt, since, until, reason)
SELECT pg_temp.id(i), 'boot', 0, 1, pg_temp.at(i), pg_temp.at(i + 9), 'the node boots' FROM generate_series(100001, 230000) AS i;

INSERT INTO marks (task_id, step, name, made_at, value)
SELECT pg_temp.id(i), 'wipe', 'disks', pg_temp.at(i), '1' FROM generate_series(100001, 230000) AS i;

INSERT INTO attempts (task_id, step, attempt, started_at, ended_at, retry_at, failure)
SELECT pg_temp.id(i), 'boot', 1, pg_temp.at(i), pg_temp.at(i), pg_temp.at(i),
    convert_to('{"disposition":"permanent","message":"dry"}', 'UTF8')
FROM generate_series(100001, 230000) AS i;

INSERT INTO signals (task_id, signal_id, sent_at, name, sender, taken_by, payload)
SELECT pg_temp.id(i), pg_temp.id(i), pg_temp.at(i), 'approved', 'ann', CASE WHEN i % 500 <> 0 THEN 'gate' END, '1'
FROM generate_series(100001, 230000) AS i;

INSERT INTO messages (task_id, seq, said_at, error, text)
SELECT pg_temp.id(i), 0, pg_temp.at(i), false, 'begun' FROM generate_series(1, 230000) AS i;

INSERT INTO facts (task_id, seq, found_at, step, subject_kind, subject_name, generator, format, data)
SELECT pg_temp.id(i), 0, pg_temp.at(i), 'probe', 'node', 'n' || i % 1000, 'probe', 'text/plain', '1'
FROM generate_series(1, 230000) AS i;

INSERT INTO labels (task_id, name, value)
SELECT pg_temp.id(i), 'rack', 'r' || i % 100 FROM generate_series(1, 240000) AS i;

INSERT INTO progress (task_id, step, done, total, told_at, text)
SELECT pg_temp.id(i), 'wipe', 1, 2, pg_temp.at(i), 'disks' FROM generate_series(100001, 220000) AS i;

INSERT INTO locks (name, task_id, taken_at)
SELECT 'node/' || i, pg_temp.id(i), pg_temp.at(i) FROM generate_series(200001, 220000) AS i;

INSERT INTO lock_queue (name, task_id, asked_at)
SELECT 'node/' || 200001 + i % 100, pg_temp.id(i), pg_temp.at(i) FROM generate_series(200001, 220000) AS i;

INSERT INTO limits (name) SELECT 'bmc/' || i FROM generate_series(1, 1000) AS i;

INSERT INTO slots (name, task_id, step, epoch, ticket)
SELECT 'bmc/' || i % 1000 + 1, pg_temp.id(i), 'boot', 1, 1 FROM generate_series(200001, 220000) AS i;

INSERT INTO events (epoch, seq, turn, at, body)
SELECT 1, i, i, pg_temp.at(i), '[]' FROM generate_series(1, 100000) AS i;

ANALYZE;
