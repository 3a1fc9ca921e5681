//! Records that do not fit the workflow: somebody edited the database, or a program was wrong.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::{Checkpoint, Journal as _, Offers, StepEnd, Write};
use drydock_core::{Clock as _, InstanceName, Payload};

use crate::faulty::{FaultyJournal, Spoilt};
use crate::support::{World, failure, nothing, output, within};

#[tokio::test(start_paused = true)]
async fn a_task_whose_records_do_not_fit_ends_as_failed() {
    let world = World::new();
    let workflow = nothing();
    let task = world.queue(&workflow, &()).await;
    let now = world.clock.now();
    let epoch = world
        .store
        .instance_join(&InstanceName::new("wrong").unwrap(), now, Duration::from_secs(9), &Offers::default())
        .await
        .unwrap();
    world.store.task_claim(epoch, &[task.workflow], now, 1).await.unwrap();
    let checkpoint = Checkpoint {
        step: "no-such-step".parse().unwrap(),
        attempt: 1,
        end: StepEnd::Done(Payload::NULL),
        started_at: now,
        ended_at: now,
    };
    world.store.append(epoch, &[Write::StepEnded(task.id, checkpoint)]).await.unwrap();
    world.store.instance_leave(epoch).await.unwrap();

    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let end = within(Duration::from_hours(1), engine.wait(task.id)).await.unwrap().unwrap();
    assert!(failure(&end).contains("no-such-step"), "{end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_cannot_be_read_is_given_up_and_the_others_run() {
    let world = World::new();
    let workflow = nothing();
    let spoilt = world.queue(&workflow, &()).await;
    let good = world.queue(&workflow, &()).await;
    let rows = Arc::new(Spoilt::default());
    rows.spoil(spoilt.id);
    let journal = FaultyJournal::watched(world.store.clone(), rows);
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    output(&within(Duration::from_hours(1), engine.wait(good.id)).await.unwrap().unwrap());
    let end = within(Duration::from_hours(1), engine.wait(spoilt.id)).await.unwrap().unwrap();
    let failure = failure(&end);
    assert!(failure.contains(&spoilt.id.to_string()) && failure.contains("checkpoints.kind"), "{failure}");
}
