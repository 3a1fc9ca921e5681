//! Random workflows with everything in them, cut off after any record and taken over: whatever happens, steps come in order, what
//! was done is undone if the workflow says so, finally steps run, and the task ends or is stuck.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use drydock_core::journal::{ClaimedTask, StepEnd, TaskEndKind, WaitKind};
use proptest::prelude::*;

use super::{at, broken, cancellation, claimed, definition, ended, failed, gave, name, waits};
use crate::dag::{Dag, Input, Source, StepKind, UndoScope, Unwind};
use crate::run::{Command, Run};

/// What comes of a step's attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Fails,
    TriedAgain,
    Waits,
}

#[derive(Debug, Clone)]
struct Random {
    after: Vec<bool>,
    kind: u8,
    fate: Fate,
    undo: Option<UndoScope>,
    undo_fate: Fate,
}

#[derive(Debug, Clone)]
struct Case {
    steps: Vec<Random>,
    unwind: Unwind,
    /// After how many records the task is cancelled.
    cancel: Option<usize>,
    /// After how many records its owner dies; each of these.
    crashes: BTreeSet<usize>,
}

fn fate(weight: u32) -> impl Strategy<Value = Fate> {
    prop_oneof![8 => Just(Fate::Done), weight => Just(Fate::Fails), 1 => Just(Fate::TriedAgain), 1 => Just(Fate::Waits)]
}

fn case() -> impl Strategy<Value = Case> {
    let undo = prop_oneof![Just(None), Just(Some(UndoScope::Done)), Just(Some(UndoScope::Begun))];
    let step = (prop::collection::vec(prop::bool::weighted(0.4), 7), 0..5_u8, fate(1), undo, fate(1));
    let step =
        step.prop_map(|(after, kind, fate, undo, undo_fate)| Random { after, kind, fate, undo, undo_fate });
    let unwind = prop_oneof![
        Just(Unwind::Always),
        Just(Unwind::OnFailure),
        Just(Unwind::OnCancel),
        Just(Unwind::Never)
    ];
    let cancel = prop_oneof![3 => Just(None), 1 => (0..12_usize).prop_map(Some)];
    (prop::collection::vec(step, 1..8), unwind, cancel, prop::collection::btree_set(0..30_usize, 0..4))
        .prop_map(|(steps, unwind, cancel, crashes)| Case { steps, unwind, cancel, crashes })
}

/// Kinds: 0 and 1 a step, 2 a map over two items, 3 a step behind a closed gate, 4 a finally step.
fn dag(case: &Case) -> Arc<Dag> {
    let names: Vec<String> = (0..case.steps.len()).map(|step| format!("s{step}")).collect();
    let of_kind = |step: usize, finally: bool| (case.steps[step].kind == 4) == finally;
    let after: Vec<Vec<&str>> = case
        .steps
        .iter()
        .enumerate()
        .map(|(place, step)| {
            let before = (0..place).filter(|before| step.after[*before] && of_kind(*before, step.kind == 4));
            before.map(|before| names[before].as_str()).collect()
        })
        .collect();
    let mut steps: Vec<(&str, &[&str])> =
        names.iter().map(String::as_str).zip(after.iter().map(Vec::as_slice)).collect();
    steps.push(("two", &[]));
    steps.push(("no", &[]));
    let mut definition = definition(&steps);
    definition.unwind = case.unwind;
    for (step, random) in definition.steps.iter_mut().zip(&case.steps) {
        step.undo = random.undo.filter(|_| random.kind != 4);
        match random.kind {
            2 => {
                step.kind = StepKind::Map { at_once: Some(1) };
                step.input = Input::One(Source::Step(name("two")));
            }
            3 => step.when = Some(Source::Step(name("no"))),
            4 => step.finally = true,
            _ => {}
        }
    }
    Arc::new(Dag::new(definition).unwrap())
}

/// A task, its records, and what was seen of it.
struct World<'c> {
    case: &'c Case,
    dag: Arc<Dag>,
    run: Run,
    records: ClaimedTask,
    count: usize,
    under_way: Vec<usize>,
    end: Option<TaskEndKind>,
}

