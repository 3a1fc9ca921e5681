//! A task's state from its records, in whatever order they come.

use std::collections::BTreeSet;

use drydock_core::Payload;
use drydock_core::journal::{Checkpoint, ClaimedTask, WaitKind};
use proptest::prelude::*;

use super::{at, broken, cancellation, claimed, dag, done, failed, plan, waits};
use crate::run::{Command, Progress, Run, StepState};

/// The state of the first of two steps in a row.
fn first(claimed: &ClaimedTask) -> StepState {
    let run = Run::recover(dag(&[("first", &[]), ("second", &["first"])]), claimed).unwrap();
    run.step(0).clone()
}

fn ready(replayed: bool) -> StepState {
    StepState::Ready(Progress { replayed, doubt: replayed, ..Progress::default() })
}

#[test]
fn a_step_without_records_may_have_run_if_somebody_had_the_task() {
    assert_eq!(first(&claimed()), ready(true));
    assert_eq!(first(&ClaimedTask { resumed: false, ..claimed() }), ready(false));
}

#[test]
fn of_attempts_and_waits_the_newest_counts() {
    let retrying = |attempt| StepState::Retrying {
        progress: Progress { attempt, since: None, deadline: Some(at(60)), replayed: true, doubt: true },
        until: at(10),
    };
    let waiting = |attempt| StepState::Waiting {
        progress: Progress {
            attempt,
            since: Some(at(0)),
            deadline: Some(at(60)),
            replayed: true,
            doubt: true,
        },
        kind: WaitKind::Timer,
        until: Some(at(10)),
    };
    let table: [(&[u32], Option<u32>, StepState); 6] = [
        (&[1], None, retrying(2)),
        (&[1, 2, 3], None, retrying(4)),
        (&[3, 1, 2], None, retrying(4)),
        (&[], Some(1), waiting(1)),
        (&[1, 2], Some(2), retrying(3)),
        (&[2, 1], Some(3), waiting(3)),
    ];
    for (attempts, wait, expected) in table {
        let claimed = ClaimedTask {
            attempts: attempts.iter().map(|attempt| failed("first", *attempt)).collect(),
            waits: wait.map(|attempt| waits("first", attempt, WaitKind::Timer)).into_iter().collect(),
            ..claimed()
        };
        assert_eq!(first(&claimed), expected, "attempts {attempts:?}, wait {wait:?}");
    }
}

#[test]
fn what_a_step_that_ended_did_before_does_not_count() {
    let claimed = ClaimedTask {
        checkpoints: vec![done("first")],
        attempts: vec![failed("first", 1)],
        waits: vec![waits("first", 2, WaitKind::Children)],
        ..claimed()
    };
    let mut run = Run::recover(dag(&[("first", &[]), ("second", &["first"])]), &claimed).unwrap();
    assert_eq!(run.step(0), &StepState::Done(Payload::NULL));
    assert!(!run.awaits_children());
    assert_eq!(plan(&mut run, 0), [Command::Start(1)]);
}

#[test]
fn a_failure_or_a_cancellation_is_not_forgotten() {
    let run = |claimed| Run::recover(dag(&[("first", &[]), ("second", &[])]), &claimed).unwrap();
    let mut failed = run(ClaimedTask { checkpoints: vec![broken("first")], ..claimed() });
    let mut cancelled = run(ClaimedTask { cancellation: Some(cancellation("one")), ..claimed() });
    for run in [&mut failed, &mut cancelled] {
        assert!(run.is_ending());
        assert!(matches!(plan(run, 0)[..], [Command::End(_)]));
    }
}

#[test]
fn records_that_do_not_fit_are_refused() {
    let refused = |claimed| {
        let dag = dag(&[("first", &[]), ("second", &["first"])]);
        Run::recover(dag, &claimed).unwrap_err().to_string()
    };
    let early = ClaimedTask { checkpoints: vec![done("second")], ..claimed() };
    assert_eq!(refused(early), "step second cannot end while it is blocked");
    let twice = ClaimedTask { checkpoints: vec![done("first"), done("first")], ..claimed() };
    assert_eq!(refused(twice), "step first cannot end while it is done");
    let unknown = "the workflow has no step other";
    assert_eq!(refused(ClaimedTask { checkpoints: vec![done("other")], ..claimed() }), unknown);
    assert_eq!(refused(ClaimedTask { attempts: vec![failed("other", 1)], ..claimed() }), unknown);
    assert_eq!(
        refused(ClaimedTask { waits: vec![waits("other", 1, WaitKind::Timer)], ..claimed() }),
        unknown
    );
}

/// A step of a random graph.
#[derive(Debug, Clone)]
struct Random {
    /// Which of the steps before it it waits for.
    after: Vec<bool>,
    /// Whether it ends as soon as it can.
    ends: bool,
    /// When, by a clock that is set back and forth.
    minute: i64,
}

fn random_steps() -> impl Strategy<Value = Vec<Random>> {
    let after = prop::collection::vec(prop::bool::weighted(0.3), 9);
    let step = (after, prop::bool::weighted(0.8), 0..100_i64).prop_map(|(after, ends, minute)| Random {
        after,
        ends,
        minute,
    });
    prop::collection::vec(step, 1..10)
}

proptest! {
    #[test]
    fn exactly_the_steps_whose_dependencies_have_ended_are_planned(random in random_steps()) {
        let names: Vec<String> = (0..random.len()).map(|step| format!("s{step}")).collect();
        let mut after: Vec<Vec<&str>> = Vec::new();
        let mut checkpoints = Vec::new();
        let mut to_start = BTreeSet::new();
        let mut ended = Vec::new();
        for (place, step) in random.iter().enumerate() {
            let before: Vec<usize> = (0..place).filter(|before| step.after[*before]).collect();
            let may_start = before.iter().all(|before| ended[*before]);
            ended.push(may_start && step.ends);
            if may_start && step.ends {
                checkpoints.push(Checkpoint { ended_at: at(step.minute), ..done(&names[place]) });
            } else if may_start {
                to_start.insert(place);
            }
            after.push(before.into_iter().map(|before| names[before].as_str()).collect());
        }
        let steps: Vec<(&str, &[&str])> =
            names.iter().map(String::as_str).zip(after.iter().map(Vec::as_slice)).collect();

        let done = checkpoints.len();
        let mut run = Run::recover(dag(&steps), &ClaimedTask { checkpoints, ..claimed() }).unwrap();
        prop_assert_eq!(run.steps_done(), done);
        let mut started = BTreeSet::new();
        let mut has_ended = false;
        for command in plan(&mut run, 0) {
            match command {
                Command::Start(step) => prop_assert!(started.insert(step), "{} is started twice", step),
                Command::End(_) => has_ended = true,
                other => prop_assert!(false, "nobody asked for {other:?}"),
            }
        }
        prop_assert_eq!(started, to_start);
        prop_assert_eq!(has_ended, done == random.len());
    }
}
