//! Every state of a step with every event.

use drydock_core::journal::{StepEnd, WaitKind};

use super::{at, begun, broken, cancellation, done, ended, failed, plan, waits};
use crate::run::{Command, IllegalRecord, Progress, Run, StepState};

/// The step that all events here are about.
const STEP: usize = 1;

/// The states of a step, each with the word for it.
fn states() -> Vec<(&'static str, Run)> {
    ["blocked", "ready", "running", "waiting", "joining", "retrying", "done", "failed"]
        .into_iter()
        .map(|state| (state, in_state(state)))
        .collect()
}

fn in_state(state: &str) -> Run {
    let mut run = begun(&[("before", &[]), ("step", &["before"]), ("after", &["step"])]);
    if state == "blocked" {
        return run;
    }
    run.fold_ended(&done("before")).unwrap();
    if state != "ready" {
        plan(&mut run, 0);
    }
    match state {
        "waiting" => assert_eq!(run.fold_waits(&waits("step", 1, WaitKind::Timer)), Ok(STEP)),
        "joining" => assert_eq!(run.fold_waits(&waits("step", 1, WaitKind::Children)), Ok(STEP)),
        "retrying" => assert_eq!(run.fold_failed(&failed("step", 1)), Ok(STEP)),
        "done" => assert_eq!(run.fold_ended(&done("step")), Ok(STEP)),
        "failed" => assert_eq!(run.fold_ended(&broken("step")), Ok(STEP)),
        _ => {}
    }
    run
}

#[test]
fn a_record_is_taken_from_a_ready_or_running_step_and_refused_of_any_other() {
    type Event = fn(&mut Run) -> Result<usize, IllegalRecord>;
    const TURN: &[&str] = &["ready", "running"];
    // An operator ends what failed or waits.
    const OPERATED: &[&str] = &["ready", "running", "waiting", "joining", "retrying", "failed"];
    let events: [(&str, &[&str], Event); 6] = [
        ("end", OPERATED, |run| run.fold_ended(&done("step"))),
        ("end", OPERATED, |run| run.fold_ended(&ended("step", StepEnd::Skipped("no need".to_owned())))),
        ("end", TURN, |run| run.fold_ended(&broken("step"))),
        ("be tried again", TURN, |run| run.fold_failed(&failed("step", 1))),
        ("wait", TURN, |run| run.fold_waits(&waits("step", 1, WaitKind::Timer))),
        ("be tried again", &["failed"], |run| run.fold_reopened(&failed("step", 1))),
    ];
    for (event, from, fold) in events {
        for (state, mut run) in states() {
            let before = run.step(STEP).clone();
            match fold(&mut run) {
                Ok(slot) => {
                    assert!(from.contains(&state), "{state} took: {event}");
                    assert_eq!(slot, STEP);
                    assert_eq!(run.running(), 0);
                    assert!(!run.awaits_children());
                }
                Err(error) => {
                    assert!(!from.contains(&state), "{state} refused: {event}");
                    let word = if state == "joining" { "waiting" } else { state };
                    assert_eq!(error.to_string(), format!("step step cannot {event} while it is {word}"));
                    assert_eq!(run.step(STEP), &before, "a refused record changes nothing");
                }
            }
        }
    }
}

#[test]
fn what_an_operator_ended_lets_the_next_begin_and_what_is_reopened_is_tried_again() {
    for state in ["waiting", "joining", "retrying", "failed"] {
        let mut run = in_state(state);
        run.fold_ended(&done("step")).unwrap();
        assert_eq!(plan(&mut run, 1), [Command::Start(2)], "{state}");
    }
    let mut run = in_state("failed");
    assert_eq!(run.fold_reopened(&failed("step", 4)), Ok(STEP));
    assert_eq!(plan(&mut run, 1), [Command::Start(STEP)]);
    let again =
        Progress { attempt: 5, since: Some(at(1)), deadline: Some(at(60)), replayed: true, doubt: true };
    assert_eq!(run.step(STEP), &StepState::Running(again));
}

#[test]
fn a_record_of_an_unknown_step_is_refused() {
    let mut run = in_state("running");
    let refused = run.fold_ended(&done("other")).unwrap_err();
    assert_eq!(refused.to_string(), "the workflow has no step other");
    assert_eq!(run.fold_failed(&failed("other", 1)).unwrap_err(), refused);
    assert_eq!(run.fold_waits(&waits("other", 1, WaitKind::Timer)).unwrap_err(), refused);
}

#[test]
fn only_a_wait_or_a_delay_that_is_over_comes_due() {
    for (state, mut run) in states() {
        let timed = ["waiting", "retrying"].contains(&state);
        assert_eq!(run.timers().count(), usize::from(timed), "{state}");
        assert!(!run.fold_due(STEP, at(9)), "{state} too early");
        assert_eq!(run.fold_due(STEP, at(10)), timed, "{state}");
        assert!(!run.fold_due(STEP, at(10)), "{state} twice");
    }
}

#[test]
fn only_a_step_that_waits_for_children_is_joined() {
    for (state, mut run) in states() {
        assert_eq!(run.awaits_children(), state == "joining");
        assert_eq!(run.fold_joined(STEP), state == "joining", "{state}");
        assert!(!run.fold_joined(STEP), "{state} twice");
        assert!(!run.awaits_children());
    }
}

#[test]
fn a_wait_goes_on_with_its_attempt_and_a_failed_attempt_begins_the_next() {
    let progress = |state: &str| {
        let mut run = in_state(state);
        assert!(run.fold_due(STEP, at(10)));
        plan(&mut run, 10);
        match run.step(STEP) {
            StepState::Running(progress) => *progress,
            other => panic!("{other:?}"),
        }
    };
    let (since, deadline) = (Some(at(0)), Some(at(60)));
    assert_eq!(progress("waiting"), Progress { attempt: 1, since, deadline, replayed: true, doubt: false });
    assert_eq!(
        progress("retrying"),
        Progress { attempt: 2, since: Some(at(10)), deadline, replayed: true, doubt: true }
    );
}

#[test]
fn the_first_cancellation_stands() {
    let mut run = in_state("running");
    run.fold_cancelled(cancellation("one"));
    run.fold_cancelled(cancellation("two"));
    assert_eq!(run.cancellation(), Some(&cancellation("one")));
}
