//! The feed: it tells what was written, once, and can be read from any place.

use drydock_core::journal::{
    Cancellation, FeedCommit, FeedCursor, FeedEvent, FeedEventKind, FeedPlace, JournalError, Message,
    TaskEnd, TaskEndKind, WaitKind, WaitRecord, Write,
};
use drydock_core::{Epoch, TaskId};

use super::Shared;
use super::samples::{
    assert_fenced, at, attempt, claim, completed, done, fact, failed, failure, id, join, mark, message,
    progress, put_workflow, signal_id, step, task, wait,
};

super::rules! {
    every_kind_of_write_is_told,
    an_event_is_there_if_and_only_if_its_write_is,
    a_batch_that_is_sent_again_is_told_once,
    a_replay_from_any_cursor_equals_the_rest,
    a_task_that_was_taken_over_is_told_in_order_whatever_the_clocks_say,
    a_late_epoch_is_not_passed_over,
    a_cursor_does_not_grow_with_dead_epochs,
    what_was_trimmed_is_never_a_silent_gap,
    a_place_is_found_by_its_time,
    more_is_trimmed_than_goes_into_one_transaction,
}

/// Appends, and tells it as commit `seq` of the epoch at second `n`.
async fn tell(
    store: &Shared,
    epoch: Epoch,
    (seq, n): (u64, i64),
    writes: &[Write],
) -> Result<(), JournalError> {
    store.append_told(epoch, writes, Some(FeedPlace { seq, at: at(n) })).await
}

fn said(n: u32, seq: u32) -> Write {
    Write::MessageSaid(id(n), message(seq))
}

/// The whole feed after `cursor`, read in pages of `limit`, and where it ends.
async fn rest(store: &Shared, mut cursor: FeedCursor, limit: usize) -> (Vec<FeedCommit>, FeedCursor) {
    let mut all = Vec::new();
    loop {
        let page = store.feed_read(&cursor, limit).await.unwrap();
        assert!(page.commits.len() <= limit);
        // What is kept as text is as good.
        cursor = page.next.to_string().parse().unwrap();
        assert_eq!(cursor, page.next);
        if page.commits.is_empty() {
            return (all, cursor);
        }
        all.extend(page.commits);
    }
}

async fn places(store: &Shared, cursor: FeedCursor) -> Vec<(Epoch, u64)> {
    rest(store, cursor, 2).await.0.into_iter().map(|commit| (commit.epoch, commit.seq)).collect()
}

fn trimmed<T>(result: Result<T, JournalError>) -> (Epoch, FeedCursor) {
    match result {
        Err(JournalError::FeedTrimmed { epoch, oldest }) => (epoch, oldest),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("a gap was passed over in silence"),
    }
}

/// Whatever it is, with no payload; and of what only frees locks and slots nothing.
pub async fn every_kind_of_write_is_told(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let kinds = [
        WaitKind::Timer,
        WaitKind::Children,
        WaitKind::Signal,
        WaitKind::Lock,
        WaitKind::Operator,
        WaitKind::Limit,
        WaitKind::Executor,
    ];
    let cancelled = TaskEndKind::Cancelled(Cancellation { by: "ann \0 \"ö\"".to_owned(), at: at(5) });
    let skipped = drydock_core::journal::StepEnd::Skipped("none \0 there".to_owned());
    let mut writes = vec![
        Write::TaskStarted(task(1, workflow)),
        Write::TaskQueued(task(2, workflow)),
        Write::StepEnded(id(1), done("a", 3)),
        Write::StepEnded(id(1), failed("b[17]", 4)),
        Write::StepEnded(id(1), drydock_core::journal::Checkpoint { end: skipped, ..done("undo:c", 5) }),
        Write::StepReopened(id(1), attempt("d", 3, 6)),
        Write::AttemptFailed(id(1), attempt("e", 2, 7)),
        Write::Marked(id(1), mark("e", "disk \0 17", 7)),
        Write::SignalTaken(id(1), signal_id(1), step("e")),
        Write::MessageSaid(id(1), Message { error: false, ..message(0) }),
        Write::MessageSaid(id(1), Message { error: true, ..message(1) }),
        Write::FactFound(id(1), fact(0, "n1", "lshw \0", 7)),
        Write::StepProgressed(id(1), progress("e", 17)),
        Write::LocksFreed(id(1), None),
        Write::SlotsFreed(id(1), step("e"), 1),
        Write::TaskEnded(id(1), None, completed(8)),
        Write::TaskEnded(id(2), None, TaskEnd { kind: TaskEndKind::Failed(failure(1)), at: at(8) }),
        Write::TaskEnded(id(3), None, TaskEnd { kind: cancelled, at: at(8) }),
    ];
    writes.extend(kinds.map(|kind| Write::StepWaits(id(1), WaitRecord { kind, ..wait("e", 7) })));
    tell(&store, epoch, (1, 9), &writes).await.unwrap();
    tell(&store, epoch, (2, 10), &[Write::LocksFreed(id(1), None)]).await.unwrap();
    let expected: Vec<FeedEvent> = writes.iter().filter_map(|write| FeedEvent::of(write, at(9))).collect();
    assert_eq!(expected.len(), writes.len() - 2);
    let (told, _) = rest(&store, FeedCursor::START, 9).await;
    assert_eq!(
        told,
        [
            FeedCommit { epoch, seq: 1, at: at(9), events: expected },
            FeedCommit { epoch, seq: 2, at: at(10), events: vec![] },
        ]
    );
}

