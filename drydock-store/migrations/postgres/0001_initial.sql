-- Texts that are keys or are sorted by are COLLATE "C", so that their order is that of the bytes, whatever the database's locale.
-- Inputs, outputs and failures are opaque bytes.

CREATE TABLE workflows (
    workflow_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL UNIQUE,
    definition text NOT NULL
);

-- The last epoch that was given. Whoever joins counts on in this one row, and so locks it until its epoch is there: epochs become
-- visible in their order, and none is given twice.
CREATE TABLE epochs (last bigint NOT NULL);

INSERT INTO epochs (last) VALUES (0);

-- offers: JSON. Writes lock their instance's row, renewals update it.
CREATE TABLE instances (
    epoch bigint PRIMARY KEY,
    name text NOT NULL,
    beat bigint NOT NULL DEFAULT 0,
    alive boolean NOT NULL DEFAULT true,
    joined_at timestamptz NOT NULL,
    lease_ms bigint NOT NULL,
    offers text NOT NULL
) WITH (fillfactor = 50);

-- One incarnation of a name lives at a time.
CREATE UNIQUE INDEX instances_alive ON instances (name) WHERE alive;

-- Insert only.
CREATE TABLE tasks (
    task_id uuid PRIMARY KEY,
    parent_id uuid,
    workflow_id bigint NOT NULL,
    child_index bigint,
    created_at timestamptz NOT NULL,
    parent_step text COLLATE "C",
    input bytea NOT NULL,
    priority smallint NOT NULL DEFAULT 0,
    key text COLLATE "C",
    limit_places bigint,
    limit_name text COLLATE "C"
);

CREATE UNIQUE INDEX tasks_key ON tasks (key) WHERE key IS NOT NULL;
CREATE INDEX tasks_children ON tasks (parent_id) WHERE parent_id IS NOT NULL;

-- By which tasks are found. Insert only.
CREATE TABLE labels (
    task_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (task_id, name)
);

CREATE INDEX labels_value ON labels (name, value, task_id);

-- One narrow row for each task that has not ended; room in each page for its updates. claims: how often it was claimed.
-- Tasks under a limit have its name and places; they have indexes of their own, so that the others pay nothing for it.
CREATE TABLE live (
    task_id uuid PRIMARY KEY,
    parent_id uuid,
    workflow_id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    owner bigint,
    started_at timestamptz,
    cancel_at timestamptz,
    claims bigint NOT NULL DEFAULT 0,
    signalled boolean NOT NULL DEFAULT false,
    priority smallint NOT NULL DEFAULT 0,
    pause_at timestamptz,
    limit_places bigint,
    pause_by text,
    cancel_by text,
    limit_name text COLLATE "C"
) WITH (fillfactor = 70);

CREATE INDEX live_queued ON live (priority DESC, created_at, task_id) WHERE owner IS NULL AND limit_name IS NULL;
CREATE INDEX live_limited ON live (limit_name, priority DESC, created_at, task_id)
    WHERE owner IS NULL AND limit_name IS NOT NULL;
CREATE INDEX live_crowd ON live (limit_name, created_at, task_id) WHERE owner IS NOT NULL AND limit_name IS NOT NULL;
CREATE INDEX live_children ON live (parent_id) WHERE parent_id IS NOT NULL;
-- What others did to a task: its owner looks here, again and again.
CREATE INDEX live_news ON live (owner) WHERE cancel_at IS NOT NULL OR pause_at IS NOT NULL OR signalled;

-- kind: 0 done, 1 failed, 2 skipped. Insert only.
CREATE TABLE checkpoints (
    task_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    attempt bigint NOT NULL,
    kind smallint NOT NULL,
    step text COLLATE "C" NOT NULL,
    output bytea NOT NULL,
    PRIMARY KEY (task_id, step)
);

-- Insert only.
CREATE TABLE attempts (
    task_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    retry_at timestamptz NOT NULL,
    attempt bigint NOT NULL,
    deadline timestamptz,
    step text COLLATE "C" NOT NULL,
    failure bytea NOT NULL,
    PRIMARY KEY (task_id, step, attempt)
);

-- kind: 0 timer, 1 children, 2 signal, 3 lock, 4 operator, 5 limit, 6 executor. waits_on: a JSON list of names, NULL for none.
-- The latest wait of a step; room in each page for the next.
CREATE TABLE waits (
    task_id uuid NOT NULL,
    since timestamptz NOT NULL,
    attempt bigint NOT NULL,
    until timestamptz,
    deadline timestamptz,
    kind smallint NOT NULL,
    step text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    waits_on text,
    scratch bytea,
    PRIMARY KEY (task_id, step)
) WITH (fillfactor = 70);

