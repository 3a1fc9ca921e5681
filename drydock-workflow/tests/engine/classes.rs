//! What a step's class comes to when it may have run before: observed steps look first, irreversible ones never run twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::WaitKind;
use drydock_core::{RetryPolicy, StepKey};
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{
    Class, Engine, Outcome, Resolution, Step, StepContext, StepError, StepResult, Workflow, WorkflowBuilder,
};
use tokio::sync::Notify;

use crate::support::{Log, World, failure, output, single, single_with};

/// A switch in the world, and a hand that throws it and then hangs until it is told.
#[derive(Clone, Default)]
struct Yard {
    on: Arc<AtomicBool>,
    go_on: Arc<Notify>,
    log: Log,
}

/// Throws the switch; asks first whether it is thrown already.
struct Observed(Yard);

#[async_trait]
impl Step for Observed {
    type Input = ();
    type Output = String;
    const CLASS: Class = Class::Observed;

    async fn run(&self, ctx: StepContext, (): ()) -> StepResult<String> {
        let Yard { on, go_on, log } = &self.0;
        log.note(format!("throws, attempt {}", ctx.attempt()));
        if ctx.attempt() > 2 || !ctx.may_have_run() {
            on.store(true, Ordering::SeqCst);
        }
        go_on.notified().await;
        Err(StepError::retryable("the line was cut"))
    }

    async fn observe(&self, _: StepContext, (): ()) -> Result<Option<String>, StepError> {
        let on = self.0.on.load(Ordering::SeqCst);
        self.0.log.note(format!("looks: {on}"));
        Ok(on.then(|| "seen".to_owned()))
    }
}

#[tokio::test(start_paused = true)]
async fn an_observed_step_looks_before_it_acts_again() {
    let (yard, world) = (Yard::default(), World::new());
    let workflow = single("throw", Observed(yard.clone()));
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    yard.log.reaches(1).await;
    yard.go_on.notify_one();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "\"seen\"");
    assert_eq!(
        yard.log.lines(),
        ["throws, attempt 1", "looks: true"],
        "not looked for before the first attempt"
    );
}

#[tokio::test(start_paused = true)]
async fn an_observed_step_looks_after_a_crash_and_acts_if_nothing_is_there() {
    let (yard, world) = (Yard::default(), World::new());
    let workflow = single("throw", Observed(yard.clone()));
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    yard.log.reaches(1).await;
    drop(first);
    // Somebody undid it meanwhile.
    yard.on.store(false, Ordering::SeqCst);
    let second = world.instance("b").workflow(&workflow).start().await.unwrap();
    yard.log.reaches(3).await;
    assert_eq!(yard.log.lines()[1..], ["looks: false", "throws, attempt 1"]);
    yard.on.store(true, Ordering::SeqCst);
    yard.go_on.notify_one();
    assert_eq!(output(&second.wait(task).await.unwrap()), "\"seen\"");
}

/// Sends a letter, which nobody can call back.
struct Letter {
    yard: Yard,
    /// What is found out about a letter whose sending was cut off.
    found: Resolution<String>,
}

#[async_trait]
impl Step for Letter {
    type Input = ();
    type Output = String;
    const CLASS: Class = Class::Irreversible;

    async fn run(&self, _: StepContext, (): ()) -> StepResult<String> {
        self.yard.log.note("sends");
        self.yard.go_on.notified().await;
        Ok(Outcome::Done("sent".to_owned()))
    }

    async fn resolve(&self, _: StepContext, (): ()) -> Result<Resolution<String>, StepError> {
        self.yard.log.note("finds out");
        Ok(self.found.clone())
    }
}

/// A letter under way when its instance dies, and the instance that has the task then.
async fn cut_off(
    found: Resolution<String>,
) -> (Yard, World, Workflow<(), String>, Engine, drydock_core::TaskId) {
    let (yard, world) = (Yard::default(), World::new());
    let workflow = single("letter", Letter { yard: yard.clone(), found });
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    yard.log.reaches(1).await;
    drop(first);
    let second = world.instance("b").workflow(&workflow).start().await.unwrap();
    yard.log.reaches(2).await;
    assert_eq!(yard.log.lines()[..2], ["sends", "finds out"]);
    (yard, world, workflow, second, task)
}

#[tokio::test(start_paused = true)]
async fn an_irreversible_step_that_was_cut_off_is_found_out_about() {
    let (yard, _world, _, engine, task) = cut_off(Resolution::Done("found in the archive".to_owned())).await;
    assert_eq!(output(&engine.wait(task).await.unwrap()), "\"found in the archive\"");
    assert_eq!(yard.log.lines().len(), 2, "it is not sent again");

    let (yard, _world, _, engine, task) = cut_off(Resolution::NotDone).await;
    yard.log.reaches(3).await;
    yard.go_on.notify_one();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "\"sent\"");
    assert_eq!(yard.log.lines(), ["sends", "finds out", "sends"]);
}

