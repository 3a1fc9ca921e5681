//! The feed: replayed from any place, followed as it goes on, and equal to what was committed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::journal::{
    FeedCommit, FeedCursor, FeedEventKind, FeedPage, Journal as _, JournalError, Write,
};
use drydock_core::{Clock as _, SystemEntropy, TaskId, Timestamp};
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{EngineError, EngineOptions, Feed, Outcome, StepContext, StepError, step_fn};
use tokio::sync::Notify;

use crate::faulty::{Call, Fault, FaultyJournal};
use crate::recover::three;
use crate::support::{Log, World, children, output, parent_of, single, within, works};

const LONG: Duration = Duration::from_hours(1);

/// The next commit of a feed that has one.
async fn next(feed: &mut Feed) -> FeedCommit {
    within(LONG, feed.next()).await.expect("nothing comes").unwrap().expect("the feed is at its end")
}

/// All that is there.
async fn whole(world: &World, after: &FeedCursor) -> FeedPage {
    world.store.feed_read(after, usize::MAX).await.unwrap()
}

/// What happened to a task, in words.
fn told(commits: &[FeedCommit], task: TaskId) -> Vec<String> {
    let events = commits.iter().flat_map(|commit| &commit.events).filter(|event| event.task == task);
    events.map(|event| word(&event.kind)).collect()
}

fn word(kind: &FeedEventKind) -> String {
    match kind {
        FeedEventKind::TaskStarted => "starts".to_owned(),
        FeedEventKind::TaskQueued => "queued".to_owned(),
        FeedEventKind::StepDone { step, attempt } => format!("{step} done {attempt}"),
        FeedEventKind::StepFailed { step, message, .. } => format!("{step} failed: {message}"),
        FeedEventKind::AttemptFailed { step, attempt, message } => {
            format!("{step} fails {attempt}: {message}")
        }
        FeedEventKind::StepWaits { step, wait, .. } => format!("{step} waits: {wait:?}"),
        FeedEventKind::MessageSaid { text, .. } => format!("says {text}"),
        FeedEventKind::TaskCompleted => "completed".to_owned(),
        FeedEventKind::TaskFailed { message } => format!("failed: {message}"),
        other => format!("{other:?}"),
    }
}

async fn ended(feed: &mut Feed) -> Vec<FeedCommit> {
    let mut commits = Vec::new();
    while let Some(commit) = within(LONG, feed.next()).await.expect("the task does not end").unwrap() {
        commits.push(commit);
    }
    assert!(feed.next().await.unwrap().is_none(), "the end is the end");
    commits
}

#[tokio::test(start_paused = true)]
async fn a_replay_from_any_cursor_equals_the_rest() {
    let log = Log::default();
    let child = works(&log);
    let workflow = parent_of(&child);
    let world = World::new();
    let start = |name| world.instance(name).workflow(&workflow).workflow(&child).start();
    let (first, second) = (start("a").await.unwrap(), start("b").await.unwrap());
    let mut feed = first.feed(FeedCursor::START);
    let mut live = Vec::new();
    for engine in [&first, &second, &first] {
        let task = engine.submit(&workflow, &vec![3, 1, 2]).await.unwrap();
        assert_eq!(children::<u64>(&second.wait(task).await.unwrap()), [3, 1, 2]);
    }
    let all = whole(&world, &FeedCursor::START).await;
    let mut cursors = vec![feed.cursor().clone()];
    for _ in &all.commits {
        live.push(next(&mut feed).await);
        cursors.push(feed.cursor().clone());
    }
    let sorted = |commits: &[FeedCommit]| {
        let mut places: Vec<_> = commits.iter().map(|commit| (commit.epoch, commit.seq)).collect();
        places.sort();
        places
    };
    assert_eq!(sorted(&live), sorted(&all.commits));
    assert!(live.iter().any(|commit| commit.epoch != live[0].epoch), "one instance did it all");
    for (done, cursor) in cursors.iter().enumerate() {
        let kept: FeedCursor = cursor.to_string().parse().unwrap();
        assert_eq!(sorted(&whole(&world, &kept).await.commits), sorted(&live[done..]), "after {cursor}");
    }
    // Nothing comes of it, until there is more.
    assert!(within(Duration::from_mins(10), feed.next()).await.is_none());
    let task = second.submit(&child, &1).await.unwrap();
    assert_eq!(told(&[next(&mut feed).await], task), ["starts"]);
}

