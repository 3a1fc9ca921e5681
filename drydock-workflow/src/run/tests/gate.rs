//! Conditions: what is skipped and why, and what runs after it.

use std::sync::Arc;

use drydock_core::Payload;
use drydock_core::journal::{ClaimedTask, StepEnd};

use super::{claimed, definition, done, ended, gave, name, text, told};
use crate::dag::{Dag, Input, Source, StepKind};
use crate::run::{Run, StepState};

/// `asks`, then `acts` if that gave its consent, then `after`, which takes what `acts` gave.
fn gated() -> Arc<Dag> {
    let mut definition = definition(&[("asks", &[]), ("acts", &[]), ("after", &[])]);
    definition.steps[1].when = Some(Source::Step(name("asks")));
    definition.steps[2].input = Input::One(Source::Step(name("acts")));
    definition.output = Some(Source::Step(name("acts")));
    Arc::new(Dag::new(definition).unwrap())
}

fn asked(answer: &str) -> Run {
    let mut run = Run::new(gated(), Payload::NULL);
    assert_eq!(told(&mut run, 0), ["start asks"]);
    run.fold_ended(&gave("asks", answer)).unwrap();
    run
}

#[test]
fn a_condition_starts_its_step_or_skips_it_with_a_reason() {
    let table = [
        ("true", "start acts"),
        ("false", "skip acts: step asks says no"),
        ("\"it is new\"", "skip acts: it is new"),
        (
            "7",
            "refuse acts: step asks gives no condition: invalid type: integer `7`, expected true, false, or the reason for which a step is skipped at line 1 column 1",
        ),
    ];
    for (answer, command) in table {
        assert_eq!(told(&mut asked(answer), 0), [command]);
    }
}

#[test]
fn what_comes_after_a_skipped_step_runs_and_gets_null() {
    let mut run = asked("false");
    told(&mut run, 0);
    run.fold_ended(&ended("acts", StepEnd::Skipped("step asks says no".to_owned()))).unwrap();
    assert_eq!(run.step(1), &StepState::Skipped);
    assert_eq!(told(&mut run, 0), ["start after"]);
    assert_eq!(text(&run.input_of(2)), "null");
    assert_eq!(run.steps_done(), 2);
    run.fold_ended(&done("after")).unwrap();
    assert_eq!(told(&mut run, 0), ["completed null"]);
}

#[test]
fn a_condition_is_not_asked_again_once_its_step_has_begun() {
    let mut run = asked("true");
    told(&mut run, 0);
    run.fold_failed(&super::failed("acts", 1)).unwrap();
    assert!(run.fold_due(1, super::at(10)));
    assert_eq!(told(&mut run, 10), ["start acts"]);
}

#[test]
fn a_skipped_step_stays_skipped_after_a_takeover() {
    let skipped = ended("acts", StepEnd::Skipped("no need".to_owned()));
    let records = ClaimedTask { checkpoints: vec![skipped, gave("asks", "false")], ..claimed() };
    let mut run = Run::recover(gated(), &records).unwrap();
    assert_eq!(told(&mut run, 0), ["start after"]);
    let records = ClaimedTask { checkpoints: vec![gave("asks", "\"closed\"")], ..claimed() };
    assert_eq!(told(&mut Run::recover(gated(), &records).unwrap(), 0), ["skip acts: closed"]);
}

#[test]
fn a_map_is_skipped_as_a_whole() {
    let mut definition = definition(&[("asks", &[]), ("wipe", &[]), ("after", &["wipe"])]);
    definition.steps[1].kind = StepKind::Map { at_once: None };
    definition.steps[1].input = Input::One(Source::TaskInput);
    definition.steps[1].when = Some(Source::Step(name("asks")));
    let mut run = Run::new(Arc::new(Dag::new(definition).unwrap()), super::json("[1,2]"));
    told(&mut run, 0);
    run.fold_ended(&gave("asks", "false")).unwrap();
    assert_eq!(told(&mut run, 0), ["skip wipe: step asks says no"]);
    run.fold_ended(&ended("wipe", StepEnd::Skipped("no".to_owned()))).unwrap();
    assert_eq!(told(&mut run, 0), ["start after"]);
}
