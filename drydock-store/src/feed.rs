//! The feed, as all stores have it: what a page is made of, and how events become bytes in a database.
//!
//! Events are told in an order that knows no clock: a commit's turn is one more than the greatest that its transaction could see. What an
//! instance writes of a task that it took over was written after the writes of the owner before it became visible, so its turn is
//! greater. Two commits with one turn know nothing of each other.

use std::borrow::Cow;
use std::fmt::Display;

use drydock_core::journal::{
    FeedCommit, FeedCursor, FeedEvent, FeedEventKind, FeedPage, FeedPlace, JournalError, Write,
};
use drydock_core::{Epoch, StepKey, TaskId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codec;
use crate::error::inconsistent;

/// An instance in whose part of the feed there may be something to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Teller {
    pub(crate) epoch: Epoch,
    pub(crate) alive: bool,
    /// Its commits up to this one are gone.
    pub(crate) trimmed: u64,
    /// The time of that commit.
    pub(crate) trimmed_at: Option<Timestamp>,
}

/// How many commits are trimmed in one transaction.
pub(crate) const PIECE: i64 = 1_000;

impl Teller {
    /// From the numbers of the first commit that is wanted and of the last that there is: the last that is not wanted, and whether it
    /// is the last of all.
    pub(crate) fn place(&self, first: Option<i64>, last: Option<i64>) -> Result<(u64, bool), JournalError> {
        let seq = match (first, last) {
            (Some(first), _) => first.saturating_sub(1),
            (None, Some(last)) => last,
            (None, None) => return Ok((self.trimmed, true)),
        };
        let bad = |error| inconsistent("events", "seq", self.epoch, error);
        Ok((u64::try_from(seq).map_err(bad)?, first.is_none()))
    }
}

/// From which commit on each of `tellers` is to be read, as (epoch, the last one read). The tellers are those past the cursor's
/// floor, by epoch.
pub(crate) fn positions(
    after: &FeedCursor,
    tellers: &[Teller],
) -> Result<(FeedCursor, Vec<(Epoch, u64)>), JournalError> {
    let (mut oldest, mut gap) = (after.clone(), None);
    for Teller { epoch, trimmed, .. } in tellers {
        if after.position(*epoch).is_some_and(|read| read < *trimmed) {
            gap.get_or_insert(*epoch);
            oldest.advance(*epoch, *trimmed);
        }
    }
    if let Some(epoch) = gap.filter(|_| !after.is_start()) {
        return Err(JournalError::FeedTrimmed { epoch, oldest });
    }
    let read = tellers.iter().filter_map(|it| Some((it.epoch, oldest.position(it.epoch)?))).collect();
    Ok((oldest, read))
}

/// The page of these commits, which were read after `read`: the first by turn and epoch, so that each epoch's come without a gap. With
/// fewer than `limit` all that there is was read.
pub(crate) fn page(
    read: FeedCursor,
    tellers: &[Teller],
    commits: Vec<FeedCommit>,
    limit: usize,
) -> Result<FeedPage, JournalError> {
    let mut next = read;
    for FeedCommit { epoch, seq, .. } in &commits {
        let expected = next.position(*epoch).map(|read| read.saturating_add(1));
        if expected != Some(*seq) {
            let problem = format!("commit {} is missing", expected.unwrap_or_default());
            return Err(inconsistent("events", "seq", row(*epoch, *seq), problem));
        }
        next.advance(*epoch, *seq);
    }
    if commits.len() < limit {
        settle(&mut next, tellers);
    }
    Ok(FeedPage { commits, next })
}

/// The place before `time`: for each teller the last commit before it, and whether that is the last of all.
pub(crate) fn place(
    tellers: &[Teller],
    places: &[(u64, bool)],
    time: Timestamp,
) -> Result<FeedCursor, JournalError> {
    let mut cursor = FeedCursor::START;
    for (teller, (seq, _)) in tellers.iter().zip(places) {
        cursor.advance(teller.epoch, *seq);
    }
    let gap = tellers.iter().find(|teller| teller.trimmed_at.is_some_and(|at| at >= time));
    let read: Vec<Teller> = tellers
        .iter()
        .zip(places)
        .map(|(it, (_, last))| Teller { alive: it.alive || !last, ..*it })
        .collect();
    settle(&mut cursor, &read);
    match gap {
        Some(teller) => Err(JournalError::FeedTrimmed { epoch: teller.epoch, oldest: cursor }),
        None => Ok(cursor),
    }
}

/// All that there is of `tellers` was read, so what is over need not be kept in mind. Whoever joins later has a greater epoch.
fn settle(cursor: &mut FeedCursor, tellers: &[Teller]) {
    if let Some(dead) = tellers.iter().take_while(|it| !it.alive).last() {
        cursor.settle(dead.epoch);
    }
}

/// How a row of the feed is called in an error.
pub(crate) fn row(epoch: Epoch, seq: u64) -> String {
    format!("{epoch}/{seq}")
}

/// An event: kind, task, microseconds since its commit, step, number, text.
#[derive(Serialize, Deserialize)]
struct Line<'a>(
    u8,
    #[serde(with = "uuid::serde::simple")] Uuid,
    i64,
    #[serde(borrow)] Option<Cow<'a, str>>,
    u32,
    #[serde(borrow)] Option<Cow<'a, str>>,
);

/// The kinds of waits follow from here.
const WAITS: u8 = 20;

/// What is told of a batch, as a row.
pub(crate) struct Told {
    pub(crate) seq: i64,
    pub(crate) at: Timestamp,
    /// JSON: a list of lines.
    pub(crate) body: Vec<u8>,
}

