//! The oracle finds what it is for: each deliberate mistake is caught within a few seeds, by the rule that it breaks.

use drydock_workflow::testing::sim::{Failure, Rule, SimulationError};

use crate::broken::{self, Bug};
use crate::dags;

/// Within so many seeds each mistake has to be found.
const BOUND: u64 = 300;

/// The first seed that shows the mistake, made as small as it can be.
fn caught(bug: Bug) -> Failure {
    match broken::simulation(bug).play_seeds(0..BOUND, 1) {
        Err(SimulationError::Broken(failure)) => *failure,
        other => panic!("{bug:?} was not caught: {other:?}"),
    }
}

fn is_caught(bug: Bug, rules: &[Rule]) {
    let failure = caught(bug);
    let found = failure.breaches[0].rule;
    println!("{bug:?}: seed {}, {found:?}: {}", failure.scenario.seed, failure.breaches[0].what);
    assert!(rules.contains(&found), "{bug:?} was caught by {found:?}:\n{failure}");
    // It is the mistake that is found: without it the same scenario keeps all rules.
    dags::simulation().play(&failure.scenario).unwrap();
}

#[test]
fn a_store_that_checks_no_epoch_is_caught() {
    is_caught(Bug::NoEpochCheck, &[Rule::RetiredEpoch]);
}

#[test]
fn two_owners_are_caught() {
    is_caught(Bug::TwoOwners, &[Rule::RetiredEpoch, Rule::LateBody]);
}

#[test]
fn a_takeover_that_forgets_what_was_recorded_is_caught() {
    is_caught(Bug::ForgottenRecords, &[Rule::NothingForgotten]);
}

#[test]
fn a_fence_that_does_not_grow_is_caught() {
    is_caught(Bug::FenceStands, &[Rule::FenceGrows]);
}

#[test]
fn a_commit_that_was_only_said_to_be_made_is_caught() {
    is_caught(Bug::LostCommit, &[Rule::NothingForgotten, Rule::Durable, Rule::Told, Rule::Ends]);
}

#[test]
fn a_task_that_is_given_to_two_instances_is_caught() {
    is_caught(Bug::GivenTwice, &[Rule::OneOwner]);
}

#[test]
fn dependents_that_begin_before_the_commit_are_caught() {
    is_caught(Bug::EarlyAnswer, &[Rule::ParentsFirst, Rule::FinallyLast, Rule::Acknowledged]);
}

#[test]
fn an_instance_that_does_not_renew_its_lease_is_caught() {
    // Alone, it is retired again and again, and long steps never come to their end.
    is_caught(Bug::NoRenewal, &[Rule::LateBody, Rule::Ends]);
}

#[test]
fn an_irreversible_step_that_begins_twice_is_caught() {
    is_caught(Bug::ForgottenMarks, &[Rule::IrreversibleOnce]);
}

#[test]
fn a_signal_that_two_steps_get_is_caught() {
    is_caught(Bug::ForgottenTakes, &[Rule::SignalOnce]);
}

#[test]
fn a_paused_task_that_goes_on_is_caught() {
    is_caught(Bug::ForgottenPauses, &[Rule::Held]);
}

#[test]
fn work_that_is_not_undone_is_caught() {
    is_caught(Bug::ForgottenWork, &[Rule::UndoInReverse, Rule::FinallyLast, Rule::OneCheckpoint]);
}

#[test]
fn undoings_that_are_forgotten_are_caught() {
    is_caught(Bug::ForgottenUndoings, &[Rule::UndoInReverse, Rule::OneCheckpoint]);
}

#[test]
fn work_that_goes_on_after_things_were_undone_is_caught() {
    is_caught(Bug::ForgottenFailures, &[Rule::UndoInReverse, Rule::OneCheckpoint, Rule::FinallyLast]);
}
