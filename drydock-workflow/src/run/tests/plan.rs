//! What is planned, in which state: once, and never too early.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::Payload;
use drydock_core::journal::{Failure, StepEnd, TaskEndKind, WaitKind};

use super::{at, begun, broken, cancellation, definition, done, ended, failed, failure, name, plan, waits};
use crate::dag::{Dag, Source};
use crate::run::{Command, Progress, Run, StepState};

fn failed_in(step: &str) -> Command {
    let message = format!("step {step}: broken");
    Command::End(TaskEndKind::Failed(Failure { message, ..failure() }))
}

fn cancelled() -> Command {
    Command::End(TaskEndKind::Cancelled(cancellation("one")))
}

/// Two steps side by side, and one after both.
fn fork() -> Run {
    let mut run = begun(&[("left", &[]), ("right", &[]), ("last", &["left", "right"])]);
    assert_eq!(plan(&mut run, 0), [Command::Start(0), Command::Start(1)]);
    assert_eq!(plan(&mut run, 0), [], "told once");
    run
}

#[test]
fn a_step_starts_once_all_that_it_waits_for_has_ended() {
    let mut run = fork();
    run.fold_ended(&done("left")).unwrap();
    assert_eq!(plan(&mut run, 1), []);
    run.fold_ended(&done("right")).unwrap();
    assert_eq!(plan(&mut run, 1), [Command::Start(2)]);
    run.fold_ended(&done("last")).unwrap();
    assert_eq!(run.steps_done(), 3);
    assert_eq!(plan(&mut run, 1), [Command::End(TaskEndKind::Completed(Payload::NULL))]);
    assert_eq!(plan(&mut run, 1), []);
}

#[test]
fn the_output_is_that_of_the_named_step() {
    let named = drydock_core::journal::Checkpoint { attempt: 2, ..done("left") };
    let mut definition = definition(&[("left", &[]), ("right", &["left"])]);
    definition.output = Some(Source::Step(name("left")));
    let mut run = Run::new(Arc::new(Dag::new(definition).unwrap()), Payload::NULL);
    let seven = Payload::encode(&7).unwrap();
    plan(&mut run, 0);
    run.fold_ended(&drydock_core::journal::Checkpoint { end: StepEnd::Done(seven.clone()), ..named })
        .unwrap();
    plan(&mut run, 0);
    run.fold_ended(&done("right")).unwrap();
    assert_eq!(plan(&mut run, 0), [Command::End(TaskEndKind::Completed(seven))]);
}

#[test]
fn after_a_failure_nothing_begins_and_what_is_under_way_ends_first() {
    let mut run = fork();
    run.fold_ended(&broken("left")).unwrap();
    assert_eq!(plan(&mut run, 1), []);
    run.fold_ended(&done("right")).unwrap();
    assert_eq!(plan(&mut run, 1), [failed_in("left")]);
    assert_eq!(plan(&mut run, 1), []);
}

#[test]
fn of_two_failures_the_first_is_told() {
    let mut run = fork();
    run.fold_ended(&broken("right")).unwrap();
    run.fold_ended(&broken("left")).unwrap();
    assert_eq!(plan(&mut run, 1), [failed_in("right")]);
}

#[test]
fn a_failure_does_not_wait_for_timers_but_for_children() {
    for (kind, end) in [(WaitKind::Timer, vec![failed_in("left")]), (WaitKind::Children, vec![])] {
        let mut run = fork();
        run.fold_waits(&waits("right", 1, kind)).unwrap();
        run.fold_ended(&broken("left")).unwrap();
        assert_eq!(plan(&mut run, 1), end);
    }
    let mut run = fork();
    run.fold_failed(&failed("right", 1)).unwrap();
    run.fold_ended(&broken("left")).unwrap();
    assert_eq!(plan(&mut run, 1), [failed_in("left")]);
}

