//! Starting with more than a workflow and an input: keys, labels, priorities; and with records of another task.

use std::time::Duration;

use drydock_core::StepName;
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{
    CarryOver, CarryRules, Engine, EngineError, EngineOptions, Outcome, Workflow, WorkflowBuilder, step_fn,
};

use crate::support::{Log, World, nothing, output, works};

#[tokio::test(start_paused = true)]
async fn a_start_with_a_key_is_one_start_however_often_it_comes() {
    let (log, world) = (Log::default(), World::new());
    let workflow = works(&log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let start = || engine.task(&workflow, &1).key("request 7").label("site", "berlin").submit();
    let (first, second) = tokio::join!(start(), start());
    let task = first.unwrap();
    assert_eq!(second.unwrap(), task);
    assert_eq!(output(&engine.wait(task).await.unwrap()), "1");
    assert_eq!(start().await.unwrap(), task, "also when it has ended");
    let other = engine.task(&workflow, &1).key("request 8").submit().await.unwrap();
    assert_ne!(other, task);
    engine.wait(other).await.unwrap();
    assert_eq!(log.lines().len(), 2);
    assert_eq!(world.store.task_get(task).await.unwrap().unwrap().labels["site"], "berlin");
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_greater_priority_are_taken_first() {
    let (log, world) = (Log::default(), World::new());
    let workflow = works(&log);
    let options = EngineOptions { capacity: 1, ..EngineOptions::default() };
    let engine = world.instance("a").workflow(&workflow).options(options).start().await.unwrap();
    let mut tasks = vec![engine.submit(&workflow, &10).await.unwrap()];
    for (seconds, priority) in [(1, 0), (2, -5), (3, 9), (4, 9)] {
        tokio::time::sleep(Duration::from_millis(1)).await;
        tasks.push(engine.task(&workflow, &seconds).priority(priority).submit().await.unwrap());
    }
    for task in tasks {
        engine.wait(task).await.unwrap();
    }
    assert_eq!(log.lines(), ["begins 10", "begins 3", "begins 4", "begins 1", "begins 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_was_put_into_the_store_otherwise_is_found_at_once() {
    let world = World::new();
    let workflow = nothing();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.task(&workflow, &()).build().unwrap();
    let id = task.id;
    drydock_core::journal::Journal::task_submit(&*world.store, &[task]).await.unwrap();
    engine.look();
    output(&engine.wait(id).await.unwrap());
}

/// Steps that note their name, in a row; `old` for version 1, else version 2 with a changed middle and a step more.
fn version(old: bool, log: &Log) -> Workflow<u32, u32> {
    let mut builder = WorkflowBuilder::<u32>::new("grown", if old { 1 } else { 2 });
    let add = |name: &'static str, n: u32| {
        let log = log.clone();
        step_fn(move |_, before: u32| {
            let log = log.clone();
            async move {
                log.note(name);
                Ok(Outcome::Done(before + n))
            }
        })
    };
    let input = builder.input();
    let first = builder.step("first", add("first", 1)).run(&input);
    let second = builder.step(if old { "second" } else { "renamed" }, add("second", 10)).run(&first);
    let third = if old { second } else { builder.step("new", add("new", 100)).run(&second) };
    let last = builder.step("last", add("last", 1_000)).run(&third);
    builder.output(&last).unwrap()
}

async fn history_of(world: &World, engine: &Engine, workflow: &Workflow<u32, u32>) -> CarryOver {
    let task = engine.submit(workflow, &0).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "1011");
    let history = world.store.task_history(task).await.unwrap().unwrap();
    let step = |text: &str| StepName::new(text).unwrap();
    let rules = CarryRules::new().rename(step("second"), step("renamed"));
    CarryOver::plan(
        workflow.definition(),
        version(false, &Log::default()).definition(),
        (&history.checkpoints, &history.marks),
        &rules,
    )
}

#[tokio::test(start_paused = true)]
async fn a_task_goes_on_under_a_new_version_with_what_carries_over() {
    let (log, world) = (Log::default(), World::new());
    let (old, new) = (version(true, &log), version(false, &log));
    let first = world.instance("old").workflow(&old).start().await.unwrap();
    let over = history_of(&world, &first, &old).await;
    assert_eq!(
        over.to_string(),
        "carries over  first\ncarries over  renamed\nruns          new: is new\n\
         runs          last: is defined otherwise\nis gone       last\n",
        "shown before it is done"
    );
    let second = world.instance("new").workflow(&new).start().await.unwrap();
    let task = second.task(&new, &0).carrying(&over).label("from", "old").submit().await.unwrap();
    assert_eq!(output(&second.wait(task).await.unwrap()), "1111");
    assert_eq!(log.lines(), ["first", "second", "last", "new", "last"]);
    let refused = second.task(&new, &0).carrying(&over).key("twice").submit().await;
    assert!(matches!(refused, Err(EngineError::Carrying)));
    assert!(matches!(second.task(&new, &0).carrying(&over).build(), Err(EngineError::Carrying)));
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_task_is_run_again_as_a_new_one() {
    let (log, world) = (Log::default(), World::new());
    let workflow = version(true, &log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &0).await.unwrap();
    engine.wait(task).await.unwrap();
    let history = world.store.task_history(task).await.unwrap().unwrap();
    let rules = CarryRules::new().again(StepName::new("second").unwrap());
    let definition = workflow.definition();
    let fork = CarryOver::plan(definition, definition, (&history.checkpoints, &history.marks), &rules);
    assert_eq!(
        fork.to_string(),
        "carries over  first\nruns          second: was asked for\n\
         runs          last: follows second, which runs again\nis gone       last\nis gone       second\n"
    );
    let again = engine.task(&workflow, &0).carrying(&fork).submit().await.unwrap();
    assert_eq!(output(&engine.wait(again).await.unwrap()), "1011");
    assert_eq!(log.lines(), ["first", "second", "last", "second", "last"]);
}
