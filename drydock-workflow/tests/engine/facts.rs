//! Facts: on record with what came of the call that found them, each once, whatever fails or crashes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use drydock_core::{RetryPolicy, TaskId};
use drydock_store::repo::{FactQuery, TaskRepo as _};
use drydock_workflow::testing::Laws;
use drydock_workflow::{
    EngineOptions, Fact, Outcome, StepContext, StepError, Workflow, WorkflowBuilder, step_fn,
};
use tokio::sync::Notify;

use crate::faulty::{Call, Fault, FaultyJournal};
use crate::support::{World, failure, output, single, single_with, within};

/// The facts of a task, oldest first: step, generator, text.
async fn facts(world: &World, task: TaskId) -> Vec<(String, String, String)> {
    let page = world.store.fact_list(&FactQuery::of_task(task)).await.unwrap();
    let mut records: Vec<_> = page.facts.into_iter().map(|found| found.record).collect();
    records.sort_by_key(|record| record.seq);
    let seqs: Vec<u32> = records.iter().map(|record| record.seq).collect();
    assert!(seqs.iter().copied().eq(0..u32::try_from(seqs.len()).unwrap()), "{seqs:?}");
    let text = |data: &[u8]| String::from_utf8(data.to_vec()).unwrap();
    records
        .into_iter()
        .map(|it| (it.step.to_string(), it.fact.generator, text(it.fact.data.as_bytes())))
        .collect()
}

fn of(step: &str, generator: &str, data: &str) -> (String, String, String) {
    (step.to_owned(), generator.to_owned(), data.to_owned())
}

fn node() -> drydock_workflow::FactBuilder {
    Fact::about("node", "n07")
}

/// Fails once, waits once, and records in each call; then a map whose items record.
fn inspects() -> Workflow<(), Vec<u32>> {
    let look = step_fn(|ctx: StepContext, (): ()| async move {
        ctx.record(node().by("call").json(&(ctx.attempt(), ctx.scratch::<u32>())))?;
        match (ctx.attempt(), ctx.scratch::<u32>()) {
            (1, _) => Err(StepError::retryable("it boots")),
            (_, None) => Ok(Outcome::wait(Duration::from_secs(5), "it settles").keep(&1)),
            (_, Some(_)) => {
                ctx.record(node().by("lldp").text("text/xml", "<lldp/>"))?;
                Ok(Outcome::Done(vec![0, 1, 2]))
            }
        }
    });
    let test = step_fn(|ctx: StepContext, disk: u32| async move {
        ctx.progress_of(1, 1, "disk");
        ctx.record(Fact::about("disk", format!("sd{disk}")).by("smartctl").json(&disk))?;
        Ok(Outcome::Done(disk))
    });
    let mut builder = WorkflowBuilder::<()>::new("inspects", 1);
    let disks = builder.step("look", look).retry(RetryPolicy::attempts(2)).run(());
    let tested = builder.map("test", test).at_once(1).run(&disks);
    builder.output(&tested).unwrap()
}

fn all_of_them() -> Vec<(String, String, String)> {
    vec![
        of("look", "call", "[1,null]"),
        of("look", "call", "[2,null]"),
        of("look", "call", "[2,1]"),
        of("look", "lldp", "<lldp/>"),
        of("test[0]", "smartctl", "0"),
        of("test[1]", "smartctl", "1"),
        of("test[2]", "smartctl", "2"),
    ]
}

#[tokio::test(start_paused = true)]
async fn facts_go_on_record_with_each_call_in_order_also_when_it_fails() {
    let world = World::new();
    let workflow = inspects();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "[0,1,2]");
    assert_eq!(facts(&world, task).await, all_of_them());
    // A subject's are found whichever task found them, the newest first; and of each generator the latest.
    let second = engine.submit(&workflow, &()).await.unwrap();
    engine.wait(second).await.unwrap();
    let about = FactQuery::about("node", "n07");
    let found = world.store.fact_list(&about).await.unwrap().facts;
    let tasks: Vec<TaskId> = found.iter().map(|found| found.task).collect();
    assert_eq!(tasks, [[second; 4], [task; 4]].concat());
    let latest = world.store.fact_list(&about.latest()).await.unwrap().facts;
    let latest: Vec<_> = latest.into_iter().map(|it| (it.task, it.record.fact.generator)).collect();
    assert_eq!(latest, [(second, "lldp".to_owned()), (second, "call".to_owned())]);
}

