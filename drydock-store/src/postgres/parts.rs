//! The parts of which a batch's statement is made: one for each kind of write, and each only where there are such writes.

use crate::batch::Batch;

/// A part, in the order in which they stand in the statement and in which their arguments are bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Tasks,
    /// Instead of `Tasks`, where any of them has a key, a priority, labels or a limit.
    SpecialTasks,
    /// Some tasks start and end in this batch, and have no live row. Has no text of its own: it changes the others'.
    ShortLives,
    Labels,
    Checkpoints,
    Attempts,
    Reopened,
    Waits,
    Marks,
    Taken,
    Unlocked,
    Vacated,
    Messages,
    Facts,
    Progress,
    Ends,
    Parked,
    Told,
}

/// What a part says. Arrays become rows in the list of what is selected: in `FROM` they would go through a store of tuples first.
/// `#1`, `#2` … are its arguments, arrays but in the last part; `$1` is the epoch, in all parts. `@repeat` is what becomes of rows
/// that are there already.
pub(super) struct Text {
    pub(super) arrays: usize,
    pub(super) sql: &'static str,
}

impl Part {
    pub(super) const ALL: [Self; 18] = [
        Self::Tasks,
        Self::SpecialTasks,
        Self::ShortLives,
        Self::Labels,
        Self::Checkpoints,
        Self::Attempts,
        Self::Reopened,
        Self::Waits,
        Self::Marks,
        Self::Taken,
        Self::Unlocked,
        Self::Vacated,
        Self::Messages,
        Self::Facts,
        Self::Progress,
        Self::Ends,
        Self::Parked,
        Self::Told,
    ];

    /// With the same arguments as [`text`](Self::text), where every row is new and no life is short: the database then
    /// need not hand rows from one part to the next, which costs it more than writing them.
    pub(super) const fn plain_text(self) -> &'static Text {
        match self {
            Self::Tasks => &PLAIN_TASKS,
            Self::Ends => &PLAIN_ENDS,
            _ => self.text(),
        }
    }

    pub(super) const fn text(self) -> &'static Text {
        match self {
            Self::Tasks => &TASKS,
            Self::SpecialTasks => &SPECIAL_TASKS,
            Self::ShortLives => &NOTHING,
            Self::Labels => &LABELS,
            Self::Checkpoints => &CHECKPOINTS,
            Self::Attempts => &ATTEMPTS,
            Self::Reopened => &REOPENED,
            Self::Waits => &WAITS,
            Self::Marks => &MARKS,
            Self::Taken => &TAKEN,
            Self::Unlocked => &UNLOCKED,
            Self::Vacated => &VACATED,
            Self::Messages => &MESSAGES,
            Self::Facts => &FACTS,
            Self::Progress => &PROGRESS,
            Self::Ends => &ENDS,
            Self::Parked => &PARKED,
            Self::Told => &TOLD,
        }
    }

    fn is_needed(self, batch: &Batch<'_>) -> bool {
        match self {
            Self::Tasks => !batch.tasks.is_empty() && !batch.special,
            Self::SpecialTasks => batch.special,
            Self::ShortLives => batch.tasks.iter().any(|row| row.ended),
            Self::Labels => batch.special && batch.tasks.iter().any(|row| !row.task.labels.is_empty()),
            Self::Checkpoints => !batch.checkpoints.is_empty(),
            Self::Attempts => !batch.attempts.is_empty(),
            Self::Reopened => !batch.reopened.is_empty(),
            Self::Waits => !batch.waits.is_empty(),
            Self::Marks => !batch.marks.is_empty(),
            Self::Taken => !batch.taken.is_empty(),
            Self::Unlocked => !batch.unlocked.is_empty(),
            Self::Vacated => !batch.vacated.is_empty(),
            Self::Messages => !batch.messages.is_empty(),
            Self::Facts => !batch.facts.is_empty(),
            Self::Progress => !batch.progress.is_empty(),
            Self::Ends => !batch.ends.is_empty(),
            Self::Parked => !batch.parked.is_empty(),
            Self::Told => batch.told.is_some(),
        }
    }
}

/// Which parts a statement has, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Parts(u32);

impl Parts {
    /// Those that `batch` needs.
    pub(super) fn of(batch: &Batch<'_>) -> Self {
        Part::ALL.into_iter().filter(|part| part.is_needed(batch)).collect()
    }

    pub(super) fn has(self, part: Part) -> bool {
        self.0 & 1 << part as u32 != 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Part> {
        Part::ALL.into_iter().filter(move |part| self.has(*part))
    }
}

impl FromIterator<Part> for Parts {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        Self(parts.into_iter().fold(0, |bits, part| bits | 1 << part as u32))
    }
}

