//! A store whose answers come after the lease: the instance does not wait for them, and nothing is done or recorded twice.

use std::time::Duration;

use drydock_core::journal::Write;
use drydock_store::repo::TaskRepo as _;

use crate::captured::Captured;
use crate::faulty::{Call, Fault, FaultyJournal, Switch};
use crate::support::{Log, World, output, within, works};

/// Longer than the lease of 9 s.
const LATE: Duration = Duration::from_secs(20);

/// How often the step begins when the commit of its end meets with `fault`, and all renewals are answered late.
async fn beginnings(fault: Fault) -> usize {
    let (captured, _guard) = Captured::start();
    let (log, world, late) = (Log::default(), World::new(), Switch::default());
    let slow = late.clone();
    let journal = FaultyJournal::new(world.store.clone(), move |call| match call {
        Call::Renew(_) if slow.is_on() => Some(Fault::AnswerLate(LATE)),
        Call::Append { writes, .. } if slow.is_on() => {
            writes.iter().any(|write| matches!(write, Write::StepEnded(..))).then_some(fault)
        }
        _ => None,
    });
    let workflow = works(&log);
    let engine = world.instance_over(journal, "late").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &1).await.unwrap();
    log.reaches(1).await;
    let epoch = world.beat("late").await.epoch;
    late.set(true);
    // From two thirds of the lease on it has no task any more, whatever the store has not said yet.
    let rejoined = within(Duration::from_secs(9), async {
        while world.beat("late").await.epoch == epoch {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(rejoined.await.is_some(), "it waits for the answer beyond its lease");
    late.set(false);
    assert_eq!(output(&engine.wait(task).await.unwrap()), "1");
    // The answers that were late have come by now; nobody heeds them.
    tokio::time::sleep(LATE * 2).await;
    let history = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!(history.checkpoints.len(), 1);
    let lost: Vec<_> = captured.lines().into_iter().filter(|line| line.contains("lost the lease")).collect();
    assert_eq!(lost.len(), 1, "{lost:#?}");
    log.lines().len()
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_was_made_and_answered_after_the_lease_stands() {
    assert_eq!(beginnings(Fault::AnswerLate(LATE)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_comes_after_the_lease_is_not_made_and_the_step_runs_again() {
    assert_eq!(beginnings(Fault::Slow(LATE)).await, 2);
}
