-- Texts that are keys or are sorted by are COLLATE "C", so that their order is that of the bytes, whatever the database's locale.
-- Inputs, outputs and failures are opaque bytes.
--
-- What is kept of tasks is partitioned by their ids, which sort by time. Each of these tables has a partition for what falls into no
-- other; those for spans of time are made ahead, and dropped when they may go. A database that is only compatible with Postgres may
-- have the same tables unpartitioned.

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
) PARTITION BY RANGE (task_id);

CREATE INDEX tasks_children ON tasks (parent_id) WHERE parent_id IS NOT NULL;

-- Which task stands under a key: what is unique in the whole history cannot be an index of a partitioned table.
CREATE TABLE keys (
    key text COLLATE "C" PRIMARY KEY,
    task_id uuid NOT NULL
);

CREATE INDEX keys_task ON keys (task_id);

-- By which tasks are found. Insert only.
CREATE TABLE labels (
    task_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (task_id, name)
) PARTITION BY RANGE (task_id);

CREATE INDEX labels_value ON labels (name, value, task_id);

-- One narrow row for each task that has not ended; room in each page for its updates. claims: how often it was claimed.
-- signals: how many were sent to it. wake_at: it sleeps until then, without an owner; 'infinity' where no time wakes it.
-- settled: its owner let it go with nothing under way; the next claim clears that.
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
    signals bigint NOT NULL DEFAULT 0,
    wake_at timestamptz,
    settled boolean NOT NULL DEFAULT false,
    priority smallint NOT NULL DEFAULT 0,
    pause_at timestamptz,
    limit_places bigint,
    pause_by text,
    cancel_by text,
    limit_name text COLLATE "C"
) WITH (fillfactor = 70);

CREATE INDEX live_queued ON live (priority DESC, created_at, task_id)
    WHERE owner IS NULL AND limit_name IS NULL AND wake_at IS NULL;
CREATE INDEX live_limited ON live (limit_name, priority DESC, created_at, task_id)
    WHERE owner IS NULL AND limit_name IS NOT NULL;
CREATE INDEX live_crowd ON live (limit_name, created_at, task_id) WHERE owner IS NOT NULL AND limit_name IS NOT NULL;
CREATE INDEX live_children ON live (parent_id) WHERE parent_id IS NOT NULL;
-- What others did to a task: its owner looks here, again and again.
CREATE INDEX live_news ON live (owner) WHERE cancel_at IS NOT NULL OR pause_at IS NOT NULL OR signals > 0;
-- Those that sleep, by when they wake.
CREATE INDEX live_asleep ON live (wake_at, task_id) WHERE wake_at IS NOT NULL;

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
) PARTITION BY RANGE (task_id);

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
) PARTITION BY RANGE (task_id);

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
) PARTITION BY RANGE (task_id);

-- Insert only.
CREATE TABLE marks (
    task_id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    step text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (task_id, step, name)
) PARTITION BY RANGE (task_id);

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
) PARTITION BY RANGE (task_id);

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
) PARTITION BY RANGE (task_id);

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
) PARTITION BY RANGE (task_id);

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
) PARTITION BY RANGE (task_id);

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
) PARTITION BY RANGE (task_id);

-- What operators did to a task. Insert only.
CREATE TABLE audit (
    task_id uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    verb text COLLATE "C" NOT NULL,
    asked_by text COLLATE "C" NOT NULL,
    detail text COLLATE "C" NOT NULL,
    PRIMARY KEY (task_id, asked_at, verb, asked_by, detail)
) PARTITION BY RANGE (task_id);

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

-- The spans of time that have partitions of their own, from `first` to before `beyond`; all tables have one, whose name ends in `suffix`.
-- state: 0 open, 1 closed: nothing of it is brought back, 2 it is being dropped.
CREATE TABLE spans (
    first uuid PRIMARY KEY,
    beyond uuid NOT NULL,
    state smallint NOT NULL DEFAULT 0,
    suffix text NOT NULL
);

-- What one instance does for all, and which. It is another's as soon as that one was retired.
CREATE TABLE duties (
    name text COLLATE "C" PRIMARY KEY,
    epoch bigint NOT NULL
);

-- What falls into no span; room in each page of what is updated.
CREATE TABLE tasks_default PARTITION OF tasks DEFAULT;
CREATE TABLE labels_default PARTITION OF labels DEFAULT;
CREATE TABLE checkpoints_default PARTITION OF checkpoints DEFAULT;
CREATE TABLE attempts_default PARTITION OF attempts DEFAULT;
CREATE TABLE waits_default PARTITION OF waits DEFAULT WITH (fillfactor = 70);
CREATE TABLE marks_default PARTITION OF marks DEFAULT;
CREATE TABLE signals_default PARTITION OF signals DEFAULT;
CREATE TABLE messages_default PARTITION OF messages DEFAULT;
CREATE TABLE facts_default PARTITION OF facts DEFAULT;
CREATE TABLE progress_default PARTITION OF progress DEFAULT WITH (fillfactor = 70);
CREATE TABLE ends_default PARTITION OF ends DEFAULT;
CREATE TABLE audit_default PARTITION OF audit DEFAULT;
