//! Maps: one step per item of a list that is known only when the task runs, each with its own records.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{EngineOptions, Outcome, StepContext, StepError, Workflow, WorkflowBuilder, step_fn};
use tokio::sync::Notify;

use crate::support::{Log, World, failure, output, within};

/// The numbers below the input, and `step` for each of them.
fn over_numbers<Fut>(
    at_once: Option<u32>,
    step: impl Fn(StepContext, u32) -> Fut + Send + Sync + 'static,
) -> Workflow<u32, Vec<String>>
where
    Fut: Future<Output = Result<Outcome<String>, StepError>> + Send + 'static,
{
    let mut builder = WorkflowBuilder::<u32>::new("numbers", 1);
    let input = builder.input();
    let list = step_fn(|_, n: u32| async move { Ok(Outcome::Done((0..n).collect::<Vec<u32>>())) });
    let list = builder.step("list", list).run(&input);
    let mut map = builder.map("each", step_fn(step)).retry(RetryPolicy::attempts(2));
    if let Some(at_once) = at_once {
        map = map.at_once(at_once);
    }
    let each = map.run(&list);
    builder.output(&each).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_item_has_its_own_attempts_waits_and_key() {
    let keys = Arc::new(Mutex::new(HashSet::new()));
    let workflow = {
        let keys = keys.clone();
        over_numbers(None, move |ctx, n| {
            keys.lock().unwrap().insert(ctx.idempotency_key());
            async move {
                match (n, ctx.attempt(), ctx.may_have_run()) {
                    (0, 1, _) => Err(StepError::retryable("not yet")),
                    (1, 1, false) => Ok(Outcome::wait(Duration::from_mins(1), "a minute")),
                    _ => Ok(Outcome::Done(format!("{}: {} in {}", ctx.key(), n * n, ctx.attempt()))),
                }
            }
        })
    };
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &3).await.unwrap();
    let told = output(&engine.wait(task).await.unwrap());
    assert_eq!(told, r#"["each[0]: 0 in 2","each[1]: 1 in 1","each[2]: 4 in 1"]"#);
    assert_eq!(keys.lock().unwrap().len(), 3);
    let history = world.store.task_history(task).await.unwrap().unwrap();
    assert_eq!(history.checkpoints.len(), 4, "there is none for the map itself");
    let task = engine.submit(&workflow, &0).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "[]");
}

#[tokio::test(start_paused = true)]
async fn only_so_many_run_at_once() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let workflow = {
        let (running, most) = (running.clone(), most.clone());
        over_numbers(Some(3), move |_, _| {
            let (running, most) = (running.clone(), most.clone());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(Outcome::Done(String::new()))
            }
        })
    };
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let begun = tokio::time::Instant::now();
    let task = engine.submit(&workflow, &12).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    assert_eq!((most.load(Ordering::SeqCst), begun.elapsed().as_secs()), (3, 4));
}

/// A map of 3,000 items without a limit: how many are under way at most, when each does this.
async fn most_at_once<Fut>(item: impl Fn() -> Fut + Send + Sync + 'static) -> usize
where
    Fut: Future<Output = ()> + Send + 'static,
{
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let workflow = {
        let most = most.clone();
        over_numbers(None, move |_, _| {
            let (running, most, item) = (running.clone(), most.clone(), item());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                item.await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(Outcome::Done(String::new()))
            }
        })
    };
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &3_000).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    most.load(Ordering::SeqCst)
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_all_items_that_take_their_time_are_under_way_together() {
    assert_eq!(most_at_once(|| tokio::time::sleep(Duration::from_secs(1))).await, 3_000);
}

#[tokio::test(start_paused = true)]
async fn of_many_quick_items_the_first_end_before_the_last_begin() {
    let most = most_at_once(tokio::task::yield_now).await;
    assert!(most < 1_500, "{most} were under way at once");
}

#[tokio::test(start_paused = true)]
async fn a_map_goes_on_after_a_crash_at_the_items_without_a_checkpoint() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let workflow = {
        let (log, gate) = (log.clone(), gate.clone());
        over_numbers(None, move |ctx, n| {
            let (log, gate) = (log.clone(), gate.clone());
            async move {
                if n % 2 == 1 {
                    log.note(if ctx.may_have_run() { format!("{n} again") } else { n.to_string() });
                    gate.notified().await;
                } else {
                    log.note(n.to_string());
                }
                Ok(Outcome::Done(n.to_string()))
            }
        })
    };
    let world = World::new();
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &4).await.unwrap();
    log.reaches(4).await;
    // The even ones are committed by the time the engine is idle.
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(first);
    let second = world.instance("a").workflow(&workflow).start().await.unwrap();
    log.reaches(6).await;
    gate.notify_waiters();
    assert_eq!(output(&second.wait(task).await.unwrap()), r#"["0","1","2","3"]"#);
    assert_eq!(log.sorted(), ["0", "1", "1 again", "2", "3", "3 again"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_item_fails_the_task_after_those_under_way_and_begins_no_other() {
    let log = Log::default();
    let workflow = {
        let log = log.clone();
        over_numbers(Some(2), move |_, n| {
            let log = log.clone();
            async move {
                if n == 0 {
                    return Err(StepError::permanent("broken"));
                }
                tokio::time::sleep(Duration::from_secs(5)).await;
                log.note(format!("{n} done"));
                Ok(Outcome::Done(String::new()))
            }
        })
    };
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &9).await.unwrap();
    assert_eq!(failure(&engine.wait(task).await.unwrap()), "step each[0]: broken");
    assert_eq!(log.lines(), ["1 done"]);
}

#[tokio::test(start_paused = true)]
async fn a_map_of_many_items_is_run() {
    let workflow = over_numbers(Some(500), |_, n| async move { Ok(Outcome::Done(n.to_string())) });
    let world = World::new();
    let options = EngineOptions { inbox: 64, ..EngineOptions::default() };
    let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &20_000).await.unwrap();
    let end = within(Duration::from_hours(1), engine.wait(task)).await.unwrap().unwrap();
    let outputs: Vec<String> = serde_json::from_str(&output(&end)).unwrap();
    assert_eq!((outputs.len(), outputs[19_999].as_str()), (20_000, "19999"));
}
