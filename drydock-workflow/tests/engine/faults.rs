//! A store that is away, or loses its answers: nothing is lost, and nothing is done twice.

use std::time::Duration;

use drydock_core::journal::TaskEndKind;
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{Outcome, StepContext, Workflow, step_fn};

use crate::faulty::{Call, Fault, FaultyJournal, Switch};
use crate::support::{Log, World, children, output, parent_of, single, until, within, works};

/// A workflow of one step that notes that it ran.
fn noted(log: &Log) -> Workflow<(), ()> {
    let log = log.clone();
    let step = step_fn(move |_: StepContext, (): ()| {
        let log = log.clone();
        async move {
            log.note("ran");
            Ok(Outcome::Done(()))
        }
    });
    single("noted", step)
}

#[tokio::test(start_paused = true)]
async fn work_goes_on_after_the_store_was_away_for_less_than_the_lease() {
    let world = World::new();
    let away = Switch::default();
    let journal = {
        let away = away.clone();
        FaultyJournal::new(world.store.clone(), move |_| away.is_on().then_some(Fault::Away))
    };
    let log = Log::default();
    let workflow = works(&log);
    let engine = world.instance_over(journal.clone(), "a").workflow(&workflow).start().await.unwrap();
    let epoch = world.beat("a").await.epoch;
    let mut tasks = Vec::new();
    for seconds in 1..=20 {
        tasks.push(engine.submit(&workflow, &seconds).await.unwrap());
    }
    log.reaches(20).await;
    away.set(true);
    tokio::time::sleep(Duration::from_secs(4)).await;
    away.set(false);
    for task in tasks {
        output(&engine.wait(task).await.unwrap());
        assert_eq!(world.store.task_history(task).await.unwrap().unwrap().checkpoints.len(), 1);
    }
    assert_eq!(log.lines().len(), 20, "no step ran twice: {:?}", log.lines());
    assert_eq!(world.beat("a").await.epoch, epoch);
}

#[tokio::test(start_paused = true)]
async fn all_tasks_end_after_the_store_was_away_for_many_leases() {
    let world = World::new();
    let away = Switch::default();
    let journal = {
        let away = away.clone();
        FaultyJournal::new(world.store.clone(), move |_| away.is_on().then_some(Fault::Away))
    };
    let log = Log::default();
    let child = works(&log);
    let parent = parent_of(&child);
    let engine = world.instance_over(journal, "a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![1, 60, 600]).await.unwrap();
    log.reaches(3).await;
    let wait = engine.wait(task);
    let outage = async {
        away.set(true);
        tokio::time::sleep(Duration::from_mins(5)).await;
        away.set(false);
    };
    let (end, ()) = tokio::join!(wait, outage);
    assert_eq!(children::<u64>(&end.unwrap()), [1, 60, 600]);
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_answer_was_lost_counts_once() {
    let world = World::new();
    let lose = Switch::default();
    let journal = {
        let lose = lose.clone();
        FaultyJournal::new(world.store.clone(), move |call| match call {
            // Every second answer, so that each commit needs to be sent again.
            Call::Append { .. } => {
                let lost = !lose.take();
                lose.set(lost);
                lost.then_some(Fault::LoseAnswer)
            }
            _ => None,
        })
    };
    let log = Log::default();
    let child = works(&log);
    let parent = parent_of(&child);
    let engine =
        world.instance_over(journal.clone(), "a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![1, 2, 3]).await.unwrap();
    assert_eq!(children::<u64>(&engine.wait(task).await.unwrap()), [1, 2, 3]);
    assert_eq!(log.sorted(), ["begins 1", "begins 2", "begins 3"]);
    let history = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!((history.checkpoints.len(), history.task.children.len()), (1, 3));
    for child in history.task.children {
        let child = world.store.task_history(child).await.unwrap().unwrap();
        assert_eq!(child.checkpoints.len(), 1);
        assert!(matches!(child.task.end.unwrap().kind, TaskEndKind::Completed(_)));
    }
    assert_eq!(journal.appends() % 2, 0);
}

#[tokio::test(start_paused = true)]
async fn a_submit_over_a_lost_answer_and_a_lost_lease_starts_one_task() {
    let world = World::new();
    let lose = Switch::default();
    lose.set(true);
    let journal = {
        let lose = lose.clone();
        FaultyJournal::new(world.store.clone(), move |call| match call {
            Call::Append { .. } => lose.take().then_some(Fault::LoseAnswer),
            _ => None,
        })
    };
    let log = Log::default();
    let workflow = noted(&log);
    let engine = world.instance_over(journal.clone(), "a").workflow(&workflow).start().await.unwrap();
    let (submitted, ()) = tokio::join!(engine.submit(&workflow, &()), async {
        until(|| journal.appends() == 1).await;
        world.retire("a").await;
    });
    let end = within(Duration::from_mins(1), engine.wait(submitted.unwrap())).await;
    output(&end.expect("the task never ended").unwrap());
    assert_eq!(log.lines(), ["ran"]);
}