/// The instance dies with each of its commits: after it happened and before it is heard of, or before it happened.
#[tokio::test(start_paused = true)]
async fn no_crash_loses_a_fact_or_records_it_twice() {
    for fault in [Fault::HangAfter, Fault::Hang] {
        let mut crashes = 0;
        for fatal in 1.. {
            let world = World::new();
            let workflow = inspects();
            let (appends, dead) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
            let journal = {
                let (appends, dead) = (appends.clone(), dead.clone());
                FaultyJournal::new(world.store.clone(), move |call| {
                    let append = matches!(call, Call::Append { .. });
                    let dies = append && appends.fetch_add(1, Ordering::SeqCst) + 1 == fatal;
                    dies.then(|| dead.notify_one());
                    dies.then_some(fault)
                })
            };
            let task = world.queue(&workflow, &()).await.id;
            let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
            let died = tokio::select! {
                biased;
                () = dead.notified() => true,
                end = engine.wait(task) => { output(&end.unwrap()); false }
            };
            // The commit that hangs has reached the store, or never will.
            tokio::time::sleep(Duration::from_millis(1)).await;
            drop(engine);
            let next = world.instance("a").workflow(&workflow).start().await.unwrap();
            assert_eq!(output(&next.wait(task).await.unwrap()), "[0,1,2]");
            assert_eq!(facts(&world, task).await, all_of_them(), "{fault:?} with commit {fatal}");
            if !died {
                break;
            }
            crashes += 1;
        }
        assert!(crashes >= 6, "only {crashes} commits");
    }
}

#[tokio::test(start_paused = true)]
async fn the_laws_hold_for_steps_that_record_and_tell() {
    Laws::new(|| Arc::new(drydock_store::MemoryStore::new()), inspects, ()).check().await.unwrap();
}

/// Recorded after the part and from its value, whoever ran the part.
#[tokio::test(start_paused = true)]
async fn what_parts_done_once_found_is_recorded_once() {
    let (world, stuck) = (World::new(), Arc::new(Notify::new()));
    let step = {
        let stuck = stuck.clone();
        step_fn(move |ctx: StepContext, (): ()| {
            let stuck = stuck.clone();
            async move {
                for disk in 0..3_u32 {
                    let hours = ctx.once(&format!("disk {disk}"), async { Ok(disk * 10) }).await?;
                    ctx.record(Fact::about("disk", disk.to_string()).by("hours").json(&hours))?;
                    if disk == 1 && !ctx.may_have_run() {
                        stuck.notify_one();
                        std::future::pending::<()>().await;
                    }
                }
                Ok(Outcome::Done(()))
            }
        })
    };
    let workflow = single("wipe", step);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    stuck.notified().await;
    drop(engine);
    assert_eq!(facts(&world, task).await, [], "the call has not ended");
    let next = world.instance("a").workflow(&workflow).start().await.unwrap();
    output(&next.wait(task).await.unwrap());
    let expected = [of("wipe", "hours", "0"), of("wipe", "hours", "10"), of("wipe", "hours", "20")];
    assert_eq!(facts(&world, task).await, expected);
}

type Record = fn(&StepContext) -> Result<(), StepError>;

/// The step has the error at hand, and what it recorded before stands.
#[tokio::test(start_paused = true)]
async fn a_fact_that_cannot_be_kept_is_refused_with_what_to_do() {
    let table: [(Record, &str); 5] = [
        (
            |ctx| ctx.record(node().by("log").text("text/plain", "x".repeat(101))),
            "what log gave about node n07 has 101 bytes, the limit is 100: \
             store large data elsewhere and record where it is",
        ),
        (
            |ctx| (0..17).try_for_each(|_| ctx.record(node().by("log").text("text/plain", "x".repeat(100)))),
            "what log gave about node n07 has 100 bytes, and what this call recorded before has 1600, \
             the limit is 1600: store large data elsewhere and record where it is",
        ),
        (
            |ctx| ctx.record(node().text("text/plain", "")),
            "the generator of a fact has 0 bytes: give it 1 to 200",
        ),
        (
            |ctx| ctx.record(Fact::about("node", "n".repeat(201)).by("log").text("text/plain", "")),
            "the subject name of a fact has 201 bytes: give it 1 to 200",
        ),
        (
            |ctx| ctx.record(node().by("odd").json(&std::collections::BTreeMap::from([((), 1)]))),
            "a fact cannot be written as JSON: key must be a string",
        ),
    ];
    for (record, expected) in table {
        let world = World::new();
        let step = step_fn(move |ctx: StepContext, (): ()| async move {
            record(&ctx)?;
            Ok(Outcome::Done(()))
        });
        let workflow = single_with("step", step, |step| step.retry(RetryPolicy::NEVER));
        let options = EngineOptions { output_limit: 100, ..EngineOptions::default() };
        let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
        let task = engine.submit(&workflow, &()).await.unwrap();
        let end = within(Duration::from_hours(1), engine.wait(task)).await.unwrap().unwrap();
        assert_eq!(failure(&end), format!("step step: {expected}"));
        let kept = facts(&world, task).await.len();
        assert_eq!(kept, if expected.contains("1600") { 16 } else { 0 }, "{expected}");
    }
}