/// Nothing of a refused batch, nor of one that is not to be told.
pub async fn an_event_is_there_if_and_only_if_its_write_is(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (epoch, dead) = (join(&store, "a").await, join(&store, "b").await);
    store.append(epoch, &[Write::TaskStarted(task(1, workflow))]).await.unwrap();
    store.instance_leave(dead).await.unwrap();
    assert_fenced(tell(&store, dead, (1, 2), &[said(1, 0)]).await);
    assert_fenced(tell(&store, Epoch::new(999), (1, 2), &[said(1, 0)]).await);
    let contradiction =
        [Write::StepReopened(id(1), attempt("a", 3, 4)), Write::StepEnded(id(1), done("a", 4))];
    let refused = tell(&store, epoch, (1, 2), &contradiction).await;
    assert!(matches!(refused, Err(JournalError::Rejected(_))), "{refused:?}");
    let (told, end) = rest(&store, FeedCursor::START, 9).await;
    assert_eq!(told, []);
    // The place of what was refused is free.
    tell(&store, epoch, (1, 3), &[said(1, 0)]).await.unwrap();
    assert_eq!(places(&store, end).await, [(epoch, 1)]);
}

/// In whole or with a part that was there before, and whatever the time is by then.
pub async fn a_batch_that_is_sent_again_is_told_once(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let batch = [Write::TaskStarted(task(1, workflow)), Write::StepEnded(id(1), done("a", 2)), said(1, 0)];
    for n in [3, 4, 5] {
        tell(&store, epoch, (1, n), &batch).await.unwrap();
    }
    let end = [Write::TaskEnded(id(1), None, completed(6))];
    for _ in 0..2 {
        tell(&store, epoch, (2, 6), &end).await.unwrap();
    }
    // It was there before, and yet it is told, by whoever writes it once more.
    tell(&store, epoch, (3, 7), &batch[1..]).await.unwrap();
    let (told, _) = rest(&store, FeedCursor::START, 9).await;
    let seen: Vec<_> = told.iter().map(|it| (it.seq, it.at, it.events.len())).collect();
    assert_eq!(seen, [(1, at(3), 3), (2, at(6), 1), (3, at(7), 2)]);
}

/// Two instances write in turns; a reader may stop after any page of any size.
pub async fn a_replay_from_any_cursor_equals_the_rest(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epochs = [join(&store, "a").await, join(&store, "b").await];
    let mut order = Vec::new();
    for n in 0..12_u32 {
        let epoch = epochs[usize::from(n % 3 == 0)];
        let seq = 1 + order.iter().filter(|(of, _)| *of == epoch).count() as u64;
        let start = [Write::TaskStarted(task(n, workflow))];
        tell(&store, epoch, (seq, i64::from(n)), &start).await.unwrap();
        order.push((epoch, seq));
    }
    for limit in 1..14 {
        let (mut cursor, mut seen) = (FeedCursor::START, Vec::new());
        loop {
            assert_eq!(places(&store, cursor.clone()).await, order[seen.len()..], "after {cursor}");
            let page = store.feed_read(&cursor, limit).await.unwrap();
            if page.commits.is_empty() {
                break;
            }
            seen.extend(page.commits.iter().map(|commit| (commit.epoch, commit.seq)));
            cursor = page.next;
        }
        assert_eq!(seen, order);
    }
    assert!(store.feed_read(&FeedCursor::START, 0).await.unwrap().commits.is_empty());
}

