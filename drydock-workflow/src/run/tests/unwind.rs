//! Undoing: what, in which order, and what is left when it cannot go on.

use std::sync::Arc;

use drydock_core::Disposition;
use drydock_core::journal::{ClaimedTask, Failure, StepEnd, WaitKind};

use super::{
    at, broken, cancellation, claimed, definition, done, ended, failed, gave, json, slot, text, told, waits,
};
use crate::dag::{Dag, Definition, Input, Source, StepKind, UndoScope, Unwind};
use crate::run::{Run, StepState};

fn with_undo(steps: &[(&str, &[&str])], undone: &[(&str, UndoScope)]) -> Definition {
    let mut definition = definition(steps);
    for (step, scope) in undone {
        let step = definition.steps.iter_mut().find(|it| it.name.as_str() == *step).unwrap();
        step.undo = Some(*scope);
    }
    definition
}

fn begun_with(definition: Definition, input: &str) -> Run {
    Run::new(Arc::new(Dag::new(definition).unwrap()), json(input))
}

/// Ends these steps well, one after the other.
fn end_all(run: &mut Run, steps: &[&str]) {
    for step in steps {
        told(run, 0);
        run.fold_ended(&gave(step, &format!("\"{step} did\""))).unwrap();
    }
    told(run, 0);
}