-- Insert only.
CREATE TABLE marks (
    task_id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    step text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (task_id, step, name)
);

-- taken_by: the step that took it.
CREATE TABLE signals (
    task_id uuid NOT NULL,
    signal_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    name text NOT NULL,
    sender text NOT NULL,
    taken_by text,
    payload bytea NOT NULL,
    PRIMARY KEY (task_id, signal_id)
);

CREATE INDEX signals_untaken ON signals (task_id) WHERE taken_by IS NULL;

-- Insert only.
CREATE TABLE messages (
    task_id uuid NOT NULL,
    seq bigint NOT NULL,
    said_at timestamptz NOT NULL,
    error boolean NOT NULL,
    subject_kind text,
    subject_name text,
    text text NOT NULL,
    PRIMARY KEY (task_id, seq)
);

-- What steps found out about subjects. Insert only.
CREATE TABLE facts (
    task_id uuid NOT NULL,
    seq bigint NOT NULL,
    found_at timestamptz NOT NULL,
    step text COLLATE "C" NOT NULL,
    subject_kind text COLLATE "C" NOT NULL,
    subject_name text COLLATE "C" NOT NULL,
    generator text COLLATE "C" NOT NULL,
    format text NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (task_id, seq)
);

CREATE INDEX facts_subject ON facts (subject_kind, subject_name, found_at, task_id, seq);

-- How far a step was when it last told; room in each page for the next figure.
CREATE TABLE progress (
    task_id uuid NOT NULL,
    done bigint NOT NULL,
    total bigint NOT NULL,
    told_at timestamptz NOT NULL,
    step text COLLATE "C" NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (task_id, step)
) WITH (fillfactor = 70);

-- Who holds a lock. A row without a task is being looked at: whoever asks for a lock takes its row first.
CREATE TABLE locks (
    name text COLLATE "C" PRIMARY KEY,
    task_id uuid,
    taken_at timestamptz
);

CREATE INDEX locks_task ON locks (task_id) WHERE task_id IS NOT NULL;

-- Who was refused a lock.
CREATE TABLE lock_queue (
    task_id uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (name, task_id)
);

CREATE INDEX lock_queue_task ON lock_queue (task_id);

-- One row for each limit, of steps or of tasks, that was ever asked for: whoever asks locks it.
CREATE TABLE limits (name text COLLATE "C" PRIMARY KEY);

-- Who holds a slot of a limit, for as long as the instance lives. ticket: the wish that it was taken for.
CREATE TABLE slots (
    task_id uuid NOT NULL,
    epoch bigint NOT NULL,
    ticket bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    step text COLLATE "C" NOT NULL,
    PRIMARY KEY (name, task_id, step)
);

CREATE INDEX slots_task ON slots (task_id);
CREATE INDEX slots_epoch ON slots (epoch);

-- kind: 0 completed, 1 failed, 2 cancelled. Insert only; what the live row knew moves here.
CREATE TABLE ends (
    task_id uuid PRIMARY KEY,
    ended_by bigint NOT NULL,
    started_at timestamptz,
    ended_at timestamptz NOT NULL,
    cancel_at timestamptz,
    claims bigint NOT NULL,
    kind smallint NOT NULL,
    cancel_by text,
    output bytea NOT NULL
);

-- What operators did to a task. Insert only.
CREATE TABLE audit (
    task_id uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    verb text COLLATE "C" NOT NULL,
    asked_by text COLLATE "C" NOT NULL,
    detail text COLLATE "C" NOT NULL,
    PRIMARY KEY (task_id, asked_at, verb, asked_by, detail)
);

-- The feed: a row for each commit of an instance that is told. seq counts those of an epoch without a gap; turn orders commits of which
-- one could see the other; body: JSON, what happened. Insert only, until they are trimmed.
CREATE TABLE events (
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    turn bigint NOT NULL,
    at timestamptz NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (epoch, seq)
);

-- Written once and rarely read: not worth the time to compress.
ALTER TABLE events ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX events_turn ON events (turn);
CREATE INDEX events_at ON events (epoch, at, seq);

-- Up to which commit those of an epoch are gone, and its time.
CREATE TABLE events_trimmed (
    epoch bigint PRIMARY KEY,
    seq bigint NOT NULL,
    at timestamptz NOT NULL
);