/// The second owner's clock is hours behind, its epoch is lower, and every page ends in the middle of it.
pub async fn a_task_that_was_taken_over_is_told_in_order_whatever_the_clocks_say(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (low, high) = (join(&store, "low").await, join(&store, "high").await);
    let start = [Write::TaskStarted(task(1, workflow)), Write::TaskQueued(task(2, workflow))];
    tell(&store, high, (1, 9_000), &start).await.unwrap();
    for n in 0..4 {
        tell(&store, high, (u64::from(n) + 2, 9_001), &[said(1, n)]).await.unwrap();
    }
    assert_eq!(claim(&store, low, workflow, 9).await, [id(2)]);
    tell(&store, low, (1, 1), &[said(2, 0)]).await.unwrap();
    store.instance_leave(high).await.unwrap();
    assert_eq!(claim(&store, low, workflow, 9).await, [id(1)]);
    for n in 4..8 {
        tell(&store, low, (u64::from(n) - 2, 2), &[said(1, n)]).await.unwrap();
    }
    tell(&store, low, (6, 2), &[Write::TaskEnded(id(1), None, completed(3))]).await.unwrap();
    for limit in 1..5 {
        let (told, _) = rest(&store, FeedCursor::START, limit).await;
        let of = |task: TaskId| {
            let events = told.iter().flat_map(|commit| &commit.events);
            events.filter(move |event| event.task == task).map(|event| &event.kind)
        };
        let heard: Vec<String> = of(id(1))
            .map(|kind| match kind {
                FeedEventKind::MessageSaid { seq, .. } => seq.to_string(),
                FeedEventKind::TaskStarted => "starts".to_owned(),
                other => format!("{other:?}"),
            })
            .collect();
        let expected = ["starts", "0", "1", "2", "3", "4", "5", "6", "7", "TaskCompleted"];
        assert_eq!(heard, expected, "in pages of {limit}");
        assert_eq!(of(id(2)).next(), Some(&FeedEventKind::TaskQueued), "in pages of {limit}");
    }
}

/// Who joined before others and writes after all of them.
pub async fn a_late_epoch_is_not_passed_over(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (early, late) = (join(&store, "early").await, join(&store, "late").await);
    tell(&store, late, (1, 1), &[Write::TaskStarted(task(1, workflow))]).await.unwrap();
    store.instance_leave(late).await.unwrap();
    let (_, end) = rest(&store, FeedCursor::START, 9).await;
    tell(&store, early, (1, 1), &[Write::TaskStarted(task(2, workflow))]).await.unwrap();
    assert_eq!(places(&store, end.clone()).await, [(early, 1)]);
    let next = join(&store, "next").await;
    tell(&store, next, (1, 1), &[Write::TaskStarted(task(3, workflow))]).await.unwrap();
    assert_eq!(places(&store, end).await, [(early, 1), (next, 1)]);
}

/// However many there were; those that were never told of, too.
pub async fn a_cursor_does_not_grow_with_dead_epochs(store: Shared) {
    let workflow = put_workflow(&store).await;
    let mut cursor = FeedCursor::START;
    for n in 1..20 {
        let epoch = join(&store, "a").await;
        let start = [Write::TaskStarted(task(n, workflow))];
        if n % 4 != 0 {
            tell(&store, epoch, (1, 1), &start).await.unwrap();
        }
        cursor = rest(&store, cursor, 9).await.1;
        let last = join(&store, "b").await;
        tell(&store, last, (1, 1), &[said(n, 0)]).await.unwrap();
    }
    let (_, end) = rest(&store, cursor, 9).await;
    let last = store.instance_list().await.unwrap();
    assert!(end.to_string().len() < 40, "{end}");
    assert_eq!(end.floor().get() + 1, last[0].epoch.get(), "{end}");
    assert_eq!(rest(&store, FeedCursor::START, 9).await.1, end);
    assert_eq!(places(&store, end).await, []);
}

