//! The laws hold for workflows of every shape, and they bite: workflows that break them are caught.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_store::MemoryStore;
use drydock_workflow::testing::{Law, Laws, Subject, Violation, Violations};
use drydock_workflow::{
    ChildOutcome, ChildResult, Outcome, StepContext, StepError, Undo, Workflow, WorkflowBuilder, step_fn,
};

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}

fn linear() -> Workflow<u32, u32> {
    let add = |n| step_fn(move |_, m: u32| async move { Ok(Outcome::Done(m + n)) });
    let mut builder = WorkflowBuilder::<u32>::new("linear", 1);
    let input = builder.input();
    let first = builder.step("first", add(1)).run(&input);
    let second = builder.step("second", add(10)).run(&first);
    let third = builder.step("third", add(100)).run(&second);
    builder.output(&third).unwrap()
}

/// Two branches, one tried again and the other waiting, and a step that joins them.
fn diamond() -> Workflow<u32, (u32, u32)> {
    let mut builder = WorkflowBuilder::<u32>::new("diamond", 1);
    let input = builder.input();
    let top = builder.step("top", step_fn(|_, n: u32| async move { Ok(Outcome::Done(n + 1)) })).run(&input);
    let flaky = step_fn(|ctx: StepContext, n: u32| async move {
        if ctx.attempt() < 3 {
            return Err(StepError::retryable("not yet"));
        }
        Ok(Outcome::Done(n * 2))
    });
    let left = builder.step("left", flaky).retry(RetryPolicy::attempts(3)).run(&top);
    let slow = step_fn(|ctx: StepContext, n: u32| async move {
        if ctx.elapsed() < Duration::from_mins(45) {
            return Ok(Outcome::wait(Duration::from_mins(20), "the machine"));
        }
        Ok(Outcome::Done(n * 3))
    });
    let right = builder.step("right", slow).run(&top);
    let join = step_fn(|_, pair: (u32, u32)| async move { Ok(Outcome::Done(pair)) });
    let join = builder.step("join", join).run((&left, &right));
    builder.output(&join).unwrap()
}

/// One child per item, each of which waits; some of them fail, and the sum of the others is the output.
fn family() -> Subject<Vec<u32>, u32> {
    let child = {
        let mut builder = WorkflowBuilder::<u32>::new("child", 1);
        let input = builder.input();
        let wait = step_fn(|ctx: StepContext, n: u32| async move {
            match (n % 5, ctx.elapsed() < Duration::from_secs(30)) {
                (4, _) => Err(StepError::permanent("no machine has a four")),
                (_, true) => Ok(Outcome::wait(Duration::from_secs(30), "half a minute")),
                (_, false) => Ok(Outcome::Done(n)),
            }
        });
        let wait = builder.step("wait", wait).run(&input);
        let square = step_fn(|_, n: u32| async move { Ok(Outcome::Done(n * n)) });
        let square = builder.step("square", square).run(&wait);
        builder.output(&square).unwrap()
    };
    let mut builder = WorkflowBuilder::<Vec<u32>>::new("family", 1);
    let input = builder.input();
    let all = builder.children("all", &child).run(&input);
    let sum = step_fn(|_, ends: Vec<ChildResult<u32>>| async move {
        let completed = ends.iter().filter_map(|end| match &end.end {
            ChildOutcome::Completed(n) => Some(*n),
            ChildOutcome::Failed(_) | ChildOutcome::Cancelled(_) => None,
        });
        Ok(Outcome::Done(completed.sum::<u32>()))
    });
    let sum = builder.step("sum", sum).run(&all);
    Subject::new(builder.output(&sum).unwrap()).with_child(&child)
}

