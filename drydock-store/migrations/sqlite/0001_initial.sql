-- Ids are UUIDs as 16-byte blobs; times are microseconds since 1970; inputs, outputs and failures are opaque bytes.

CREATE TABLE workflows (
    workflow_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    definition TEXT NOT NULL
) STRICT;

-- offers: JSON.
-- AUTOINCREMENT: an epoch is never given twice, not even after its row is gone.
CREATE TABLE instances (
    epoch INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    beat INTEGER NOT NULL DEFAULT 0,
    alive INTEGER NOT NULL DEFAULT 1,
    joined_at INTEGER NOT NULL,
    lease_ms INTEGER NOT NULL,
    offers TEXT NOT NULL
) STRICT;

-- One incarnation of a name lives at a time.
CREATE UNIQUE INDEX instances_alive ON instances (name) WHERE alive = 1;

-- Insert only.
CREATE TABLE tasks (
    task_id BLOB NOT NULL PRIMARY KEY,
    parent_id BLOB,
    parent_step TEXT,
    child_index INTEGER,
    workflow_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    input BLOB NOT NULL,
    priority INTEGER NOT NULL DEFAULT 0,
    key TEXT,
    limit_name TEXT,
    limit_places INTEGER
) STRICT;

CREATE UNIQUE INDEX tasks_key ON tasks (key) WHERE key IS NOT NULL;
CREATE INDEX tasks_children ON tasks (parent_id) WHERE parent_id IS NOT NULL;

-- By which tasks are found. Insert only.
CREATE TABLE labels (
    task_id BLOB NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (task_id, name)
) STRICT;

CREATE INDEX labels_value ON labels (name, value, task_id);

-- One narrow row for each task that has not ended. claims: how often it was claimed.
-- signals: how many were sent to it. wake_at: it sleeps until then, without an owner; the greatest number where no time wakes it.
-- settled: its owner let it go with nothing under way; the next claim clears that.
-- Tasks under a limit have its name and places; they have indexes of their own, so that the others pay nothing for it.
CREATE TABLE live (
    task_id BLOB NOT NULL PRIMARY KEY,
    parent_id BLOB,
    workflow_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    owner INTEGER,
    started_at INTEGER,
    cancel_at INTEGER,
    priority INTEGER NOT NULL DEFAULT 0,
    pause_at INTEGER,
    pause_by TEXT,
    cancel_by TEXT,
    signals INTEGER NOT NULL DEFAULT 0,
    wake_at INTEGER,
    settled INTEGER NOT NULL DEFAULT 0,
    claims INTEGER NOT NULL DEFAULT 0,
    limit_name TEXT,
    limit_places INTEGER
) STRICT;

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
    task_id BLOB NOT NULL,
    step TEXT NOT NULL,
    kind INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    output BLOB NOT NULL,
    PRIMARY KEY (task_id, step)
) STRICT;

-- Insert only.
CREATE TABLE attempts (
    task_id BLOB NOT NULL,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    deadline INTEGER,
    failure BLOB NOT NULL,
    PRIMARY KEY (task_id, step, attempt)
) STRICT;

-- kind: 0 timer, 1 children, 2 signal, 3 lock, 4 operator, 5 limit, 6 executor. waits_on: a JSON list of names, NULL for none.
-- The latest wait of a step.
CREATE TABLE waits (
    task_id BLOB NOT NULL,
    step TEXT NOT NULL,
    kind INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    deadline INTEGER,
    reason TEXT NOT NULL,
    waits_on TEXT,
    scratch BLOB,
    PRIMARY KEY (task_id, step)
) STRICT;

-- Insert only.
CREATE TABLE marks (
    task_id BLOB NOT NULL,
    step TEXT NOT NULL,
    name TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (task_id, step, name)
) STRICT;

-- taken_by: the step that took it.
CREATE TABLE signals (
    task_id BLOB NOT NULL,
    signal_id BLOB NOT NULL,
    name TEXT NOT NULL,
    sender TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    taken_by TEXT,
    payload BLOB NOT NULL,
    PRIMARY KEY (task_id, signal_id)
) STRICT;

CREATE INDEX signals_untaken ON signals (task_id) WHERE taken_by IS NULL;

-- Insert only.
CREATE TABLE messages (
    task_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    error INTEGER NOT NULL,
    said_at INTEGER NOT NULL,
    subject_kind TEXT,
    subject_name TEXT,
    text TEXT NOT NULL,
    PRIMARY KEY (task_id, seq)
) STRICT;

-- What steps found out about subjects. Insert only.
CREATE TABLE facts (
    task_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    step TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    generator TEXT NOT NULL,
    format TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (task_id, seq)
) STRICT;

CREATE INDEX facts_subject ON facts (subject_kind, subject_name, found_at, task_id, seq);

-- How far a step was when it last told.
CREATE TABLE progress (
    task_id BLOB NOT NULL,
    step TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    text TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (task_id, step)
) STRICT;

-- Who holds a lock.
CREATE TABLE locks (
    name TEXT NOT NULL PRIMARY KEY,
    task_id BLOB NOT NULL,
    taken_at INTEGER NOT NULL
) STRICT;

CREATE INDEX locks_task ON locks (task_id);

-- Who was refused a lock.
CREATE TABLE lock_queue (
    name TEXT NOT NULL,
    task_id BLOB NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (name, task_id)
) STRICT;

CREATE INDEX lock_queue_task ON lock_queue (task_id);

-- Who holds a slot of a limit, for as long as the instance lives. ticket: the wish that it was taken for.
CREATE TABLE slots (
    name TEXT NOT NULL,
    task_id BLOB NOT NULL,
    step TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    ticket INTEGER NOT NULL,
    PRIMARY KEY (name, task_id, step)
) STRICT;

CREATE INDEX slots_task ON slots (task_id);
CREATE INDEX slots_epoch ON slots (epoch);

-- kind: 0 completed, 1 failed, 2 cancelled. Insert only; what the live row knew moves here.
CREATE TABLE ends (
    task_id BLOB NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    ended_by INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER NOT NULL,
    cancel_at INTEGER,
    cancel_by TEXT,
    claims INTEGER NOT NULL,
    output BLOB NOT NULL
) STRICT;

-- What operators did to a task. Insert only.
CREATE TABLE audit (
    task_id BLOB NOT NULL,
    asked_at INTEGER NOT NULL,
    verb TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (task_id, asked_at, verb, asked_by, detail)
) STRICT;

-- The feed: a row for each commit of an instance that is told. seq counts those of an epoch without a gap; turn orders commits of which
-- one could see the other; body: JSON, what happened. Insert only, until they are trimmed.
CREATE TABLE events (
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (epoch, seq)
) STRICT;

CREATE INDEX events_turn ON events (turn);
CREATE INDEX events_at ON events (epoch, at, seq);

-- Up to which commit those of an epoch are gone, and its time.
CREATE TABLE events_trimmed (
    epoch INTEGER NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- What one instance does for all, and which. It is another's as soon as that one was retired.
CREATE TABLE duties (
    name TEXT NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL
) STRICT;
