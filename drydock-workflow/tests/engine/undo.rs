//! Undo: what was done is taken back when the task fails or is cancelled, and what cannot be is said loudly.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_core::journal::TaskEndKind;
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{
    EventKind, Outcome, StepContext, StepError, Undo, Unwind, Workflow, WorkflowBuilder, step_fn,
};
use tokio::sync::Notify;

use crate::faulty::Switch;
use crate::support::{Log, World, failure, within};

/// Books a flight, then a hotel, then pays, which fails or takes for ever; `stays` makes the hotel impossible to give back.
fn trip(log: &Log, pays: bool, stays: &Switch, unwind: Unwind) -> Workflow<String, ()> {
    let mut builder = WorkflowBuilder::<String>::new("trip", 1).unwind(unwind);
    let who = builder.input();
    let book = |what: &'static str| {
        let log = log.clone();
        step_fn(move |_, who: String| {
            log.note(format!("book {what}"));
            async move { Ok(Outcome::Done(format!("{what} of {who}"))) }
        })
    };
    let give_back = |stays: Switch| {
        let log = log.clone();
        step_fn(move |ctx: StepContext, booked: Undo<String, String>| {
            let (log, stays) = (log.clone(), stays.clone());
            async move {
                if stays.is_on() {
                    return Err(StepError::retryable("nobody answers"));
                }
                log.note(format!("{} gives back the {}", ctx.key(), booked.output));
                Ok(Outcome::Done(()))
            }
        })
    };
    let policy = RetryPolicy::attempts(2);
    let flight = builder.step("flight", book("flight")).undo(give_back(Switch::default())).run(&who);
    let hotel = builder
        .step("hotel", book("hotel"))
        .retry(policy)
        .undo(give_back(stays.clone()))
        .after(&flight)
        .run(&who);
    let pay = step_fn(move |ctx: StepContext, (): ()| async move {
        if pays {
            ctx.cancelled().cancelled().await;
            return Err::<Outcome<()>, _>(StepError::cancelled());
        }
        Err(StepError::permanent("no money"))
    });
    builder.step("pay", pay).after(&hotel).run(());
    let log = log.clone();
    let tell = step_fn(move |_, flight: Option<String>| {
        log.note(format!("tell of {}", flight.as_deref().unwrap_or("nothing")));
        async { Ok(Outcome::<()>::Done(())) }
    });
    builder.finally("tell", tell).run(&flight.maybe());
    builder.build().unwrap()
}

const UNDONE: [&str; 5] = [
    "book flight",
    "book hotel",
    "undo:hotel gives back the hotel of me",
    "undo:flight gives back the flight of me",
    "tell of flight of me",
];

#[tokio::test(start_paused = true)]
async fn a_failed_task_is_undone_backwards_before_its_finally_steps() {
    let log = Log::default();
    let workflow = trip(&log, false, &Switch::default(), Unwind::Always);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &"me".to_owned()).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step pay: no money");
    assert_eq!(log.lines(), UNDONE);
    let history = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!(history.checkpoints.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_is_undone_if_its_workflow_says_so() {
    for (unwind, lines) in
        [(Unwind::OnCancel, UNDONE.to_vec()), (Unwind::OnFailure, vec![UNDONE[0], UNDONE[1], UNDONE[4]])]
    {
        let log = Log::default();
        let workflow = trip(&log, true, &Switch::default(), unwind);
        let world = World::new();
        let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
        let mut events = engine.events();
        let task = engine.submit(&workflow, &"me".to_owned()).await.unwrap();
        let pays =
            |kind: &EventKind| matches!(kind, EventKind::StepStarted { step, .. } if step.text() == "pay");
        while !pays(&events.recv().await.unwrap().kind) {}
        engine.cancel(task, "an operator").await.unwrap();
        let end = engine.wait(task).await.unwrap();
        assert!(matches!(end.kind, TaskEndKind::Cancelled(_)), "{end:?}");
        assert_eq!(log.lines(), lines);
    }
}

#[tokio::test(start_paused = true)]
async fn an_undoing_that_fails_for_good_leaves_the_task_stuck_after_a_crash_too() {
    let (log, stays) = (Log::default(), Switch::default());
    stays.set(true);
    let workflow = trip(&log, false, &stays, Unwind::Always);
    let world = World::new();
    let mut first = Some(world.instance("a").workflow(&workflow).start().await.unwrap());
    let mut events = first.as_ref().unwrap().events();
    let task = first.as_ref().unwrap().submit(&workflow, &"me".to_owned()).await.unwrap();
    for life in ["first", "second"] {
        let left = loop {
            if let EventKind::TaskStuck { left } = events.recv().await.unwrap().kind {
                break left;
            }
        };
        let left: Vec<String> = left.iter().map(ToString::to_string).collect();
        assert_eq!(left, ["undo:flight", "undo:hotel"], "in its {life} life");
        if life == "first" {
            drop(first.take());
            // The crash comes, and with it another life under the same name.
            let builder = world.instance("a").workflow(&workflow);
            let second = builder.start().await.unwrap();
            events = second.events();
            first = Some(second);
        }
    }
    let engine = first.unwrap();
    assert!(engine.cancel(task, "an operator").await.unwrap());
    assert!(
        within(Duration::from_hours(9), engine.wait(task)).await.is_none(),
        "a cancellation does not end it"
    );
    assert_eq!(log.lines(), UNDONE[..2]);
    let history = world.store.task_history(task).await.unwrap().unwrap();
    let attempts: Vec<_> = history.attempts.iter().map(|it| (it.step.to_string(), it.attempt)).collect();
    assert_eq!(attempts, [("undo:hotel".to_owned(), 1)], "it had its step's two attempts");
    within(Duration::from_mins(1), engine.drain()).await.expect("it drains").unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_undoing_that_a_crash_cut_off_is_run_again() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let mut builder = WorkflowBuilder::<()>::new("one", 1);
    let undo = {
        let (log, gate) = (log.clone(), gate.clone());
        step_fn(move |ctx: StepContext, Undo { output, .. }: Undo<(), Option<u32>>| {
            let (log, gate) = (log.clone(), gate.clone());
            async move {
                log.note(format!("undo of {output:?}, again: {}", ctx.may_have_run()));
                gate.notified().await;
                Ok(Outcome::Done(()))
            }
        })
    };
    let act = step_fn(|_, (): ()| async { Err::<Outcome<u32>, _>(StepError::permanent("half done")) });
    builder.step("act", act).undo_begun(undo).run(());
    let workflow = builder.build().unwrap();
    let world = World::new();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    drop(first);
    let second = world.instance("a").workflow(&workflow).start().await.unwrap();
    log.reaches(2).await;
    gate.notify_one();
    assert_eq!(failure(&second.wait(task).await.unwrap()), "step act: half done");
    assert_eq!(log.lines(), ["undo of None, again: false", "undo of None, again: true"]);
}
