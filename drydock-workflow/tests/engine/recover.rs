//! Crashes, takeovers, lost leases: a task goes on at its first step without a checkpoint.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::Fence;
use drydock_core::journal::{Journal as _, JournalError, Write};
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{EngineError, Outcome, StepContext, Workflow, WorkflowBuilder, step_fn};
use tokio::sync::Notify;

use crate::support::{Log, World, output, single};

/// Three steps; the second goes on only when `gate` is opened.
pub(crate) fn three(log: &Log, gate: &Arc<Notify>) -> Workflow<(), ()> {
    let step = |name: &'static str, gated: bool| {
        let (log, gate) = (log.clone(), gate.clone());
        step_fn(move |ctx: StepContext, (): ()| {
            let (log, gate) = (log.clone(), gate.clone());
            async move {
                log.note(if ctx.may_have_run() { format!("{name} again") } else { name.to_owned() });
                if gated {
                    gate.notified().await;
                }
                Ok(Outcome::Done(()))
            }
        })
    };
    let mut builder = WorkflowBuilder::<()>::new("three", 1);
    let first = builder.step("first", step("first", false)).run(());
    let second = builder.step("second", step("second", true)).run(&first);
    builder.step("third", step("third", false)).run(&second);
    builder.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_same_name_goes_on_at_once_at_the_step_without_a_checkpoint() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let workflow = three(&log, &gate);
    let world = World::new();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    log.reaches(2).await;
    drop(first);
    let begun = tokio::time::Instant::now();
    let second = world.instance("a").workflow(&workflow).start().await.unwrap();
    log.reaches(3).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "a restart does not wait for the lease");
    gate.notify_one();
    output(&second.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["first", "second", "second again", "third"]);
    assert_eq!(world.store.task_history(task).await.unwrap().unwrap().checkpoints.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_silent_instance_is_taken_over_within_the_lease_and_its_writes_are_refused() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let workflow = three(&log, &gate);
    let world = World::new();
    let dead = world.instance("dead").workflow(&workflow).start().await.unwrap();
    let alive = world.instance("alive").workflow(&workflow).start().await.unwrap();
    let task = dead.submit(&workflow, &()).await.unwrap();
    log.reaches(2).await;
    let epoch = world.store.instance_list().await.unwrap()[0].epoch;
    drop(dead);
    let silent = tokio::time::Instant::now();
    log.reaches(3).await;
    // The lease of 9 s, and up to a tenth of it until the next look: also where it had only just joined who takes over.
    assert!(silent.elapsed() < Duration::from_secs(10), "{:?}", silent.elapsed());
    gate.notify_one();
    output(&alive.wait(task).await.unwrap());
    let late = world.store.task_history(task).await.unwrap().unwrap().checkpoints.remove(0);
    let refused = world.store.append(epoch, &[Write::StepEnded(task, late)]).await;
    assert!(matches!(refused, Err(JournalError::Fenced { .. })), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_was_retired_wrongly_stops_its_steps_and_joins_anew() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let workflow = three(&log, &gate);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(2).await;
    let instance = world.store.instance_list().await.unwrap().remove(0);
    assert!(world.store.instance_retire(instance.epoch, instance.beat).await.unwrap());
    log.reaches(3).await;
    gate.notify_one();
    output(&engine.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["first", "second", "second again", "third"]);
    assert!(world.store.instance_list().await.unwrap()[0].epoch > instance.epoch);
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_name_is_taken_stops_and_says_so() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let workflow = three(&log, &gate);
    let world = World::new();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let _second = world.instance("a").workflow(&workflow).start().await.unwrap();
    let ended = first.stopped().await;
    assert!(
        matches!(&ended, Err(EngineError::Ended(cause)) if matches!(**cause, EngineError::NameTaken(_))),
        "{ended:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_fence_grows_when_a_lower_epoch_takes_over_from_a_higher_one() {
    let (log, gate, fences) = (Log::default(), Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
    let step = {
        let (log, gate, fences) = (log.clone(), gate.clone(), fences.clone());
        step_fn(move |ctx: StepContext, (): ()| {
            let (log, gate, fences) = (log.clone(), gate.clone(), fences.clone());
            async move {
                fences.lock().unwrap().push(ctx.fence());
                log.note("began");
                gate.notified().await;
                Ok(Outcome::Done(()))
            }
        })
    };
    let workflow = single("acts", step);
    let world = World::new();
    let low = world.instance("low").workflow(&workflow).start().await.unwrap();
    let high = world.instance("high").workflow(&workflow).start().await.unwrap();
    assert!(world.beat("low").await.epoch < world.beat("high").await.epoch);
    let task = high.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    drop(high);
    log.reaches(2).await;
    // And once more, by an instance that only now joins.
    let _next = world.instance("next").workflow(&workflow).start().await.unwrap();
    drop(low);
    log.reaches(3).await;
    let given = fences.lock().unwrap().clone();
    assert_eq!(given, [1, 2, 3].map(|claims| (task, Fence::new(claims))));
}
