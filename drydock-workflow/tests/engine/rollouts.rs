//! Rollouts: children in waves, few at once, within a budget; and joins for which not all must complete.

use std::time::Duration;

use drydock_core::journal::{TaskEndKind, Write};
use drydock_store::repo::{ParentFilter, TaskQuery, TaskRepo as _};
use drydock_workflow::{
    ChildOutcome, ChildResult, ChildrenBuilder, Join, Outcome, StepContext, StepError, Wave, Workflow,
    WorkflowBuilder, step_fn,
};

use crate::faulty::{Call, Fault, FaultyJournal};
use crate::support::{Log, World, childless, children, failure, output, within};

/// A child that works for as many seconds as its number says; one with a negative number fails after as many.
fn works(log: &Log) -> Workflow<i64, i64> {
    let log = log.clone();
    let step = step_fn(move |ctx: StepContext, seconds: i64| {
        let log = log.clone();
        async move {
            log.note(format!("begins {seconds}"));
            tokio::select! {
                () = ctx.cancelled().cancelled() => {
                    log.note(format!("stops {seconds}"));
                    return Err(StepError::cancelled());
                }
                () = tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())) => {}
            }
            if seconds < 0 { Err(StepError::permanent("broken")) } else { Ok(Outcome::Done(seconds)) }
        }
    });
    let mut builder = WorkflowBuilder::<i64>::new("works", 1);
    let input = builder.input();
    let done = builder.step("works", step).run(&input);
    builder.output(&done).unwrap()
}

type Results = Vec<ChildResult<i64>>;

fn parent(
    child: &Workflow<i64, i64>,
    rollout: impl for<'a> FnOnce(ChildrenBuilder<'a, i64, i64>) -> ChildrenBuilder<'a, i64, i64>,
) -> Workflow<Vec<i64>, Results> {
    let mut builder = WorkflowBuilder::<Vec<i64>>::new("parent", 1);
    let input = builder.input();
    let ends = rollout(builder.children("all", child)).run(&input);
    builder.output(&ends).unwrap()
}

/// Which began; siblings do in any order.
fn begun(log: &Log) -> Vec<String> {
    log.sorted().into_iter().filter(|line| line.starts_with("begins")).collect()
}

#[tokio::test(start_paused = true)]
async fn with_all_the_first_failure_fails_the_step_and_the_rest_is_not_started() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent(&child, |children| children.join(Join::All).at_once(2));
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![1, 60, -5, 7, 8]).await.unwrap();
    let time = tokio::time::Instant::now();
    let end = engine.wait(task).await.unwrap();
    assert_eq!(failure(&end), "step all: 1 of 5 children did not complete, 0 may fail, 2 were not started");
    assert_eq!(begun(&log), ["begins -5", "begins 1", "begins 60"]);
    assert_eq!(time.elapsed().as_secs(), 60, "the one under way goes on to its end");
    let task = engine.submit(&parent, &vec![3, 2, 1]).await.unwrap();
    assert_eq!(children::<i64>(&engine.wait(task).await.unwrap()), [3, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn with_any_the_first_that_completes_is_enough_and_the_others_are_cancelled() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent(&child, |children| children.join(Join::Any));
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![3600, -1, 5, 7200]).await.unwrap();
    let end = within(Duration::from_mins(1), engine.wait(task)).await.expect("it waits for all").unwrap();
    let ends: Results = serde_json::from_str(&output(&end)).unwrap();
    let how: Vec<&str> = ends
        .iter()
        .map(|end| match &end.end {
            ChildOutcome::Completed(_) => "completed",
            ChildOutcome::Failed(_) => "failed",
            ChildOutcome::Cancelled(request) if request.by.contains("step all of task") => "cancelled",
            ChildOutcome::Cancelled(_) => "cancelled by somebody",
        })
        .collect();
    assert_eq!(how, ["cancelled", "failed", "completed", "cancelled"]);
    let task = engine.submit(&parent, &vec![-1, -2]).await.unwrap();
    let end = engine.wait(task).await.unwrap();
    assert_eq!(failure(&end), "step all: at most 0 of 2 children can complete, 1 must");
    let task = engine.submit(&parent, &vec![]).await.unwrap();
    assert_eq!(
        failure(&engine.wait(task).await.unwrap()),
        "step all: at most 0 of 0 children can complete, 1 must"
    );
}