#[tokio::test(start_paused = true)]
async fn a_tasks_feed_tells_what_its_history_has_and_ends_with_it() {
    let step = step_fn(|ctx: StepContext, (): ()| async move {
        ctx.say("hello");
        if ctx.attempt() < 3 {
            return Err(StepError::retryable("the pump is dry"));
        }
        Ok(Outcome::Done(()))
    });
    let (workflow, log) = (single("pumps", step), Log::default());
    let other = works(&log);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).workflow(&other).start().await.unwrap();
    engine.submit(&other, &1).await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    let mut feed = engine.task_feed(task).await.unwrap().unwrap();
    engine.submit(&other, &2).await.unwrap();
    let commits = ended(&mut feed).await;
    let name = world.store.task_history(task).await.unwrap().unwrap().checkpoints[0].step.clone();
    let dry = "the pump is dry";
    let mut expected = vec!["starts".to_owned()];
    for n in 1..=2 {
        expected.extend([format!("{name} fails {n}: {dry}"), "says hello".to_owned()]);
    }
    expected.extend([format!("{name} done 3"), "says hello".to_owned(), "completed".to_owned()]);
    let sorted = |mut words: Vec<String>| {
        words.sort();
        words
    };
    assert_eq!(sorted(told(&commits, task)), sorted(expected));
    assert!(commits.iter().flat_map(|commit| &commit.events).all(|event| event.task == task));
    // Long after, it is found again without all that came since.
    world.clock.set_forward_micros(7 * 24 * 3_600 * 1_000_000);
    engine.wait(engine.submit(&other, &3).await.unwrap()).await.unwrap();
    let mut again = engine.task_feed(task).await.unwrap().unwrap();
    assert_eq!(ended(&mut again).await, commits);
    let missing = TaskId::generate(world.clock.now(), &SystemEntropy);
    assert!(engine.task_feed(missing).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_task_that_was_taken_over_is_told_in_order_and_once() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let workflow = three(&log, &gate);
    let world = World::new();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let second = world.instance("b").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    log.reaches(2).await;
    let epoch = world.beat("a").await.epoch;
    let mut feed = second.task_feed(task).await.unwrap().unwrap();
    drop(first);
    log.reaches(3).await;
    gate.notify_one();
    let commits = ended(&mut feed).await;
    assert_eq!(
        told(&commits, task),
        ["starts", "first done 1", "second done 1", "third done 1", "completed"]
    );
    let (before, after): (Vec<_>, Vec<_>) = commits.into_iter().partition(|commit| commit.epoch == epoch);
    assert_eq!(told(&before, task), ["starts", "first done 1"]);
    assert!(after.iter().all(|commit| commit.epoch == after[0].epoch));
    // Of the dead epoch the cursor knows no more than that it is read.
    let end = whole(&world, &FeedCursor::START).await.next;
    assert_eq!((end.floor(), end.position(epoch)), (epoch, None));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_was_brought_back_is_told_to_its_last_end() {
    let fails = Arc::new(Mutex::new(true));
    let step = {
        let fails = fails.clone();
        step_fn(move |_: StepContext, (): ()| {
            let fails = fails.clone();
            async move {
                if *fails.lock().unwrap() {
                    Err(StepError::permanent("broken"))
                } else {
                    Ok(Outcome::Done(()))
                }
            }
        })
    };
    let workflow = single("fixed", step);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    let mut feed = engine.task_feed(task).await.unwrap().unwrap();
    engine.wait(task).await.unwrap();
    *fails.lock().unwrap() = false;
    assert!(engine.retry(task, None, "ann").await.unwrap());
    output(&engine.wait(task).await.unwrap());
    let words = told(&ended(&mut feed).await, task);
    assert!(words.iter().filter(|word| word.starts_with("failed")).count() == 1, "{words:?}");
    assert_eq!(words.last().map(String::as_str), Some("completed"), "{words:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_tells_nothing_twice() {
    let (log, world) = (Log::default(), World::new());
    let sent = Arc::new(Mutex::new(Vec::new()));
    let journal = {
        let sent = sent.clone();
        FaultyJournal::new(world.store.clone(), move |call| {
            let Call::Append { place, .. } = call else { return None };
            let seq = place.expect("a commit without a place").seq;
            let mut sent = sent.lock().unwrap();
            sent.push(seq);
            // Each answer is lost, once.
            (sent.iter().filter(|earlier| **earlier == seq).count() == 1).then_some(Fault::LoseAnswer)
        })
    };
    let workflow = works(&log);
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &1).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    let all = whole(&world, &FeedCursor::START).await.commits;
    assert_eq!(told(&all, task).len(), 3, "{all:?}");
    let last = u64::try_from(all.len()).unwrap();
    assert!(all.iter().map(|commit| commit.seq).eq(1..=last));
    assert_eq!(*sent.lock().unwrap(), (1..=last).flat_map(|seq| [seq, seq]).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_the_store_refuses_leaves_no_gap_and_is_not_told() {
    let (log, world) = (Log::default(), World::new());
    let workflow = works(&log);
    let refuse_two = |call: &Call<'_>| match call {
        Call::Append { writes, .. } => {
            let bad = |write: &Write| matches!(write, Write::StepEnded(_, it) if it.attempt == 1);
            let done = writes.iter().filter(|write| bad(write)).count();
            (done > 1).then_some(Fault::Refuse)
        }
        _ => None,
    };
    let journal = FaultyJournal::new(world.store.clone(), refuse_two);
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..5 {
        tasks.push(engine.submit(&workflow, &1).await.unwrap());
    }
    for task in &tasks {
        output(&engine.wait(*task).await.unwrap());
    }
    let all = whole(&world, &FeedCursor::START).await.commits;
    for task in tasks {
        assert_eq!(told(&all, task).len(), 3, "{all:?}");
    }
    assert!(all.iter().map(|commit| commit.seq).eq(1..=u64::try_from(all.len()).unwrap()));
}

#[tokio::test(start_paused = true)]
async fn what_was_trimmed_is_an_error_that_says_where_to_go_on() {
    let (log, world) = (Log::default(), World::new());
    let workflow = works(&log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let first = engine.submit(&workflow, &1).await.unwrap();
    engine.wait(first).await.unwrap();
    let mut feed = engine.feed(FeedCursor::START);
    next(&mut feed).await;
    let kept = feed.cursor().clone();
    world.clock.set_forward_micros(24 * 3_600 * 1_000_000);
    let second = engine.submit(&workflow, &1).await.unwrap();
    engine.wait(second).await.unwrap();
    let all = whole(&world, &FeedCursor::START).await.commits;
    let yesterday = told(&all, first).len();
    assert!(world.store.feed_trim(world.clock.now() - Duration::from_hours(12)).await.unwrap() > 0);
    let oldest = match engine.feed(kept).next().await {
        Err(EngineError::Journal(JournalError::FeedTrimmed { oldest, .. })) => oldest,
        other => panic!("{other:?}"),
    };
    let gone = engine.task_feed(first).await;
    assert!(matches!(gone, Err(EngineError::Journal(JournalError::FeedTrimmed { .. }))));
    for cursor in [oldest, FeedCursor::START] {
        let left = whole(&world, &cursor).await.commits;
        assert_eq!((told(&left, first).len(), told(&left, second).len()), (0, yesterday));
    }
    let mut of_second = engine.task_feed(second).await.unwrap().unwrap();
    assert_eq!(told(&ended(&mut of_second).await, second).len(), yesterday);
}

#[tokio::test(start_paused = true)]
async fn an_instance_without_the_feed_tells_nothing() {
    let (log, world) = (Log::default(), World::new());
    let workflow = works(&log);
    let options = EngineOptions { feed: false, lease: Duration::from_secs(9), ..EngineOptions::default() };
    let engine = world.instance("a").workflow(&workflow).options(options).start().await.unwrap();
    let task = engine.submit(&workflow, &1).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    let page = whole(&world, &FeedCursor::START).await;
    assert_eq!(page, FeedPage { commits: vec![], next: FeedCursor::START });
    // There is nothing to wait for, and the task's feed knows that.
    let mut feed = engine.task_feed(task).await.unwrap().unwrap();
    assert_eq!(ended(&mut feed).await, []);
}

#[tokio::test(start_paused = true)]
async fn times_in_the_feed_do_not_run_backwards() {
    let (log, world) = (Log::default(), World::new());
    let workflow = works(&log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    world.clock.set_forward_micros(3_600 * 1_000_000);
    engine.wait(engine.submit(&workflow, &1).await.unwrap()).await.unwrap();
    world.clock.set_forward_micros(-3_600 * 1_000_000);
    engine.wait(engine.submit(&workflow, &1).await.unwrap()).await.unwrap();
    let all = whole(&world, &FeedCursor::START).await.commits;
    let times: Vec<Timestamp> = all.iter().map(|commit| commit.at).collect();
    assert!(times.is_sorted(), "{times:?}");
}