impl Told {
    pub(crate) fn of(writes: &[Write], FeedPlace { seq, at }: FeedPlace) -> Result<Self, JournalError> {
        let seq = i64::try_from(seq).map_err(|error| JournalError::Rejected(error.into()))?;
        let events: Vec<FeedEvent> = writes.iter().filter_map(|write| FeedEvent::of(write, at)).collect();
        let lines = events.iter().map(|event| line(event, at)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { seq, at, body: codec::json(&lines)? })
    }
}

fn line(event: &FeedEvent, committed: Timestamp) -> Result<Line<'_>, JournalError> {
    let text = |text| Some(Cow::Borrowed(text));
    let key = |step: &StepKey| Some(Cow::Owned(step.text().to_string()));
    let (kind, step, number, text) = match &event.kind {
        FeedEventKind::TaskStarted => (0, None, 0, None),
        FeedEventKind::TaskQueued => (1, None, 0, None),
        FeedEventKind::StepDone { step, attempt } => (2, key(step), *attempt, None),
        FeedEventKind::StepFailed { step, attempt, message } => (3, key(step), *attempt, text(&**message)),
        FeedEventKind::StepSkipped { step, reason } => (4, key(step), 0, text(reason)),
        FeedEventKind::StepReopened { step, attempt } => (5, key(step), *attempt, None),
        FeedEventKind::AttemptFailed { step, attempt, message } => (6, key(step), *attempt, text(message)),
        FeedEventKind::StepWaits { step, attempt, wait } => {
            let wait = u8::try_from(codec::wait_kind(*wait)).map_err(|e| JournalError::Rejected(e.into()))?;
            (WAITS + wait, key(step), *attempt, None)
        }
        FeedEventKind::Marked { step, name } => (7, key(step), 0, text(name)),
        FeedEventKind::SignalTaken { step, signal } => {
            (8, key(step), 0, Some(Cow::Owned(signal.to_string())))
        }
        FeedEventKind::MessageSaid { seq, error: false, text: said } => (9, None, *seq, text(said)),
        FeedEventKind::MessageSaid { seq, error: true, text: said } => (10, None, *seq, text(said)),
        FeedEventKind::TaskCompleted => (11, None, 0, None),
        FeedEventKind::TaskFailed { message } => (12, None, 0, text(message)),
        FeedEventKind::TaskCancelled { by } => (13, None, 0, text(by)),
        FeedEventKind::FactFound { step, seq } => (14, key(step), *seq, None),
        FeedEventKind::StepProgressed { step, progress } => (15, key(step), 0, text(progress)),
        other => {
            return Err(JournalError::Rejected(format!("the feed has no bytes for {other:?}").into()));
        }
    };
    let since = event.at.timestamp_micros() - committed.timestamp_micros();
    Ok(Line(kind, event.task.as_uuid(), since, step, number, text))
}

/// The commit whose events `body` is.
pub(crate) fn decode(epoch: Epoch, seq: u64, at: Timestamp, body: &[u8]) -> Result<FeedCommit, JournalError> {
    let bad = |problem: &dyn Display| inconsistent("events", "body", row(epoch, seq), problem);
    let lines: Vec<Line<'_>> = serde_json::from_slice(body).map_err(|error| bad(&error))?;
    let events = lines.into_iter().map(|line| event(line, at).map_err(|problem| bad(&problem)));
    Ok(FeedCommit { epoch, seq, at, events: events.collect::<Result<_, _>>()? })
}

fn event(Line(kind, task, since, step, number, text): Line<'_>, at: Timestamp) -> Result<FeedEvent, String> {
    let step = || {
        let step = step.as_deref().ok_or("an event has no step")?;
        step.parse::<StepKey>().map_err(|error| error.to_string())
    };
    let text = || text.clone().map(Cow::into_owned).ok_or("an event has no text");
    let kind = match kind {
        0 => FeedEventKind::TaskStarted,
        1 => FeedEventKind::TaskQueued,
        2 => FeedEventKind::StepDone { step: step()?, attempt: number },
        3 => FeedEventKind::StepFailed { step: step()?, attempt: number, message: text()? },
        4 => FeedEventKind::StepSkipped { step: step()?, reason: text()? },
        5 => FeedEventKind::StepReopened { step: step()?, attempt: number },
        6 => FeedEventKind::AttemptFailed { step: step()?, attempt: number, message: text()? },
        7 => FeedEventKind::Marked { step: step()?, name: text()? },
        8 => {
            let signal = text()?.parse().map_err(|error| format!("a signal has no id: {error}"))?;
            FeedEventKind::SignalTaken { step: step()?, signal }
        }
        9 | 10 => FeedEventKind::MessageSaid { seq: number, error: kind == 10, text: text()? },
        11 => FeedEventKind::TaskCompleted,
        12 => FeedEventKind::TaskFailed { message: text()? },
        13 => FeedEventKind::TaskCancelled { by: text()? },
        14 => FeedEventKind::FactFound { step: step()?, seq: number },
        15 => FeedEventKind::StepProgressed { step: step()?, progress: text()? },
        other => {
            let wait = i64::from(other) - i64::from(WAITS);
            let wait = codec::wait_kind_of(wait).map_err(|_| format!("{other} is no kind of event"))?;
            FeedEventKind::StepWaits { step: step()?, attempt: number, wait }
        }
    };
    let at = at.timestamp_micros().checked_add(since).and_then(Timestamp::from_timestamp_micros);
    Ok(FeedEvent { task: TaskId::from_uuid(task), at: at.ok_or("a time is out of the calendar")?, kind })
}
