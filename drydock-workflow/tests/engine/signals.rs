//! Signals: before or after the wait, each taken once, over crashes.

use std::time::Duration;

use drydock_workflow::{Engine, EngineError, Outcome, StepContext, Workflow, WorkflowBuilder, step_fn};

use crate::faulty::{Call, Fault, FaultyJournal};
use crate::support::{Log, World, failure, output, single, within};

/// Waits for two approvals, one after the other, and gives what they said and who said it.
fn approvals(log: &Log) -> Workflow<(), Vec<String>> {
    let log = log.clone();
    let step = step_fn(move |ctx: StepContext, (): ()| {
        let log = log.clone();
        async move {
            let mut said: Vec<String> = ctx.scratch().unwrap_or_default();
            if let Some(signal) = ctx.signal() {
                let text = format!("{} by {}", signal.payload.decode::<String>().unwrap(), signal.sender);
                log.note(&text);
                said.push(text);
            }
            if said.len() == 2 {
                return Ok(Outcome::Done(said));
            }
            log.note("waits");
            Ok(Outcome::signal("approve", "somebody has to look").keep(&said))
        }
    });
    single("approvals", step)
}

async fn send(engine: &Engine, task: drydock_core::TaskId, text: &str) {
    assert!(engine.signal(task, "approve", &text, "ada").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_comes_before_the_wait_is_there_and_one_that_comes_after_ends_it() {
    let (log, world) = (Log::default(), World::new());
    let workflow = approvals(&log);
    let task = world.queue(&workflow, &()).await.id;
    let other = world.instance("front").start().await.unwrap();
    send(&other, task, "first").await;
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    log.reaches(3).await;
    assert_eq!(log.lines(), ["waits", "first by ada", "waits"]);
    // Sent by an instance that does not have the task, it comes with the next poll.
    send(&other, task, "second").await;
    let end = within(Duration::from_secs(2), engine.wait(task)).await.expect("the signal is seen soon");
    assert_eq!(output(&end.unwrap()), "[\"first by ada\",\"second by ada\"]");
    assert!(!engine.signal(task, "approve", &"third", "ada").await.unwrap(), "the task has ended");
}

#[tokio::test(start_paused = true)]
async fn a_signal_is_taken_once_and_kept_over_a_crash() {
    let (log, world) = (Log::default(), World::new());
    let workflow = approvals(&log);
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    send(&first, task, "first").await;
    log.reaches(3).await;
    drop(first);
    let second = world.instance("b").workflow(&workflow).start().await.unwrap();
    send(&second, task, "second").await;
    // The step ran again from the last record, with the signal that it had taken; the second is another.
    assert_eq!(output(&second.wait(task).await.unwrap()), "[\"first by ada\",\"second by ada\"]");
    assert_eq!(log.lines().last().unwrap(), "second by ada");
}

/// Two steps that wait for a number each, and its sum.
fn both() -> Workflow<(), u32> {
    let wait = || {
        step_fn(|ctx: StepContext, (): ()| async move {
            Ok(match ctx.signal() {
                Some(signal) => Outcome::Done(signal.payload.decode::<u32>().unwrap()),
                None => Outcome::signal("number", "a number is to come"),
            })
        })
    };
    let mut builder = WorkflowBuilder::<()>::new("both", 1);
    let left = builder.step("left", wait()).run(());
    let right = builder.step("right", wait()).run(());
    let sum = step_fn(|_, (a, b): (u32, u32)| async move { Ok(Outcome::Done(a + b)) });
    let sum = builder.step("sum", sum).run((&left, &right));
    builder.output(&sum).unwrap()
}

#[tokio::test(start_paused = true)]
async fn of_two_steps_that_wait_each_takes_one() {
    let (workflow, world) = (both(), World::new());
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    for number in [1, 10] {
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(engine.signal(task, "number", &number, "ada").await.unwrap());
    }
    assert_eq!(output(&engine.wait(task).await.unwrap()), "11");
}

#[tokio::test(start_paused = true)]
async fn news_that_come_late_give_no_signal_a_second_time() {
    let (workflow, world) = (both(), World::new());
    // What is told is older than what the instance has done meanwhile.
    let journal = FaultyJournal::new(world.store.clone(), |call| {
        matches!(call, Call::News(_)).then_some(Fault::AnswerLate(Duration::from_secs(1)))
    });
    let slow = FaultyJournal::new(journal, |call| {
        matches!(call, Call::Append { .. }).then_some(Fault::Slow(Duration::from_millis(700)))
    });
    let engine = world.instance_over(slow, "a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert!(engine.signal(task, "number", &1, "ada").await.unwrap());
    assert!(within(Duration::from_mins(1), engine.wait(task)).await.is_none(), "a number is missing");
    assert!(engine.signal(task, "number", &10, "ada").await.unwrap());
    assert_eq!(output(&engine.wait(task).await.unwrap()), "11");
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_signal_may_have_an_end() {
    let world = World::new();
    let patient = step_fn(|ctx: StepContext, (): ()| async move {
        if ctx.may_have_run() {
            return Ok(Outcome::Done(ctx.elapsed().as_secs()));
        }
        Ok(Outcome::signal("never", "it never comes").or_after(Duration::from_hours(3)))
    });
    let workflow = single("patient", patient);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), (3 * 3600).to_string());

    let mut builder = WorkflowBuilder::<()>::new("deadline", 1);
    let waits =
        step_fn(|_: StepContext, (): ()| async move { Ok(Outcome::<()>::signal("never", "it never comes")) });
    builder.step("waits", waits).deadline(Duration::from_hours(1)).run(());
    let workflow = builder.build().unwrap();
    let engine = world.instance("b").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step waits: its deadline passed");
}

#[tokio::test(start_paused = true)]
async fn names_that_are_for_operators_are_refused_on_both_sides() {
    let world = World::new();
    let waits = step_fn(|_: StepContext, (): ()| async move { Ok(Outcome::<()>::signal("order:skip", "x")) });
    let workflow = single("greedy", waits);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    let said = failure(&engine.wait(task).await.unwrap());
    assert!(said.contains("must not be empty, nor begin with \"order:\""), "{said}");
    for name in ["", "order:retry"] {
        let refused = engine.signal(task, name, &(), "ada").await;
        assert!(matches!(refused, Err(EngineError::SignalName(_))), "{name:?}");
    }
}
