//! Children: which are started, cancelled, awaited, and when it is enough.

use crate::dag::{Join, Rollout, Wave};
use crate::run::{Children, Next};

/// Children that ended, one letter each: `c`ompleted, `f`ailed, `.` under way.
fn children(total: u32, started: &str) -> Children {
    let mut children = Children::new(total, u32::try_from(started.len()).unwrap());
    for (index, end) in (0..).zip(started.chars()) {
        if end != '.' {
            children.end(index, end == 'c');
        }
    }
    children
}

fn told(next: Next) -> String {
    match next {
        Next::Start(range) => format!("start {}..{}", range.start, range.end),
        Next::Cancel(open) => format!("cancel {open:?}"),
        Next::Wait => "wait".to_owned(),
        Next::Over(Ok(())) => "done".to_owned(),
        Next::Over(Err(reason)) => reason,
    }
}

fn check(rollout: &Rollout, total: u32, table: &[(&str, &str)]) {
    for (started, expected) in table {
        assert_eq!(
            told(children(total, started).next(rollout, false)),
            *expected,
            "{started:?} with {rollout:?}"
        );
    }
}

fn joined(join: Join) -> Rollout {
    Rollout { join, ..Rollout::default() }
}

#[test]
fn settled_is_when_all_have_ended() {
    let table = [("", "start 0..3"), ("...", "wait"), ("cf.", "wait"), ("fff", "done"), ("ccc", "done")];
    check(&joined(Join::Settled), 3, &table);
    check(&joined(Join::Settled), 0, &[("", "done")]);
}

#[test]
fn all_fails_with_the_first_failure_beyond_the_budget_and_starts_no_other() {
    let one_at_once = |budget| Rollout { budget, at_once: Some(1), ..joined(Join::All) };
    check(
        &one_at_once(None),
        3,
        &[
            ("", "start 0..1"),
            (".", "wait"),
            ("c", "start 1..2"),
            ("f", "1 of 3 children did not complete, 0 may fail, 2 were not started"),
            ("ccc", "done"),
            ("ccf", "1 of 3 children did not complete, 0 may fail"),
        ],
    );
    check(
        &one_at_once(Some(1)),
        3,
        &[
            ("f", "start 1..2"),
            ("fcc", "done"),
            ("ff", "2 of 3 children did not complete, 1 may fail, 1 were not started"),
        ],
    );
    check(
        &joined(Join::All),
        3,
        &[("f..", "wait"), ("fc.", "wait"), ("fcc", "1 of 3 children did not complete, 0 may fail")],
    );
}

#[test]
fn a_quorum_cancels_the_others_once_it_is_reached_or_cannot_be() {
    check(
        &joined(Join::Any),
        3,
        &[
            ("...", "wait"),
            ("ff.", "wait"),
            (".c.", "cancel [0, 2]"),
            ("fcf", "done"),
            ("fff", "at most 0 of 3 children can complete, 1 must"),
        ],
    );
    check(&joined(Join::Any), 0, &[("", "at most 0 of 0 children can complete, 1 must")]);
    check(
        &joined(Join::Quorum(2)),
        4,
        &[
            ("c...", "wait"),
            ("c.c.", "cancel [1, 3]"),
            ("cfcf", "done"),
            ("fff.", "cancel [3]"),
            ("ffff", "at most 0 of 4 children can complete, 2 must"),
            ("fffc", "at most 1 of 4 children can complete, 2 must"),
        ],
    );
    let two_at_once = Rollout { at_once: Some(2), ..joined(Join::Quorum(2)) };
    check(&two_at_once, 9, &[("", "start 0..2"), ("f.", "start 2..3"), ("cc", "done")]);
}

#[test]
fn a_wave_starts_when_the_one_before_has_ended_within_the_budget() {
    let waves = vec![Wave::Count(1), Wave::Percent(10), Wave::Rest];
    let rollout = Rollout { waves, budget: Some(1), ..Rollout::default() };
    check(
        &rollout,
        25,
        &[
            ("", "start 0..1"),
            (".", "wait"),
            ("c", "start 1..4"),
            ("f", "start 1..4"),
            ("ccc.", "wait"),
            ("cccf", "start 4..25"),
            ("ccff", "2 of 25 children did not complete, 1 may fail, 21 were not started"),
            ("cff.", "wait"),
        ],
    );
    check(&rollout, 2, &[("", "start 0..1"), ("c", "start 1..2"), ("cc", "done")]);
    let few_at_once = Rollout { at_once: Some(2), ..rollout };
    check(&few_at_once, 25, &[("c", "start 1..3"), ("cc.", "start 3..4"), ("cccc", "start 4..6")]);
    let no_rest = Rollout { waves: vec![Wave::Count(2)], ..Rollout::default() };
    check(&no_rest, 5, &[("", "start 0..2"), ("cc", "start 2..5")]);
}

#[test]
fn a_task_that_stops_starts_no_other_child_and_waits_for_those_under_way() {
    let rollout = Rollout { at_once: Some(2), ..Rollout::default() };
    let stopping = |started| told(children(3, started).next(&rollout, true));
    assert_eq!(stopping("c."), "wait");
    assert_eq!(stopping("cf"), "only 2 of 3 children were started before the task came to its end");
    assert_eq!(stopping("cfc"), "done");
}

#[test]
fn a_child_that_was_brought_back_counts_as_it_ended_last() {
    let mut children = children(2, "fc");
    assert!(told(children.next(&joined(Join::All), false)).starts_with("1 of 2"));
    children.end(0, true);
    children.end(0, true);
    assert_eq!(told(children.next(&joined(Join::All), false)), "done");
}