/// Waits until it is on record that the letter waits for an operator.
async fn waits_for_operator(world: &World, task: drydock_core::TaskId) {
    let waits = async || {
        let history = world.store.task_history(task).await.unwrap().unwrap();
        history.waits.iter().any(|wait| wait.kind == WaitKind::Operator)
    };
    while !waits().await {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn letter() -> StepKey {
    "letter".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_of_which_nobody_knows_waits_for_an_operator_whatever_crashes() {
    let (yard, world, workflow, engine, task) = cut_off(Resolution::Unknown).await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(yard.log.lines().len(), 2);
    drop(engine);
    let third = world.instance("c").workflow(&workflow).start().await.unwrap();
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(yard.log.lines().len(), 2, "nothing is to be found out while a person is waited for");
    assert!(third.settle(task, letter(), &"it is in the postbox", "ada").await.unwrap());
    assert_eq!(output(&third.wait(task).await.unwrap()), "\"it is in the postbox\"");
}

#[tokio::test(start_paused = true)]
async fn an_operator_may_have_it_run_again_or_fail() {
    let (yard, world, _, engine, task) = cut_off(Resolution::Unknown).await;
    waits_for_operator(&world, task).await;
    assert!(engine.retry(task, None, "ada").await.unwrap());
    yard.log.reaches(3).await;
    assert_eq!(yard.log.lines(), ["sends", "finds out", "sends"], "an operator's word is enough");
    yard.go_on.notify_one();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "\"sent\"");

    let (_, world, _, engine, task) = cut_off(Resolution::Unknown).await;
    waits_for_operator(&world, task).await;
    assert!(engine.fail(task, letter(), "the letter came back", "ada").await.unwrap());
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step letter: the letter came back");
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_on_an_operators_word_does_not_run_twice_either() {
    let (yard, world, workflow, engine, task) = cut_off(Resolution::Unknown).await;
    waits_for_operator(&world, task).await;
    assert!(engine.retry(task, None, "ada").await.unwrap());
    yard.log.reaches(3).await;
    drop(engine);
    let third = world.instance("c").workflow(&workflow).start().await.unwrap();
    yard.log.reaches(4).await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(yard.log.lines(), ["sends", "finds out", "sends", "finds out"]);
    assert!(third.settle(task, letter(), &"it is in the postbox", "ada").await.unwrap());
    assert_eq!(output(&third.wait(task).await.unwrap()), "\"it is in the postbox\"");
}

/// Fails in its first attempt, as far as it can tell.
struct Unsure(Log);

#[async_trait]
impl Step for Unsure {
    type Input = ();
    type Output = ();
    const CLASS: Class = Class::Irreversible;

    async fn run(&self, _: StepContext, (): ()) -> StepResult<()> {
        self.0.note("acts");
        Err(StepError::retryable("the answer was lost"))
    }

    async fn resolve(&self, _: StepContext, (): ()) -> Result<Resolution<()>, StepError> {
        self.0.note("finds out");
        Ok(Resolution::Done(()))
    }
}

#[tokio::test(start_paused = true)]
async fn an_irreversible_step_is_not_simply_tried_again_after_a_failure() {
    let (log, world) = (Log::default(), World::new());
    let workflow = single_with("unsure", Unsure(log.clone()), |step| step.retry(RetryPolicy::attempts(5)));
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["acts", "finds out"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_was_never_begun_runs_after_a_crash_as_if_nothing_had_been() {
    let (yard, world) = (Yard::default(), World::new());
    let letter = Letter { yard: yard.clone(), found: Resolution::Unknown };
    let mut builder = WorkflowBuilder::<()>::new("later", 1);
    let log = yard.log.clone();
    let hold = drydock_workflow::step_fn(move |ctx: StepContext, (): ()| {
        let log = log.clone();
        async move {
            log.note("holds");
            Ok(if ctx.may_have_run() {
                Outcome::Done(())
            } else {
                Outcome::wait(Duration::from_mins(5), "hold")
            })
        }
    });
    let held = builder.step("hold", hold).run(());
    let sent = builder.step("letter", letter).run(&held);
    let workflow = builder.output(&sent).unwrap();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    yard.log.reaches(1).await;
    drop(first);
    let second = world.instance("b").workflow(&workflow).start().await.unwrap();
    yard.log.reaches(3).await;
    assert_eq!(yard.log.lines(), ["holds", "holds", "sends"]);
    yard.go_on.notify_one();
    assert_eq!(output(&second.wait(task).await.unwrap()), "\"sent\"");
}
