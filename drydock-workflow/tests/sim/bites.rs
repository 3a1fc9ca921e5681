//! The oracle finds what it is for: each deliberate mistake is caught within a few seeds, by the rule that it breaks.

use std::fmt::Debug;

use drydock_workflow::testing::sim::{Failure, Rule, Simulation, SimulationError};

use crate::broken::{self, Bug};
use crate::dags;
use crate::greedy::{self, Greed};

/// Within so many seeds each mistake has to be found.
const BOUND: u64 = 300;

/// The first seed that shows the mistake, made as small as it can be.
fn caught(bug: &impl Debug, simulation: &Simulation) -> Failure {
    match simulation.play_seeds(0..BOUND, 1) {
        Err(SimulationError::Broken(failure)) => *failure,
        other => panic!("{bug:?} was not caught: {other:?}"),
    }
}

fn is_caught(bug: Bug, rules: &[Rule]) {
    is_found(&bug, &broken::simulation(bug), rules);
}

fn is_seen(greed: Greed, rules: &[Rule]) {
    is_found(&greed, &greedy::simulation(greed), rules);
}

fn is_found(bug: &impl Debug, simulation: &Simulation, rules: &[Rule]) {
    let failure = caught(bug, simulation);
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
fn two_commits_about_one_task_at_once_are_caught() {
    is_caught(Bug::TwoLanes, &[Rule::OneLane]);
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
    // Where the undoing of what is forgotten had begun, the records do not even fit together.
    let rules = [Rule::UndoInReverse, Rule::FinallyLast, Rule::OneCheckpoint, Rule::Sound];
    is_caught(Bug::ForgottenWork, &rules);
}

#[test]
fn undoings_that_are_forgotten_are_caught() {
    is_caught(Bug::ForgottenUndoings, &[Rule::UndoInReverse, Rule::OneCheckpoint]);
}

#[test]
fn work_that_goes_on_after_things_were_undone_is_caught() {
    is_caught(Bug::ForgottenFailures, &[Rule::UndoInReverse, Rule::OneCheckpoint, Rule::FinallyLast]);
}

#[test]
fn a_lock_that_is_given_twice_is_caught() {
    is_seen(Greed::LockTwice, &[Rule::LockExclusive]);
}

#[test]
fn a_lock_that_is_forgotten_at_a_takeover_is_caught() {
    is_seen(Greed::LockForgotten, &[Rule::LockExclusive]);
}

#[test]
fn a_lock_that_is_not_given_back_at_the_end_is_caught() {
    is_seen(Greed::LockKept, &[Rule::NothingWithheld]);
}

#[test]
fn a_lock_that_is_given_past_an_older_task_is_caught() {
    is_seen(Greed::LockUnfair, &[Rule::LockFair]);
}

#[test]
fn a_task_that_is_brought_back_and_goes_on_without_its_locks_is_caught() {
    is_seen(Greed::LockAssumed, &[Rule::LockHeld]);
}

#[test]
fn a_place_beyond_the_limit_is_caught() {
    is_seen(Greed::PlaceTooMany, &[Rule::LimitKept]);
}

#[test]
fn a_place_that_is_not_given_back_is_caught() {
    is_seen(Greed::PlaceKept, &[Rule::NothingWithheld]);
}

#[test]
fn a_task_that_is_passed_over_for_a_lesser_one_is_caught() {
    is_seen(Greed::PriorityIgnored, &[Rule::PriorityFirst]);
}

#[test]
fn a_budget_that_is_ignored_is_caught() {
    is_seen(Greed::BudgetIgnored, &[Rule::Rollout]);
}