/// Whoever has not read it is told, also when nothing is left; who begins at the start begins with what is there.
pub async fn what_was_trimmed_is_never_a_silent_gap(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (first, second) = (join(&store, "a").await, join(&store, "b").await);
    tell(&store, first, (1, 1), &[Write::TaskStarted(task(1, workflow))]).await.unwrap();
    for seq in 2..=6 {
        tell(&store, first, (seq, seq.cast_signed()), &[said(1, 0)]).await.unwrap();
    }
    tell(&store, second, (1, 3), &[said(1, 1)]).await.unwrap();
    let two = store.feed_read(&FeedCursor::START, 2).await.unwrap().next;
    let (_, end) = rest(&store, FeedCursor::START, 9).await;
    assert_eq!(store.feed_trim(at(1)).await.unwrap(), 0);
    assert_eq!(store.feed_trim(at(3)).await.unwrap(), 2);
    assert_eq!(store.feed_trim(at(3)).await.unwrap(), 0);
    // These are the two that were read.
    assert_eq!(rest(&store, two.clone(), 9).await.0.len(), 5);
    assert_eq!(store.feed_trim(at(5)).await.unwrap(), 3);
    let (gap, oldest) = trimmed(store.feed_read(&two, 9).await);
    assert_eq!((gap, oldest.position(first), oldest.position(second)), (first, Some(4), Some(1)));
    for cursor in [FeedCursor::START, oldest] {
        assert_eq!(places(&store, cursor).await, [(first, 5), (first, 6)]);
    }
    assert_eq!(places(&store, end.clone()).await, []);
    assert_eq!(store.feed_trim(at(99)).await.unwrap(), 2);
    let (gap, oldest) = trimmed(store.feed_read(&two, 9).await);
    assert_eq!(gap, first);
    assert_eq!(oldest, end);
    assert_eq!(rest(&store, FeedCursor::START, 9).await, (vec![], end.clone()));
    // It goes on where it was.
    tell(&store, first, (7, 99), &[said(1, 2)]).await.unwrap();
    for cursor in [FeedCursor::START, oldest, end.clone()] {
        assert_eq!(places(&store, cursor).await, [(first, 7)]);
    }
    // Of one who joined after the cursor, as well.
    let third = join(&store, "c").await;
    tell(&store, third, (1, 100), &[said(1, 3)]).await.unwrap();
    assert_eq!(store.feed_trim(at(101)).await.unwrap(), 2);
    assert_eq!(trimmed(store.feed_read(&end, 9).await).0, first);
}

/// Of each epoch by its own clock.
pub async fn a_place_is_found_by_its_time(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (first, second) = (join(&store, "a").await, join(&store, "b").await);
    tell(&store, first, (1, 10), &[Write::TaskStarted(task(1, workflow))]).await.unwrap();
    for (epoch, seq, second) in [(first, 2, 20), (first, 3, 20), (second, 1, 15), (second, 2, 25)] {
        tell(&store, epoch, (seq, second), &[said(1, 0)]).await.unwrap();
    }
    let all = places(&store, FeedCursor::START).await;
    for (second, gone) in [(0, 0), (10, 0), (11, 1), (15, 1), (16, 2), (20, 2), (21, 4), (25, 4), (26, 5)] {
        let cursor = store.feed_since(at(second)).await.unwrap();
        let left = places(&store, cursor).await;
        assert_eq!(left.len(), all.len() - gone, "since second {second}");
        assert!(left.iter().all(|place| all.contains(place)));
    }
    store.instance_leave(second).await.unwrap();
    store.instance_leave(first).await.unwrap();
    let end = store.feed_since(at(26)).await.unwrap();
    assert_eq!(end, rest(&store, FeedCursor::START, 9).await.1);
    assert_eq!(end.to_string(), second.to_string());
    store.feed_trim(at(16)).await.unwrap();
    assert_eq!(trimmed(store.feed_since(at(10)).await).0, first);
    assert_eq!(trimmed(store.feed_since(at(15)).await).0, second);
    let left = store.feed_since(at(16)).await.unwrap();
    assert_eq!(places(&store, left).await.len(), 3);
}

/// It is done in pieces.
pub async fn more_is_trimmed_than_goes_into_one_transaction(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    tell(&store, epoch, (1, 1), &[Write::TaskStarted(task(1, workflow))]).await.unwrap();
    for seq in 2..=1_005 {
        tell(&store, epoch, (seq, 1), &[]).await.unwrap();
    }
    tell(&store, epoch, (1_006, 2), &[]).await.unwrap();
    assert_eq!(store.feed_trim(at(2)).await.unwrap(), 1_005);
    assert_eq!(places(&store, FeedCursor::START).await, [(epoch, 1_006)]);
}