const NOTHING: Text = Text { arrays: 0, sql: "" };
/// What both forms of `Tasks` begin with.
macro_rules! new_tasks {
    () => {
        ", new_tasks AS (
        INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input)
        SELECT unnest(#1::uuid[]), unnest(#2::uuid[]), unnest(#3::text[]), unnest(#4::bigint[]),
            unnest(#5::bigint[]), unnest(#6::timestamptz[]), unnest(#7::bytea[]) FROM fence"
    };
}
const TASKS: Text = Text {
    arrays: 9,
    sql: concat!(
        new_tasks!(),
        "
        @repeat
        RETURNING task_id, parent_id, workflow_id, created_at
    ), fates AS (
        SELECT * FROM unnest(#1::uuid[], #8::boolean[], #9::boolean[]) AS t (task_id, started, ended)
    ), new_live AS (
        INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at, claims)
        SELECT task_id, n.parent_id, n.workflow_id, n.created_at,
            CASE WHEN fates.started THEN $1 END, CASE WHEN fates.started THEN n.created_at END,
            CASE WHEN fates.started THEN 1 ELSE 0 END
        FROM new_tasks AS n JOIN fates USING (task_id) WHERE NOT fates.ended
        @repeat
    )"
    ),
};
const PLAIN_TASKS: Text = Text {
    arrays: 9,
    sql: concat!(
        new_tasks!(),
        "
    ), begun AS (
        SELECT unnest(#1::uuid[]) AS task_id, unnest(#2::uuid[]) AS parent_id, unnest(#5::bigint[]) AS workflow_id,
            unnest(#6::timestamptz[]) AS created_at, unnest(#8::boolean[]) AS started, unnest(#9::boolean[]) AS ended FROM fence
    ), new_live AS (
        INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at, claims)
        SELECT task_id, parent_id, workflow_id, created_at, CASE WHEN started THEN $1 END,
            CASE WHEN started THEN created_at END, CASE WHEN started THEN 1 ELSE 0 END
        FROM begun WHERE NOT ended
    )"
    ),
};
/// A key is taken first, and a task whose key is another's is not made; nor is one taken for a task that is there.
const SPECIAL_TASKS: Text = Text {
    arrays: 13,
    sql: ", new_keys AS (
        INSERT INTO keys (key, task_id)
        SELECT t.key, t.task_id FROM fence, unnest(#10::text[], #1::uuid[]) AS t (key, task_id)
        WHERE t.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.task_id = t.task_id)
        @repeat
        RETURNING task_id
    ), new_tasks AS (
        INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input, key, priority,
            limit_name, limit_places)
        SELECT t.* FROM fence,
            unnest(#1::uuid[], #2::uuid[], #3::text[], #4::bigint[], #5::bigint[], #6::timestamptz[], #7::bytea[],
                #10::text[], #11::smallint[], #12::text[], #13::bigint[])
                AS t (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input, key)
        WHERE t.key IS NULL OR t.task_id IN (SELECT task_id FROM new_keys)
        @repeat
        RETURNING task_id, parent_id, workflow_id, created_at, priority, limit_name, limit_places
    ), fates AS (
        SELECT * FROM unnest(#1::uuid[], #8::boolean[], #9::boolean[]) AS t (task_id, started, ended)
    ), new_live AS (
        INSERT INTO live (task_id, parent_id, workflow_id, created_at, priority, limit_name, limit_places, owner,
            started_at, claims)
        SELECT task_id, n.parent_id, n.workflow_id, n.created_at, n.priority, n.limit_name, n.limit_places,
            CASE WHEN fates.started THEN $1 END, CASE WHEN fates.started THEN n.created_at END,
            CASE WHEN fates.started THEN 1 ELSE 0 END
        FROM new_tasks AS n JOIN fates USING (task_id) WHERE NOT fates.ended
        @repeat
    )",
};
/// Only of tasks that are created.
const LABELS: Text = Text {
    arrays: 3,
    sql: ", new_labels AS (
        INSERT INTO labels (task_id, name, value)
        SELECT t.* FROM unnest(#1::uuid[], #2::text[], #3::text[]) AS t (task_id, name, value)
            JOIN new_tasks USING (task_id)
        ON CONFLICT DO NOTHING
    )",
};
const CHECKPOINTS: Text = Text {
    arrays: 7,
    sql: ", new_checkpoints AS (
        INSERT INTO checkpoints (task_id, step, kind, attempt, started_at, ended_at, output)
        SELECT unnest(#1::uuid[]), unnest(#2::text[]), unnest(#3::smallint[]), unnest(#4::bigint[]),
            unnest(#5::timestamptz[]), unnest(#6::timestamptz[]), unnest(#7::bytea[]) FROM fence
        @repeat
    )",
};
const ATTEMPTS: Text = Text {
    arrays: 8,
    sql: ", new_attempts AS (
        INSERT INTO attempts (task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure)
        SELECT unnest(#1::uuid[]), unnest(#2::text[]), unnest(#3::bigint[]), unnest(#4::timestamptz[]),
            unnest(#5::timestamptz[]), unnest(#6::timestamptz[]), unnest(#7::timestamptz[]),
            unnest(#8::bytea[]) FROM fence
        @repeat
    )",
};
const REOPENED: Text = Text {
    arrays: 3,
    sql: ", reopened AS (
        DELETE FROM checkpoints USING fence, unnest(#1::uuid[], #2::text[], #3::bigint[]) AS t (task_id, step, attempt)
        WHERE checkpoints.task_id = t.task_id AND checkpoints.step = t.step AND checkpoints.attempt = t.attempt
            AND checkpoints.kind = 1
    )",
};
const WAITS: Text = Text {
    arrays: 10,
    sql: ", new_waits AS (
        INSERT INTO waits (task_id, step, kind, attempt, since, until, deadline, reason, waits_on, scratch)
        SELECT unnest(#1::uuid[]), unnest(#2::text[]), unnest(#3::smallint[]), unnest(#4::bigint[]),
            unnest(#5::timestamptz[]), unnest(#6::timestamptz[]), unnest(#7::timestamptz[]),
            unnest(#8::text[]), unnest(#9::text[]), unnest(#10::bytea[]) FROM fence
        ON CONFLICT (task_id, step) DO UPDATE SET kind = excluded.kind, attempt = excluded.attempt,
            since = excluded.since, until = excluded.until, deadline = excluded.deadline, reason = excluded.reason,
            waits_on = excluded.waits_on, scratch = excluded.scratch
    )",
};
const MARKS: Text = Text {
    arrays: 5,
    sql: ", new_marks AS (
        INSERT INTO marks (task_id, step, name, made_at, value)
        SELECT unnest(#1::uuid[]), unnest(#2::text[]), unnest(#3::text[]), unnest(#4::timestamptz[]),
            unnest(#5::bytea[]) FROM fence
        @repeat
    )",
};
/// Untaken, or taken by this step: said so that the plan goes by the key, and not over the index of all that are untaken.
const TAKEN: Text = Text {
    arrays: 3,
    sql: ", taken AS (
        UPDATE signals SET taken_by = t.step
        FROM fence, unnest(#1::uuid[], #2::uuid[], #3::text[]) AS t (task_id, signal_id, step)
        WHERE signals.task_id = t.task_id AND signals.signal_id = t.signal_id
            AND coalesce(signals.taken_by, t.step) = t.step
    )",
};
/// In the order in which all lock these rows.
const UNLOCKED: Text = Text {
    arrays: 2,
    sql: ", released AS (
        SELECT t.task_id FROM fence, unnest(#1::uuid[], #2::bigint[]) AS t (task_id, claims)
        WHERE NOT EXISTS (SELECT 1 FROM live WHERE live.task_id = t.task_id AND live.claims > t.claims)
    ), held AS (
        SELECT locks.name FROM locks WHERE locks.task_id IN (SELECT task_id FROM released)
        ORDER BY locks.name FOR UPDATE
    ), unlocked AS (
        DELETE FROM locks USING held WHERE locks.name = held.name
    ), unqueued AS (
        DELETE FROM lock_queue USING released WHERE lock_queue.task_id = released.task_id
    )",
};
const VACATED: Text = Text {
    arrays: 3,
    sql: ", vacated AS (
        DELETE FROM slots USING fence, unnest(#1::uuid[], #2::text[], #3::bigint[]) AS t (task_id, step, ticket)
        WHERE slots.task_id = t.task_id AND slots.step = t.step AND slots.epoch = fence.epoch AND slots.ticket <= t.ticket
    )",
};
const MESSAGES: Text = Text {
    arrays: 7,
    sql: ", new_messages AS (
        INSERT INTO messages (task_id, seq, error, said_at, subject_kind, subject_name, text)
        SELECT unnest(#1::uuid[]), unnest(#2::bigint[]), unnest(#3::boolean[]), unnest(#4::timestamptz[]),
            unnest(#5::text[]), unnest(#6::text[]), unnest(#7::text[]) FROM fence
        @repeat
    )",
};
const FACTS: Text = Text {
    arrays: 9,
    sql: ", new_facts AS (
        INSERT INTO facts (task_id, seq, found_at, step, subject_kind, subject_name, generator, format, data)
        SELECT unnest(#1::uuid[]), unnest(#2::bigint[]), unnest(#3::timestamptz[]), unnest(#4::text[]),
            unnest(#5::text[]), unnest(#6::text[]), unnest(#7::text[]), unnest(#8::text[]),
            unnest(#9::bytea[]) FROM fence
        @repeat
    )",
};
const PROGRESS: Text = Text {
    arrays: 6,
    sql: ", new_progress AS (
        INSERT INTO progress (task_id, step, done, total, text, told_at)
        SELECT unnest(#1::uuid[]), unnest(#2::text[]), unnest(#3::bigint[]), unnest(#4::bigint[]),
            unnest(#5::text[]), unnest(#6::timestamptz[]) FROM fence
        ON CONFLICT (task_id, step) DO UPDATE SET done = excluded.done, total = excluded.total, text = excluded.text,
            told_at = excluded.told_at
    )",
};
const ENDS: Text = Text {
    arrays: 5,
    sql: ", gone AS (
        DELETE FROM live USING fence, unnest(#1::uuid[], #5::bigint[]) AS t (task_id, claims)
        WHERE live.task_id = t.task_id AND live.owner = fence.epoch AND live.claims = coalesce(t.claims, live.claims)
        RETURNING live.task_id, live.started_at, live.cancel_at, live.cancel_by, live.claims
    ), lives AS (
        SELECT task_id, started_at, cancel_at, cancel_by, claims FROM gone@short_lives
    ), new_ends AS (
        INSERT INTO ends (task_id, kind, ended_by, started_at, ended_at, cancel_at, cancel_by, claims, output)
        SELECT task_id, t.kind, $1, lives.started_at, t.ended_at, lives.cancel_at, lives.cancel_by, lives.claims,
            t.output
        FROM lives JOIN unnest(#1::uuid[], #2::smallint[], #3::timestamptz[], #4::bytea[])
            AS t (task_id, kind, ended_at, output) USING (task_id)
        @repeat
    )",
};
const PLAIN_ENDS: Text = Text {
    arrays: 5,
    sql: ", gone AS (
        DELETE FROM live USING fence, unnest(#1::uuid[], #2::smallint[], #3::timestamptz[], #4::bytea[], #5::bigint[])
            AS t (task_id, kind, ended_at, output, claims)
        WHERE live.task_id = t.task_id AND live.owner = fence.epoch AND live.claims = coalesce(t.claims, live.claims)
        RETURNING live.task_id, live.started_at, live.cancel_at, live.cancel_by, live.claims, t.kind, t.ended_at, t.output
    ), new_ends AS (
        INSERT INTO ends (task_id, kind, ended_by, started_at, ended_at, cancel_at, cancel_by, claims, output)
        SELECT task_id, kind, $1, started_at, ended_at, cancel_at, cancel_by, claims, output FROM gone
    )",
};
/// Where another transaction has the row, this waits for its end and then sees what it wrote there: so what must not be missed is in the
/// row itself, the number of signals too. What is in doubt is not settled, as after a crash.
const PARKED: Text = Text {
    arrays: 5,
    sql: ", parked AS (
        UPDATE live SET owner = NULL, settled = NOT t.doubt,
            wake_at = CASE WHEN live.signals = t.signals AND live.cancel_at IS NULL AND live.pause_at IS NULL
                THEN coalesce(t.wake_at, 'infinity') END
        FROM fence, unnest(#1::uuid[], #2::bigint[], #3::bigint[], #4::timestamptz[], #5::boolean[])
            AS t (task_id, claims, signals, wake_at, doubt)
        WHERE live.task_id = t.task_id AND live.owner = fence.epoch AND live.claims = t.claims
            AND live.limit_name IS NULL
    )",
};
/// One row. Its turn is after all commits that this statement can see.
const TOLD: Text = Text {
    arrays: 3,
    sql: ", told AS (
        INSERT INTO events (epoch, seq, turn, at, body)
        SELECT fence.epoch, #1::bigint, coalesce((SELECT max(turn) FROM events), 0) + 1, #2::timestamptz, #3::bytea FROM fence
        @repeat
    )",
};