#[tokio::test(start_paused = true)]
async fn a_line_of_steps_obeys_the_laws() {
    let passed = Laws::new(store, linear, 7).check().await.unwrap();
    // Each of three steps failed and repeated, and a crash after each of three commits, beside the trial without a fault and
    // the one in which the last crash does not come.
    assert_eq!(passed.trials, 1 + 3 + 3 + 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_diamond_with_retries_and_waits_obeys_the_laws() {
    let passed = Laws::new(store, diamond, 7).check().await.unwrap();
    assert!(passed.trials > 1 + 4 + 4 + 8, "{passed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_family_of_tasks_obeys_the_laws() {
    let passed = Laws::new(store, family, vec![1, 2, 4, 3]).check().await.unwrap();
    assert!(passed.trials > 1 + 3 + 4 + 5, "{passed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_fails_obeys_the_laws_if_it_always_fails_alike() {
    let fails = || {
        let mut builder = WorkflowBuilder::<()>::new("fails", 1);
        let first = step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
        let first = builder.step("first", first).run(());
        let second =
            step_fn(|_, (): ()| async { Err::<Outcome<()>, _>(StepError::permanent("it is broken")) });
        builder.step("second", second).run(&first);
        builder.build().unwrap()
    };
    Laws::new(store, fails, ()).check().await.unwrap();
}

/// Who has what: undoings that are repeated find it gone already.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeSet<String>>>);

impl Shelf {
    fn take(&self, what: &str) {
        self.0.lock().unwrap().insert(what.to_owned());
    }

    fn give_back(&self, what: &str) -> bool {
        self.0.lock().unwrap().remove(what)
    }
}

/// Takes an address, a name for each of two cards and a port, and in the end tells of it. All of it is given back when it fails.
/// An undoing that is not `kind` fails when there is nothing to give back any more.
fn saga(kind: bool) -> Workflow<u32, Vec<String>> {
    let shelf = Shelf::default();
    let take = |shelf: &Shelf, what: &'static str| {
        let shelf = shelf.clone();
        step_fn(move |_, n: u32| {
            let taken = format!("{what} {n}");
            shelf.take(&taken);
            async move { Ok(Outcome::Done(taken)) }
        })
    };
    let give_back = |shelf: &Shelf| {
        let shelf = shelf.clone();
        step_fn(move |_, taken: Undo<u32, String>| {
            let found = shelf.give_back(&taken.output);
            async move {
                if found || kind {
                    Ok(Outcome::Done(()))
                } else {
                    Err(StepError::permanent("it is not there"))
                }
            }
        })
    };
    let mut builder = WorkflowBuilder::<u32>::new("saga", 1);
    let input = builder.input();
    let address = builder.step("address", take(&shelf, "address")).undo(give_back(&shelf)).run(&input);
    let cards = step_fn(|_, _: String| async { Ok(Outcome::Done(vec![1, 2])) });
    let cards = builder.step("cards", cards).run(&address);
    let names = builder.map("names", take(&shelf, "name")).at_once(1).undo(give_back(&shelf)).run(&cards);
    builder.step("port", take(&shelf, "port")).undo(give_back(&shelf)).after(&names).run(&input);
    let tell = step_fn(|ctx: StepContext, names: Option<Vec<String>>| async move {
        if ctx.elapsed() < Duration::from_secs(10) {
            return Ok(Outcome::wait(Duration::from_secs(10), "somebody to listen"));
        }
        Ok(Outcome::Done(names.map_or(0, |names| names.len())))
    });
    let tell = builder.finally("tell", tell).run(&names.maybe());
    builder.finally("sleep", step_fn(|_, _: usize| async { Ok(Outcome::Done(())) })).run(&tell);
    builder.output(&names).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_saga_with_a_map_and_finally_steps_obeys_the_laws() {
    let passed = Laws::new(store, || saga(true), 7).check().await.unwrap();
    // Each of six steps failed, and the workflow killed after each commit of what follows then.
    assert!(passed.trials > 1 + 6 + 6 + 6 * 6, "{passed:?}");
}

#[tokio::test(start_paused = true)]
async fn an_undoing_that_cannot_be_repeated_breaks_the_law_of_repeated_undoings() {
    let violations = Laws::new(store, || saga(false), 7).check().await.unwrap_err();
    assert_eq!(laws_of(&violations), [Law::RepeatEachUndo], "{violations}");
    let at =
        |found: &Violation| found.at.starts_with("the undoing of address after the failure of step cards");
    assert!(violations.0.iter().any(at), "{violations}");
    assert!(
        violations.0.iter().all(|found| found.what.starts_with("the task is stuck with undo:")),
        "{violations}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_undoing_that_always_fails_breaks_the_law_of_clean_ends() {
    let stays = || {
        let mut builder = WorkflowBuilder::<()>::new("stays", 1);
        let act = step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
        let undo = step_fn(|_, _: Undo<(), ()>| async {
            Err::<Outcome<()>, _>(StepError::permanent("it cannot be taken back"))
        });
        let act = builder.step("act", act).undo(undo).run(());
        let last = step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
        builder.step("last", last).after(&act).run(());
        builder.build().unwrap()
    };
    let violations = Laws::new(store, stays, ()).check().await.unwrap_err();
    assert_eq!(laws_of(&violations), [Law::FailEachStep], "{violations}");
    assert_eq!(violations.0[0].what, "the task is stuck with undo:act left to do");
}

fn laws_of(violations: &Violations) -> Vec<Law> {
    let mut laws: Vec<Law> = violations.0.iter().map(|violation| violation.law).collect();
    laws.dedup();
    laws
}

#[tokio::test(start_paused = true)]
async fn a_step_that_counts_its_runs_breaks_the_law_of_repetition() {
    let counts = || {
        let runs = Arc::new(AtomicU32::new(0));
        let count = step_fn(move |_, (): ()| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            async move { Ok(Outcome::Done(run)) }
        });
        let mut builder = WorkflowBuilder::<()>::new("counts", 1);
        let first = builder.step("first", step_fn(|_, (): ()| async { Ok(Outcome::Done(())) })).run(());
        let count = builder.step("count", count).after(&first).run(());
        builder.output(&count).unwrap()
    };
    let violations = Laws::new(store, counts, ()).check().await.unwrap_err();
    assert_eq!(laws_of(&violations), [Law::RepeatEachStep], "{violations}");
    assert_eq!(violations.0.len(), 1, "{violations}");
    let found = &violations.0[0];
    assert_eq!(found.at, "step count of counts");
    assert_eq!(found.what, "the task completed with 1; without faults it completed with 0");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_trusts_its_memory_breaks_the_law_of_crashes() {
    // The second step finds what the first has left in memory; after a crash between them nothing is there.
    let forgets = || {
        let owner = Arc::new(std::sync::Mutex::new(None));
        let remember = {
            let owner = owner.clone();
            step_fn(move |ctx: StepContext, (): ()| {
                *owner.lock().unwrap() = Some(ctx.fence().1);
                async { Ok(Outcome::Done(())) }
            })
        };
        let recall = step_fn(move |ctx: StepContext, (): ()| {
            let same = *owner.lock().unwrap() == Some(ctx.fence().1);
            async move {
                if same { Ok(Outcome::Done(())) } else { Err(StepError::permanent("the session is gone")) }
            }
        });
        let mut builder = WorkflowBuilder::<()>::new("forgets", 1);
        let remember = builder.step("remember", remember).run(());
        builder.step("recall", recall).run(&remember);
        builder.build().unwrap()
    };
    let violations = Laws::new(store, forgets, ()).check().await.unwrap_err();
    assert!(laws_of(&violations).contains(&Law::CrashAfterEachRecord), "{violations}");
    assert!(violations.0.iter().any(|found| found.at == "commit 1"), "{violations}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_ever_breaks_the_law_of_ends() {
    let hangs = || {
        let step = step_fn(|_, (): ()| async { Ok(Outcome::<()>::wait(Duration::from_hours(1), "nobody")) });
        let mut builder = WorkflowBuilder::<()>::new("hangs", 1);
        builder.step("hangs", step).run(());
        builder.build().unwrap()
    };
    let violations = Laws::new(store, hangs, ()).within(Duration::from_hours(9)).check().await.unwrap_err();
    assert_eq!(laws_of(&violations), [Law::Ends]);
    assert_eq!(violations.to_string().lines().count(), 2, "{violations}");
}
