//! Maps: their items come to be when the list is known, run a few at a time, and are put together in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use drydock_core::Payload;
use drydock_core::journal::{Checkpoint, ClaimedTask, TaskEndKind, WaitKind};

use super::{at, broken, claimed, dag, definition, done, failed, gave, json, name, slot, text, told, waits};
use crate::dag::{Dag, Input, Source, StepKind};
use crate::run::{Command, IllegalRecord, Run, StepState};

/// `list`, a map over it, and `after`, which takes what the map gives.
fn mapped(at_once: Option<u32>) -> Arc<Dag> {
    let mut definition = definition(&[("list", &[]), ("wipe", &[]), ("after", &[])]);
    definition.steps[1].kind = StepKind::Map { at_once };
    definition.steps[1].input = Input::One(Source::Step(name("list")));
    definition.steps[2].input = Input::One(Source::Step(name("wipe")));
    definition.output = Some(Source::Step(name("wipe")));
    Arc::new(Dag::new(definition).unwrap())
}

fn listed(at_once: Option<u32>, list: &str) -> Run {
    let mut run = Run::new(mapped(at_once), Payload::NULL);
    told(&mut run, 0);
    run.fold_ended(&gave("list", list)).unwrap();
    run
}

#[test]
fn each_item_is_a_step_and_the_outputs_come_in_the_lists_order() {
    let mut run = listed(None, r#"["a", {"b": 1}]"#);
    assert_eq!(told(&mut run, 0), ["start wipe[0]", "start wipe[1]"]);
    assert_eq!(text(&run.input_of(slot(&run, "wipe[1]"))), r#"{"b": 1}"#);
    run.fold_ended(&gave("wipe[1]", "\"B\"")).unwrap();
    assert_eq!(told(&mut run, 0), [""; 0]);
    run.fold_ended(&gave("wipe[0]", "\"A\"")).unwrap();
    assert_eq!(told(&mut run, 0), ["start after"]);
    assert_eq!(text(&run.input_of(2)), r#"["A","B"]"#);
    run.fold_ended(&done("after")).unwrap();
    assert_eq!(told(&mut run, 0), [r#"completed ["A","B"]"#]);
    assert_eq!(run.steps_done(), 3);
}

#[test]
fn an_empty_list_gives_an_empty_list_at_once() {
    let mut run = listed(None, "[]");
    assert_eq!(told(&mut run, 0), ["start after"]);
    assert_eq!(text(&run.input_of(2)), "[]");
}

#[test]
fn what_is_no_list_is_refused() {
    let command = told(&mut listed(None, "{}"), 0).remove(0);
    assert!(command.starts_with("refuse wipe: its input is not a list: "), "{command}");
}

#[test]
fn only_so_many_items_are_under_way_also_while_they_wait() {
    let mut run = listed(Some(2), "[0,1,2,3,4]");
    assert_eq!(told(&mut run, 0), ["start wipe[0]", "start wipe[1]"]);
    let second = run.fold_waits(&waits("wipe[1]", 1, WaitKind::Timer)).unwrap();
    assert_eq!(told(&mut run, 0), [""; 0], "one that waits keeps its place");
    run.fold_ended(&done("wipe[0]")).unwrap();
    assert_eq!(told(&mut run, 1), ["start wipe[2]"]);
    let third = run.fold_failed(&failed("wipe[2]", 1)).unwrap();
    assert_eq!(told(&mut run, 1), [""; 0], "so does one that is tried again");
    assert!(run.fold_due(third, at(10)));
    assert!(run.fold_due(second, at(10)));
    assert_eq!(told(&mut run, 10), ["start wipe[2]", "start wipe[1]"]);
    run.fold_ended(&done("wipe[1]")).unwrap();
    run.fold_ended(&done("wipe[2]")).unwrap();
    assert_eq!(told(&mut run, 10), ["start wipe[3]", "start wipe[4]"]);
}

#[test]
fn a_failed_item_fails_the_map_after_those_under_way_have_ended() {
    let mut run = listed(Some(2), "[0,1,2]");
    told(&mut run, 0);
    run.fold_ended(&broken("wipe[1]")).unwrap();
    assert_eq!(told(&mut run, 0), [""; 0]);
    run.fold_ended(&done("wipe[0]")).unwrap();
    assert_eq!(told(&mut run, 0), ["failed: step wipe[1]: broken"]);
}

#[test]
fn the_last_items_end_carries_the_tasks_end() {
    let mut run = {
        let mut definition = definition(&[("wipe", &[])]);
        definition.steps[0].kind = StepKind::Map { at_once: None };
        definition.steps[0].input = Input::One(Source::TaskInput);
        definition.output = Some(Source::Step(name("wipe")));
        Run::new(Arc::new(Dag::new(definition).unwrap()), json("[1,2]"))
    };
    told(&mut run, 0);
    let (first, second) = (slot(&run, "wipe[0]"), slot(&run, "wipe[1]"));
    assert_eq!(run.end_with(first, Ok(&json("10"))), None, "the other runs");
    run.fold_ended(&gave("wipe[1]", "20")).unwrap();
    assert_eq!(run.end_with(first, Ok(&json("10"))), Some(TaskEndKind::Completed(json("[10,20]"))));
    assert_ne!(first, second);
}

#[test]
fn items_come_back_after_a_takeover_each_where_it_was() {
    let records = ClaimedTask {
        checkpoints: vec![
            Checkpoint { ended_at: at(9), ..gave("list", "[0,1,2,3,4]") },
            done("wipe[3]"),
            done("wipe[0]"),
        ],
        attempts: vec![failed("wipe[1]", 1)],
        ..claimed()
    };
    let mut run = Run::recover(mapped(Some(3)), &records).unwrap();
    // One place is taken by the item that is tried again.
    assert_eq!(told(&mut run, 0), ["start wipe[2]", "start wipe[4]"]);
    assert!(matches!(run.step(slot(&run, "wipe[1]")), StepState::Retrying { .. }));
    assert!(matches!(run.step(slot(&run, "wipe[2]")), StepState::Running(it) if it.replayed));
}

#[test]
fn records_that_fit_no_item_are_refused() {
    let run = listed(None, "[0]");
    for key in ["wipe[1]", "list[0]", "undo:wipe", "undo:wipe[0]", "undo:list"] {
        let mut run = Run::recover(run.dag().clone(), &claimed()).unwrap();
        run.fold_ended(&gave("list", "[0]")).unwrap();
        let refused = run.fold_ended(&done(key)).unwrap_err();
        assert_eq!(refused, IllegalRecord::NoSuchStep(key.parse().unwrap()));
    }
    let mut run = run;
    assert_eq!(
        run.fold_ended(&done("wipe")).unwrap_err().to_string(),
        "step wipe cannot end while it is mapping"
    );
}

/// Plans and ends steps until the task is done, and gives how many ended.
fn run_through(run: &mut Run) -> usize {
    let mut ended = 0;
    let (mut commands, mut open) = (Vec::new(), Vec::new());
    loop {
        run.plan(at(0), &mut commands);
        for command in commands.drain(..) {
            match command {
                Command::Start(slot) => open.push(slot),
                Command::End(_) => return ended,
                other => panic!("{other:?}"),
            }
        }
        let key = run.key(open.pop().unwrap()).to_string();
        run.fold_ended(&done(&key)).unwrap();
        ended += 1;
    }
}

#[test]
fn large_workflows_are_planned_in_time_that_grows_with_their_steps_only() {
    const ITEMS: usize = 100_000;
    let list = Payload::encode(&vec![7; ITEMS]).unwrap();
    let begun = Instant::now();
    for at_once in [None, Some(10)] {
        let mut run = listed(at_once, &text(&list));
        assert_eq!(run_through(&mut run), ITEMS + 1);
    }
    let names: Vec<String> = (0..10_000).map(|step| format!("s{step}")).collect();
    let before: Vec<Vec<&str>> = (0..names.len())
        .map(|step| {
            (1..=3).filter_map(|back| names.get(step.checked_sub(back)?).map(String::as_str)).collect()
        })
        .collect();
    let steps: Vec<(&str, &[&str])> =
        names.iter().map(String::as_str).zip(before.iter().map(Vec::as_slice)).collect();
    assert_eq!(run_through(&mut Run::new(dag(&steps), Payload::NULL)), names.len());
    // Anything that looks at all steps for each of them takes minutes.
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn a_large_map_is_taken_over_in_time_that_grows_with_its_items_only() {
    const ITEMS: u32 = 100_000;
    let list = text(&Payload::encode(&vec![7; 100_000]).unwrap());
    let key = |item: u32| format!("wipe[{item}]");
    let mut checkpoints: Vec<_> = (0..ITEMS / 2).map(|item| done(&key(item))).collect();
    checkpoints.push(Checkpoint { ended_at: at(0), ..gave("list", &list) });
    let records = ClaimedTask {
        checkpoints,
        attempts: (ITEMS / 2..ITEMS * 3 / 4).map(|item| failed(&key(item), 1)).collect(),
        waits: (ITEMS / 2..ITEMS).map(|item| waits(&key(item), 1, WaitKind::Timer)).collect(),
        ..claimed()
    };
    let begun = Instant::now();
    let run = Run::recover(mapped(None), &records).unwrap();
    assert_eq!(run.timers().count(), 50_000);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
