//! Finally steps: when they run, what they get, and how the task ends.

use std::sync::Arc;

use drydock_core::Payload;
use drydock_core::journal::{ClaimedTask, StepEnd, TaskEndKind, WaitKind};

use super::{
    at, broken, cancellation, claimed, definition, done, ended, failed, failure, gave, json, name, slot,
    text, told, waits,
};
use crate::dag::{Dag, Definition, Input, Source, UndoScope, Unwind};
use crate::run::{Run, StepState};

/// `work`, and two finally steps: `give_back` takes what `work` may have given, `tell` comes after it.
fn tidy() -> Definition {
    let mut definition = definition(&[("give_back", &[]), ("work", &[]), ("tell", &["give_back"])]);
    definition.steps[0].finally = true;
    definition.steps[0].input = Input::One(Source::Maybe(name("work")));
    definition.steps[2].finally = true;
    definition.output = Some(Source::Step(name("work")));
    definition
}

fn begun() -> Run {
    let mut run = Run::new(Arc::new(Dag::new(tidy()).unwrap()), Payload::NULL);
    assert_eq!(told(&mut run, 0), ["start work"]);
    run
}

#[test]
fn finally_steps_run_however_the_work_ended() {
    type Come = fn(&mut Run);
    let ends: [(&str, &str, Come); 3] = [
        ("7", "completed 7", |run| run.fold_ended(&gave("work", "7")).map(drop).unwrap()),
        ("null", "failed: step work: broken", |run| run.fold_ended(&broken("work")).map(drop).unwrap()),
        ("null", "cancelled by one", |run| {
            run.fold_cancelled(cancellation("one"));
            assert_eq!(told(run, 1), ["stop"]);
            run.fold_failed(&failed("work", 1)).unwrap();
        }),
    ];
    for (given, end, come) in ends {
        let mut run = begun();
        assert_eq!(run.end_with(1, Ok(&json("7"))), None, "finally steps are to come");
        assert_eq!(run.end_with(1, Err(&failure())), None, "finally steps are to come");
        come(&mut run);
        assert_eq!(told(&mut run, 1), ["start give_back"]);
        assert_eq!(text(&run.input_of(0)), given);
        run.fold_ended(&done("give_back")).unwrap();
        assert_eq!(told(&mut run, 1), ["start tell"]);
        run.fold_ended(&done("tell")).unwrap();
        assert_eq!(told(&mut run, 1), [end]);
    }
}

#[test]
fn a_finally_step_that_fails_makes_the_task_fail_after_the_others_ran() {
    let broke = |run: &mut Run| {
        assert_eq!(told(run, 1), ["start give_back"]);
        run.fold_ended(&broken("give_back")).unwrap();
        assert_eq!(told(run, 1), ["start tell"], "it only comes after it");
        run.fold_ended(&done("tell")).unwrap();
        told(run, 1)
    };
    let mut completed = begun();
    completed.fold_ended(&done("work")).unwrap();
    assert_eq!(broke(&mut completed), ["failed: step give_back: broken"]);
    let mut failed = begun();
    failed.fold_ended(&broken("work")).unwrap();
    assert_eq!(broke(&mut failed), ["failed: step work: broken"], "the first failure is told");
    let mut cancelled = begun();
    cancelled.fold_cancelled(cancellation("one"));
    told(&mut cancelled, 1);
    cancelled.fold_ended(&broken("work")).unwrap();
    assert_eq!(broke(&mut cancelled), ["failed: step give_back: broken"]);
}

#[test]
fn a_finally_step_that_needs_a_finally_step_that_failed_is_skipped() {
    let mut definition = tidy();
    definition.steps[2].input = Input::One(Source::Step(name("give_back")));
    let mut run = Run::new(Arc::new(Dag::new(definition).unwrap()), Payload::NULL);
    told(&mut run, 0);
    run.fold_ended(&done("work")).unwrap();
    told(&mut run, 0);
    run.fold_ended(&broken("give_back")).unwrap();
    assert_eq!(told(&mut run, 0), ["skip tell: step give_back did not end well"]);
}

#[test]
fn a_cancellation_after_the_work_comes_too_late() {
    let mut run = begun();
    run.fold_ended(&gave("work", "7")).unwrap();
    told(&mut run, 1);
    run.fold_cancelled(cancellation("one"));
    assert_eq!(told(&mut run, 1), [""; 0], "it does not stop finally steps");
    run.fold_ended(&done("give_back")).unwrap();
    assert_eq!(told(&mut run, 1), ["start tell"]);
    run.fold_ended(&done("tell")).unwrap();
    assert_eq!(told(&mut run, 1), ["completed 7"]);
}