impl World<'_> {
    fn fate(&self, key: &drydock_core::StepKey) -> Fate {
        let place = key.name().as_str().strip_prefix('s').and_then(|text| text.parse::<usize>().ok());
        let random = place.map(|place| &self.case.steps[place]);
        random.map_or(Fate::Done, |it| if key.is_undo() { it.undo_fate } else { it.fate })
    }

    fn ended(&self, key: &str) -> Option<&StepEnd> {
        self.records.checkpoints.iter().find(|it| it.step.text() == key).map(|it| &it.end)
    }

    /// A record is durable; the owner may die right after it, and somebody may ask for the end.
    fn recorded(&mut self) {
        self.count += 1;
        if self.case.cancel == Some(self.count) && self.end.is_none() {
            self.records.cancellation = Some(cancellation("one"));
            self.run.fold_cancelled(cancellation("one"));
        }
        if self.case.crashes.contains(&self.count) {
            self.run = Run::recover(self.dag.clone(), &self.records).unwrap();
            self.under_way.clear();
        }
    }

    /// The attempt under way longest comes to its end.
    fn finish(&mut self) {
        let slot = self.under_way.remove(0);
        let key = self.run.key(slot);
        let text = key.to_string();
        let tried = self.records.attempts.iter().any(|it| it.step == key);
        let waited = self.records.waits.iter().any(|it| it.step == key);
        match self.fate(&key) {
            Fate::TriedAgain if !tried => {
                let record = failed(&text, 1);
                self.run.fold_failed(&record).unwrap();
                self.records.attempts.push(record);
            }
            Fate::Waits if !waited => {
                let record = waits(&text, 1, WaitKind::Timer);
                self.run.fold_waits(&record).unwrap();
                self.records.waits.push(record);
            }
            Fate::Fails => self.end_step(broken(&text)),
            _ if text == "two" => self.end_step(gave("two", "[1,2]")),
            _ if text == "no" => self.end_step(gave("no", "false")),
            _ => self.end_step(gave(&text, "null")),
        }
        self.recorded();
    }

    fn end_step(&mut self, checkpoint: drydock_core::journal::Checkpoint) {
        let again = self.records.checkpoints.iter().any(|it| it.step == checkpoint.step);
        assert!(!again, "{} ended twice", checkpoint.step);
        self.run.fold_ended(&checkpoint).unwrap();
        self.records.checkpoints.push(checkpoint);
    }

    fn on_start(&mut self, slot: usize) {
        let key = self.run.key(slot);
        assert!(!self.under_way.contains(&slot), "{key} is under way already");
        let step = self.run.step_of(slot);
        let good = |end: Option<&StepEnd>| end.is_some_and(|end| !matches!(end, StepEnd::Failed(_)));
        if key.is_undo() {
            assert!(self.under_way.iter().all(|other| self.run.is_undo(*other)), "{key} while work goes on");
            for later in self.dag.dependents(step) {
                let name = &self.dag.steps()[later].name;
                let undoing = drydock_core::StepKey::new(name.clone()).undoing();
                for part in self.run.parts_of(&undoing) {
                    assert!(good(self.ended(&part.to_string())), "{key} before {part}");
                }
            }
        } else if self.dag.steps()[step].finally {
            assert!(self.run.left_to_undo().is_empty(), "{key} before all is undone");
        } else {
            for before in self.dag.dependencies(step) {
                let ended = self.run.has_ended_well(&self.dag.steps()[before].name.clone().into());
                assert!(ended, "{key} too early");
            }
        }
        self.under_way.push(slot);
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Start(slot) => self.on_start(slot),
            Command::Skip(slot, reason) => {
                let key = self.run.key(slot).to_string();
                self.end_step(ended(&key, StepEnd::Skipped(reason)));
                self.recorded();
            }
            Command::End(kind) => self.end = Some(kind),
            Command::Stop | Command::Stuck => {}
            other => panic!("nobody asked for {other:?}"),
        }
    }

    /// Goes on until the task has ended, or nothing more can be done.
    fn go(&mut self) {
        for _ in 0..1_000 {
            let mut commands = Vec::new();
            self.run.plan(at(99), &mut commands);
            let before = self.count;
            for command in commands {
                self.carry_out(command);
                if self.case.crashes.contains(&self.count) && self.count > before {
                    // The rest was the dead owner's.
                    break;
                }
            }
            let due: Vec<usize> = self.run.timers().map(|(_, slot)| slot).collect();
            let woken = due.into_iter().filter(|slot| self.run.fold_due(*slot, at(99))).count();
            if self.end.is_some() {
                return;
            }
            if !self.under_way.is_empty() {
                self.finish();
            } else if woken == 0 && self.count == before && self.run.is_stuck() {
                return;
            }
        }
        panic!("it never ends: {:?}", self.records);
    }
}

/// What must be so when it is over.
fn check_end(world: &World<'_>) {
    let ends: BTreeMap<String, &StepEnd> =
        world.records.checkpoints.iter().map(|it| (it.step.to_string(), &it.end)).collect();
    let failed_undo =
        ends.iter().any(|(key, end)| key.starts_with("undo:") && matches!(end, StepEnd::Failed(_)));
    let Some(end) = &world.end else {
        assert!(failed_undo, "stuck without a failed undoing");
        return;
    };
    assert!(!failed_undo, "it ended although an undoing failed");
    let steps = world.dag.steps();
    let work = || steps.iter().filter(|step| !step.finally);
    for step in steps.iter().filter(|step| step.finally) {
        assert!(ends.contains_key(step.name.as_str()), "finally step {} did not run", step.name);
    }
    let closing_failed = steps
        .iter()
        .any(|step| step.finally && matches!(ends.get(step.name.as_str()), Some(StepEnd::Failed(_))));
    let all_done = work().all(|step| world.run.has_ended_well(&step.name.clone().into()));
    match end {
        TaskEndKind::Completed(_) => assert!(all_done && !closing_failed),
        TaskEndKind::Cancelled(_) => {
            assert!(!all_done && !closing_failed && world.records.cancellation.is_some());
        }
        TaskEndKind::Failed(_) => assert!(!all_done || closing_failed),
    }
    let undone = ends.keys().any(|key| key.starts_with("undo:"));
    assert!(!(undone && all_done), "a task whose work is done unwinds");
    let must = !all_done
        && match world.case.unwind {
            Unwind::Always => true,
            Unwind::OnFailure => world.records.cancellation.is_none(),
            Unwind::OnCancel | Unwind::Never => false,
        };
    assert!(!(undone && world.case.unwind == Unwind::Never));
    for (key, end) in &ends {
        let key: drydock_core::StepKey = key.parse().unwrap();
        let undoable = world.dag.index_of(key.name()).is_some_and(|step| steps[step].undo.is_some());
        if must && undoable && !key.is_undo() && matches!(end, StepEnd::Done(_)) {
            assert!(ends.contains_key(&key.undoing().to_string()), "{key} is not undone");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn a_task_that_is_cut_off_after_any_record_ends_as_its_workflow_says(case in case()) {
        let dag = dag(&case);
        let input = drydock_core::Payload::NULL;
        let mut world = World {
            case: &case,
            run: Run::new(dag.clone(), input),
            dag,
            records: claimed(),
            count: 0,
            under_way: Vec::new(),
            end: None,
        };
        world.go();
        check_end(&world);
    }
}