#[test]
fn a_cancellation_stops_what_is_under_way_once_and_ends_when_all_has_stopped() {
    let mut run = fork();
    run.fold_cancelled(cancellation("one"));
    assert_eq!(plan(&mut run, 1), [Command::Stop]);
    run.fold_ended(&broken("left")).unwrap();
    assert_eq!(plan(&mut run, 1), []);
    run.fold_failed(&failed("right", 1)).unwrap();
    assert_eq!(plan(&mut run, 1), [cancelled()]);
    assert!(!run.fold_due(2, at(99)));
    assert_eq!(plan(&mut run, 99), []);
}

#[test]
fn a_cancelled_task_with_nothing_under_way_ends_at_once() {
    let mut run = begun(&[("step", &[])]);
    run.fold_cancelled(cancellation("one"));
    assert_eq!(plan(&mut run, 0), [cancelled()]);
}

#[test]
fn children_that_come_after_the_cancellation_are_stopped_too() {
    let mut run = fork();
    run.fold_cancelled(cancellation("one"));
    assert_eq!(plan(&mut run, 1), [Command::Stop]);
    run.fold_waits(&waits("left", 1, WaitKind::Children)).unwrap();
    assert_eq!(plan(&mut run, 1), [Command::Stop]);
    run.fold_ended(&done("right")).unwrap();
    assert_eq!(plan(&mut run, 1), []);
    assert!(run.fold_joined(0));
    run.fold_ended(&done("left")).unwrap();
    assert_eq!(plan(&mut run, 1), [cancelled()]);
}

#[test]
fn a_deadline_counts_from_the_first_attempt() {
    let mut definition = definition(&[("step", &[])]);
    definition.steps[0].policy.deadline = Some(Duration::from_mins(30));
    let mut run = Run::new(Arc::new(Dag::new(definition).unwrap()), Payload::NULL);
    plan(&mut run, 5);
    let begun =
        Progress { attempt: 1, since: Some(at(5)), deadline: Some(at(35)), replayed: false, doubt: false };
    assert_eq!(run.step(0), &StepState::Running(begun));
    let mut record = failed("step", 1);
    record.deadline = begun.deadline;
    run.fold_failed(&record).unwrap();
    assert!(run.fold_due(0, at(20)));
    plan(&mut run, 20);
    let again =
        Progress { attempt: 2, since: Some(at(20)), deadline: Some(at(35)), replayed: true, doubt: true };
    assert_eq!(run.step(0), &StepState::Running(again));
}

#[test]
fn a_steps_end_ends_the_task_in_the_same_commit_when_nothing_else_is_left() {
    let output = Payload::NULL;
    let completed = Some(TaskEndKind::Completed(Payload::NULL));
    let failed_left =
        Some(TaskEndKind::Failed(Failure { message: "step left: broken".to_owned(), ..failure() }));

    assert_eq!(fork().end_with(0, Ok(&output)), None, "the other runs");
    assert_eq!(fork().end_with(0, Err(&failure())), None, "the other runs");

    let alone = || {
        let mut run = fork();
        run.fold_ended(&done("right")).unwrap();
        run
    };
    assert_eq!(alone().end_with(0, Ok(&output)), None, "one is still to come");
    assert_eq!(alone().end_with(0, Err(&failure())), failed_left);

    let mut waiting = fork();
    waiting.fold_waits(&waits("right", 1, WaitKind::Children)).unwrap();
    assert_eq!(waiting.end_with(0, Err(&failure())), None, "children go on");

    let mut cancelled = alone();
    cancelled.fold_cancelled(cancellation("one"));
    assert_eq!(cancelled.end_with(0, Err(&failure())), None, "it ends as cancelled");

    let mut last = alone();
    last.fold_ended(&ended("left", StepEnd::Done(Payload::NULL))).unwrap();
    plan(&mut last, 1);
    assert_eq!(last.end_with(2, Ok(&output)), completed);
    last.fold_ended(&done("last")).unwrap();
    assert_eq!(plan(&mut last, 1), [], "its end is on its way");
}

#[test]
fn an_end_that_cannot_be_recorded_is_planned_anew() {
    let mut run = begun(&[("step", &[])]);
    plan(&mut run, 0);
    assert!(run.end_with(0, Ok(&Payload::NULL)).is_some());
    run.reopen();
    run.fold_ended(&broken("step")).unwrap();
    assert_eq!(plan(&mut run, 0), [failed_in("step")]);
}