#[tokio::test(start_paused = true)]
async fn a_child_whose_start_is_under_way_when_the_others_are_enough_is_cancelled_too() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent(&child, |children| children.join(Join::Any).at_once(2));
    let world = World::new();
    // The children run on the other instance, and the start of the third takes long.
    let journal = FaultyJournal::new(world.store.clone(), |call| match call {
        Call::Append { writes, .. } => {
            let third = |write: &Write| matches!(write, Write::TaskQueued(task) if task.parent.as_ref().is_some_and(|it| it.index == 2));
            writes.iter().any(third).then_some(Fault::Slow(Duration::from_secs(20)))
        }
        call => childless(call),
    });
    let engine = world.instance_over(journal, "a").workflow(&child).workflow(&parent);
    let engine = engine.start().await.unwrap();
    let _other = world.instance("b").workflow(&child).start().await.unwrap();
    let task = engine.submit(&parent, &vec![10, -1, 36_000]).await.unwrap();
    let end = within(Duration::from_mins(5), engine.wait(task)).await.expect("it waits for all").unwrap();
    let ends: Results = serde_json::from_str(&output(&end)).unwrap();
    assert!(matches!(ends[2].end, ChildOutcome::Cancelled(_)), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn waves_start_one_after_the_other_also_over_a_crash_and_no_child_twice() {
    let log = Log::default();
    let child = works(&log);
    let parent =
        parent(&child, |children| children.waves([Wave::Count(1), Wave::Percent(20), Wave::Rest]).budget(1));
    let world = World::new();
    let start = || world.instance("a").workflow(&child).workflow(&parent).start();
    let first = start().await.unwrap();
    let list: Vec<i64> = vec![100, 101, -102, 103, 104, 105, 106, 107, 108, 109];
    let task = first.submit(&parent, &list).await.unwrap();
    log.reaches(1).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(begun(&log), ["begins 100"]);
    log.reaches(3).await;
    // In the midst of the second wave.
    tokio::time::sleep(Duration::from_secs(50)).await;
    drop(first);
    let second = start().await.unwrap();
    log.reaches(5).await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert_eq!(log.lines().len(), 5, "the third wave waits for those that were cut off");
    let end = within(Duration::from_hours(1), second.wait(task)).await.unwrap().unwrap();
    let ends: Results = serde_json::from_str(&output(&end)).unwrap();
    assert_eq!(ends.len(), 10);
    assert_eq!(ends.iter().filter(|end| matches!(end.end, ChildOutcome::Completed(_))).count(), 9);
    let query = TaskQuery { parents: ParentFilter::Of(vec![task]), ..TaskQuery::default() };
    assert_eq!(world.store.task_list(&query).await.unwrap().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn over_its_budget_no_other_wave_starts() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent(&child, |children| children.waves([Wave::Count(2), Wave::Rest]).budget(1));
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![-1, -2, 3, 4]).await.unwrap();
    let end = engine.wait(task).await.unwrap();
    assert_eq!(failure(&end), "step all: 2 of 4 children did not complete, 1 may fail, 2 were not started");
    assert_eq!(begun(&log).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn children_on_another_instance_make_room_for_the_next() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent(&child, |children| children.at_once(2));
    let world = World::new();
    // The children run on the other.
    let journal = FaultyJournal::new(world.store.clone(), childless);
    let engine = world.instance_over(journal, "a").workflow(&child).workflow(&parent);
    let engine = engine.start().await.unwrap();
    let _other = world.instance("b").workflow(&child).start().await.unwrap();
    let task = engine.submit(&parent, &vec![10, 11, 12, 13, 14]).await.unwrap();
    let end = within(Duration::from_mins(5), engine.wait(task)).await.unwrap().unwrap();
    assert_eq!(children::<i64>(&end), [10, 11, 12, 13, 14]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_parent_starts_no_other_child() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent(&child, |children| children.waves([Wave::Count(2)]));
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![1, 3600, 3, 4]).await.unwrap();
    log.reaches(2).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    engine.cancel(task, "an operator").await.unwrap();
    let end = within(Duration::from_mins(2), engine.wait(task)).await.unwrap().unwrap();
    assert!(matches!(end.kind, TaskEndKind::Cancelled(_)), "{end:?}");
    assert_eq!(log.sorted(), ["begins 1", "begins 3600", "stops 3600"]);
}