#[test]
fn a_cancellation_that_comes_when_finally_steps_run_undoes_nothing_before_and_after_a_takeover() {
    let mut definition = tidy();
    definition.steps.push(crate::dag::StepDef {
        undo: Some(UndoScope::Done),
        ..crate::dag::StepDef::new(name("first"), crate::dag::StepKind::Run, Input::None)
    });
    definition.unwind = Unwind::OnCancel;
    let dag = Arc::new(Dag::new(definition).unwrap());
    let mut run = Run::new(dag.clone(), Payload::NULL);
    told(&mut run, 0);
    run.fold_ended(&done("first")).unwrap();
    run.fold_ended(&broken("work")).unwrap();
    assert_eq!(told(&mut run, 1), ["start give_back"], "a failure undoes nothing here");
    run.fold_cancelled(cancellation("one"));
    run.fold_ended(&done("give_back")).unwrap();
    assert_eq!(told(&mut run, 1), ["start tell"]);

    let checkpoints = vec![done("first"), broken("work"), done("give_back")];
    let records = ClaimedTask { checkpoints, cancellation: Some(cancellation("one")), ..claimed() };
    assert_eq!(told(&mut Run::recover(dag, &records).unwrap(), 1), ["start tell"]);
}

#[test]
fn finally_steps_come_after_the_undoing_and_not_while_the_task_is_stuck() {
    let mut definition = tidy();
    definition.steps[1].undo = Some(UndoScope::Begun);
    let dag = Arc::new(Dag::new(definition).unwrap());
    let failed_work = || {
        let mut run = Run::new(dag.clone(), Payload::NULL);
        told(&mut run, 0);
        run.fold_ended(&broken("work")).unwrap();
        assert_eq!(told(&mut run, 1), ["start undo:work"]);
        run
    };
    let mut run = failed_work();
    run.fold_ended(&done("undo:work")).unwrap();
    assert_eq!(told(&mut run, 1), ["start give_back"]);
    let mut run = failed_work();
    run.fold_ended(&broken("undo:work")).unwrap();
    assert_eq!(told(&mut run, 1), ["stuck"]);
}

#[test]
fn finally_steps_wait_are_tried_again_and_come_back_after_a_takeover() {
    let dag = Arc::new(Dag::new(tidy()).unwrap());
    let records = ClaimedTask {
        checkpoints: vec![broken("work")],
        attempts: vec![failed("give_back", 1)],
        waits: vec![waits("give_back", 2, WaitKind::Timer)],
        ..claimed()
    };
    let mut run = Run::recover(dag.clone(), &records).unwrap();
    assert_eq!(told(&mut run, 1), [""; 0]);
    assert_eq!(run.timers().collect::<Vec<_>>(), [(at(10), 0)]);
    assert!(run.fold_due(0, at(10)));
    assert_eq!(told(&mut run, 10), ["start give_back"]);
    assert!(matches!(run.step(slot(&run, "give_back")), StepState::Running(it) if it.attempt == 2));

    let fresh = ClaimedTask { checkpoints: vec![broken("work")], ..claimed() };
    let mut run = Run::recover(dag.clone(), &fresh).unwrap();
    assert_eq!(told(&mut run, 1), ["start give_back"]);
    assert!(matches!(run.step(0), StepState::Running(it) if it.replayed), "it may have run before");
    run.fold_ended(&done("give_back")).unwrap();
    told(&mut run, 1);
    assert!(matches!(run.step(2), StepState::Running(it) if !it.replayed), "it cannot have");

    let early = ClaimedTask { checkpoints: vec![done("give_back")], ..claimed() };
    let refused = Run::recover(dag, &early).unwrap_err();
    assert_eq!(refused.to_string(), "step give_back cannot end while it is blocked");
}

#[test]
fn the_last_finally_step_carries_the_tasks_end() {
    let mut run = begun();
    run.fold_ended(&gave("work", "7")).unwrap();
    told(&mut run, 1);
    assert_eq!(run.end_with(0, Ok(&Payload::NULL)), None, "one is to come");
    run.fold_ended(&ended("give_back", StepEnd::Done(Payload::NULL))).unwrap();
    told(&mut run, 1);
    assert_eq!(run.end_with(2, Ok(&Payload::NULL)), Some(TaskEndKind::Completed(json("7"))));
    run.reopen();
    let Some(TaskEndKind::Failed(why)) = run.end_with(2, Err(&failure())) else { panic!("it failed") };
    assert_eq!(why.message, "step tell: broken");
}

#[test]
fn an_owner_that_begins_nothing_leaves_finally_steps_to_the_next() {
    let mut run = begun();
    run.fold_ended(&done("work")).unwrap();
    let mut commands = Vec::new();
    run.plan_ending(&mut commands);
    assert_eq!(commands, []);
    assert_eq!(told(&mut run, 1), ["start give_back"], "it is still ready");
}