/// `a`, then `b` and `c` side by side, `d` after both, and `last`, which fails. `c` has no undo.
fn diamond() -> Definition {
    let steps: &[(&str, &[&str])] =
        &[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"]), ("last", &["d"])];
    with_undo(steps, &[("a", UndoScope::Done), ("b", UndoScope::Done), ("d", UndoScope::Done)])
}

fn failed_diamond() -> Run {
    let mut run = begun_with(diamond(), "null");
    end_all(&mut run, &["a", "b", "c", "d"]);
    run.fold_ended(&broken("last")).unwrap();
    run
}

#[test]
fn what_was_done_is_undone_backwards_also_past_steps_without_an_undo() {
    let mut run = failed_diamond();
    for key in ["undo:d", "undo:b", "undo:a"] {
        assert_eq!(told(&mut run, 1), [format!("start {key}")]);
        run.fold_ended(&done(key)).unwrap();
    }
    assert_eq!(told(&mut run, 1), ["failed: step last: broken"]);
    assert_eq!(told(&mut run, 1), [""; 0]);
}

#[test]
fn an_undoing_gets_what_went_in_and_what_came_out() {
    let mut definition = with_undo(&[("a", &[]), ("b", &["a"])], &[("a", UndoScope::Done)]);
    definition.steps[0].input = Input::One(Source::TaskInput);
    let mut run = begun_with(definition, r#"{"node": "n1"}"#);
    end_all(&mut run, &["a"]);
    run.fold_ended(&broken("b")).unwrap();
    told(&mut run, 1);
    let input = run.input_of(slot(&run, "undo:a"));
    assert_eq!(text(&input), r#"{"input":{"node": "n1"},"output":"a did"}"#);
}

#[test]
fn what_does_not_depend_on_each_other_is_undone_together() {
    let scope = UndoScope::Done;
    let mut run = begun_with(
        with_undo(&[("a", &[]), ("b", &[]), ("c", &["a", "b"])], &[("a", scope), ("b", scope)]),
        "null",
    );
    end_all(&mut run, &["a", "b"]);
    run.fold_ended(&broken("c")).unwrap();
    let mut both = told(&mut run, 1);
    both.sort();
    assert_eq!(both, ["start undo:a", "start undo:b"]);
}

#[test]
fn the_workflow_says_when_it_unwinds() {
    let table = [
        (Unwind::Always, true, true),
        (Unwind::OnFailure, true, false),
        (Unwind::OnCancel, false, true),
        (Unwind::Never, false, false),
    ];
    for (unwind, on_failure, on_cancel) in table {
        for (cancels, unwinds) in [(false, on_failure), (true, on_cancel)] {
            let mut definition = with_undo(&[("a", &[]), ("b", &["a"])], &[("a", UndoScope::Done)]);
            definition.unwind = unwind;
            let mut run = begun_with(definition, "null");
            end_all(&mut run, &["a"]);
            if cancels {
                run.fold_cancelled(cancellation("one"));
                assert_eq!(told(&mut run, 1), ["stop"]);
                let stopped = Failure::new(Disposition::Cancelled, "it stopped");
                run.fold_ended(&ended("b", StepEnd::Failed(stopped))).unwrap();
            } else {
                run.fold_ended(&broken("b")).unwrap();
            }
            let end = if cancels { "cancelled by one" } else { "failed: step b: broken" };
            let expected = if unwinds { "start undo:a" } else { end };
            assert_eq!(told(&mut run, 1), [expected], "{unwind:?}, cancelled: {cancels}");
            if unwinds {
                run.fold_ended(&done("undo:a")).unwrap();
                assert_eq!(told(&mut run, 1), [end]);
            }
        }
    }
}

#[test]
fn a_step_that_is_not_done_is_undone_only_if_it_asks_for_that_and_has_begun() {
    type Come = fn(&mut Run);
    let states: [(&str, bool, Come); 4] = [
        ("failed", true, |run| run.fold_ended(&broken("b")).map(drop).unwrap()),
        ("waiting", true, |run| run.fold_waits(&waits("b", 1, WaitKind::Timer)).map(drop).unwrap()),
        ("retrying", true, |run| run.fold_failed(&failed("b", 1)).map(drop).unwrap()),
        ("skipped", false, |run| {
            run.fold_ended(&ended("b", StepEnd::Skipped("no need".to_owned()))).map(drop).unwrap();
        }),
    ];
    for (state, begun, come) in states {
        for scope in [UndoScope::Done, UndoScope::Begun] {
            let steps: &[(&str, &[&str])] = &[("a", &[]), ("b", &[]), ("after", &["b", "a"])];
            let mut run = begun_with(with_undo(steps, &[("b", scope), ("after", scope)]), "null");
            told(&mut run, 0);
            come(&mut run);
            run.fold_ended(&broken("a")).unwrap();
            let undone = begun && scope == UndoScope::Begun;
            let expected = if undone { vec!["start undo:b"] } else { vec![] };
            let mut commands = told(&mut run, 1);
            commands.retain(|it| it.starts_with("start"));
            assert_eq!(commands, expected, "{state} {scope:?}");
            if undone {
                assert_eq!(text(&run.input_of(slot(&run, "undo:b"))), r#"{"input":null,"output":null}"#);
                let waited = slot(&run, "b");
                assert!(!run.fold_due(waited, at(99)), "it does not go on");
            }
        }
    }
}

#[test]
fn an_undoing_that_fails_for_good_leaves_the_task_stuck_with_what_is_left() {
    let mut run = failed_diamond();
    told(&mut run, 1);
    run.fold_failed(&failed("undo:d", 1)).unwrap();
    assert!(!run.is_stuck(), "it is tried again");
    let undo = slot(&run, "undo:d");
    assert!(run.fold_due(undo, at(10)));
    assert_eq!(told(&mut run, 10), ["start undo:d"]);
    run.fold_ended(&broken("undo:d")).unwrap();
    assert_eq!(told(&mut run, 10), ["stuck"]);
    assert_eq!(told(&mut run, 10), [""; 0], "told once");
    assert!(run.is_stuck());
    let left: Vec<String> = run.left_to_undo().iter().map(ToString::to_string).collect();
    assert_eq!(left, ["undo:a", "undo:b", "undo:d"]);
    run.fold_cancelled(cancellation("one"));
    assert_eq!(told(&mut run, 10), [""; 0], "a cancellation does not end it");
}

#[test]
fn a_stuck_task_goes_on_by_an_operators_word() {
    let stuck = || {
        let mut run = failed_diamond();
        told(&mut run, 1);
        run.fold_ended(&broken("undo:d")).unwrap();
        assert_eq!(told(&mut run, 1), ["stuck"]);
        run
    };
    let mut again = stuck();
    again.fold_reopened(&failed("undo:d", 1)).unwrap();
    assert!(!again.is_stuck());
    assert_eq!(told(&mut again, 1), ["start undo:d"]);
    again.fold_ended(&broken("undo:d")).unwrap();
    assert_eq!(told(&mut again, 1), ["stuck"], "told anew");

    let mut settled = stuck();
    settled.fold_ended(&ended("undo:d", StepEnd::Skipped("done by hand".to_owned()))).unwrap();
    assert_eq!(told(&mut settled, 1), ["start undo:b"]);
    let late = settled.fold_reopened(&failed("last", 1)).unwrap_err();
    assert_eq!(late.to_string(), "step last cannot be tried again while it is past its turn");
}

/// A map of three items of which the last fails, at most two at once.
fn failed_map(scope: UndoScope) -> Run {
    let mut definition = with_undo(&[("wipe", &[])], &[("wipe", scope)]);
    definition.steps[0].kind = StepKind::Map { at_once: Some(2) };
    definition.steps[0].input = Input::One(Source::TaskInput);
    let mut run = begun_with(definition, "[5,6,7,8,9]");
    end_all(&mut run, &["wipe[0]", "wipe[1]", "wipe[2]"]);
    run.fold_ended(&broken("wipe[3]")).unwrap();
    run.fold_ended(&gave("wipe[4]", "9")).unwrap();
    run
}

#[test]
fn the_items_of_a_map_are_undone_each_and_only_so_many_at_once() {
    let mut run = failed_map(UndoScope::Done);
    assert_eq!(told(&mut run, 1), ["start undo:wipe[0]", "start undo:wipe[1]"]);
    assert_eq!(text(&run.input_of(slot(&run, "undo:wipe[1]"))), r#"{"input":6,"output":"wipe[1] did"}"#);
    run.fold_ended(&done("undo:wipe[1]")).unwrap();
    assert_eq!(told(&mut run, 1), ["start undo:wipe[2]"]);
    run.fold_ended(&done("undo:wipe[0]")).unwrap();
    assert_eq!(told(&mut run, 1), ["start undo:wipe[4]"], "the failed one is left out");
    run.fold_ended(&done("undo:wipe[2]")).unwrap();
    run.fold_ended(&done("undo:wipe[4]")).unwrap();
    assert_eq!(told(&mut run, 1), ["failed: step wipe[3]: broken"]);

    let mut run = failed_map(UndoScope::Begun);
    told(&mut run, 1);
    assert_eq!(run.left_to_undo().len(), 5);
}

#[test]
fn undoing_goes_on_after_a_takeover_and_stuck_stays_stuck() {
    let dag = Arc::new(Dag::new(diamond()).unwrap());
    let work = || vec![done("a"), done("b"), done("c"), done("d"), broken("last")];
    let recover = |undone: Vec<_>| {
        let checkpoints = work().into_iter().chain(undone).collect();
        Run::recover(dag.clone(), &ClaimedTask { checkpoints, ..claimed() }).unwrap()
    };
    assert_eq!(told(&mut recover(vec![]), 1), ["start undo:d"]);
    let mut run = recover(vec![done("undo:d")]);
    assert_eq!(told(&mut run, 1), ["start undo:b"]);
    assert!(matches!(run.step(slot(&run, "undo:b")), StepState::Running(it) if it.replayed));
    assert_eq!(told(&mut recover(vec![broken("undo:d")]), 1), ["stuck"]);
    let all = vec![done("undo:a"), done("undo:b"), done("undo:d")];
    assert_eq!(told(&mut recover(all), 1), ["failed: step last: broken"]);

    let early = ClaimedTask { checkpoints: vec![done("a"), done("undo:a")], ..claimed() };
    let refused = Run::recover(dag.clone(), &early).unwrap_err();
    assert_eq!(refused.to_string(), "the workflow has no step undo:a");
}

#[test]
fn what_was_cut_off_by_a_crash_may_have_begun_unless_the_undoing_had_passed_it() {
    let scope = UndoScope::Begun;
    let steps: &[(&str, &[&str])] = &[("a", &[]), ("cut", &["a"]), ("other", &[]), ("bad", &[])];
    let dag =
        Arc::new(Dag::new(with_undo(steps, &[("a", scope), ("cut", scope), ("other", scope)])).unwrap());
    let recover = |undone: &[&str], resumed| {
        let mut checkpoints = vec![done("a"), done("other"), broken("bad")];
        checkpoints.extend(undone.iter().map(|key| done(key)));
        let mut run = Run::recover(dag.clone(), &ClaimedTask { checkpoints, resumed, ..claimed() }).unwrap();
        let mut commands = told(&mut run, 1);
        commands.sort();
        commands
    };
    assert_eq!(recover(&[], true), ["start undo:cut", "start undo:other"]);
    assert_eq!(recover(&[], false), ["start undo:a", "start undo:other"], "nobody had it");
    assert_eq!(recover(&["undo:other"], true), ["start undo:cut"]);
    assert_eq!(recover(&["undo:other", "undo:a"], true), ["failed: step bad: broken"]);
}

#[test]
fn an_item_that_never_had_its_turn_is_not_undone_after_a_takeover_that_found_others_undone() {
    let mut definition = with_undo(
        &[("a", &[]), ("wipe", &["a"]), ("last", &[])],
        &[("a", UndoScope::Done), ("wipe", UndoScope::Begun)],
    );
    definition.steps[1].kind = StepKind::Map { at_once: Some(1) };
    definition.steps[1].input = Input::One(Source::TaskInput);
    definition.steps[2].finally = true;
    let dag = Arc::new(Dag::new(definition).unwrap());
    let work = || vec![done("a"), broken("wipe[0]"), done("undo:wipe[0]")];
    let recover = |more: Vec<_>, attempts| {
        let mut records = claimed();
        records.task.input = json("[1,2]");
        records.checkpoints = work().into_iter().chain(more).collect();
        records.attempts = attempts;
        Run::recover(dag.clone(), &records).unwrap()
    };
    assert_eq!(told(&mut recover(vec![], vec![]), 1), ["start undo:wipe[1]"], "it may have begun");
    assert_eq!(
        told(&mut recover(vec![done("undo:a")], vec![]), 1),
        ["start last"],
        "what it builds on is undone"
    );
    let mut closing = recover(vec![], vec![failed("last", 1)]);
    assert_eq!(told(&mut closing, 1), [""; 0], "a finally step had begun");
    assert!(closing.left_to_undo().is_empty());
    assert_eq!(closing.timers().count(), 1);
}
