//! Locks that tasks hold, and limits that steps share: among instances, over crashes, and given back whatever happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_core::journal::TaskEndKind;
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{
    BuildError, CarryOver, CarryRules, Engine, EngineOptions, Outcome, StepContext, StepError, Workflow,
    WorkflowBuilder, step_fn,
};
use serde::{Deserialize, Serialize};

use crate::support::{Log, World, failure, output, single, within};

/// Takes the locks that its input names, works for a minute over two steps, and says so.
fn locked(log: &Log) -> Workflow<(String, Vec<String>), ()> {
    let mut builder = WorkflowBuilder::<(String, Vec<String>)>::new("locked", 1);
    let input = builder.input();
    let take = step_fn(|ctx: StepContext, (_, locks): (String, Vec<String>)| async move {
        Ok(if ctx.has_locks() {
            Outcome::Done(())
        } else {
            Outcome::locks(locks, "nobody else may touch it")
        })
    });
    let taken = builder.step("take", take).run(&input);
    let begins = log.clone();
    let begin = step_fn(move |_, (name, _): (String, Vec<String>)| {
        let log = begins.clone();
        async move {
            log.note(format!("{name} begins"));
            tokio::time::sleep(Duration::from_secs(30)).await;
            Ok(Outcome::Done(name))
        }
    });
    let begun = builder.step("begin", begin).after(&taken).run(&input);
    let ends = log.clone();
    let end = step_fn(move |_, name: String| {
        let log = ends.clone();
        async move {
            tokio::time::sleep(Duration::from_secs(30)).await;
            log.note(format!("{name} ends"));
            if name == "bad" { Err(StepError::permanent("no")) } else { Ok(Outcome::Done(())) }
        }
    });
    builder.step("end", end).run(&begun);
    builder.build().unwrap()
}

async fn start(
    engine: &Engine,
    workflow: &Workflow<(String, Vec<String>), ()>,
    name: &str,
    locks: &[&str],
) -> drydock_core::TaskId {
    // Their age is what decides between them.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let locks = locks.iter().map(|lock| (*lock).to_owned()).collect();
    engine.submit(workflow, &(name.to_owned(), locks)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn tasks_that_want_one_lock_work_one_after_the_other_the_oldest_first() {
    let (log, world) = (Log::default(), World::new());
    let workflow = locked(&log);
    let one = world.instance("a").workflow(&workflow).start().await.unwrap();
    let two = world.instance("b").workflow(&workflow).start().await.unwrap();
    let first = start(&one, &workflow, "first", &["n1", "n2"]).await;
    log.reaches(1).await;
    let bad = start(&two, &workflow, "bad", &["n2"]).await;
    let third = start(&one, &workflow, "third", &["n2", "n3"]).await;
    let free = start(&two, &workflow, "free", &["n4"]).await;
    for (engine, task) in [(&one, first), (&one, third), (&two, free)] {
        engine.wait(task).await.unwrap();
    }
    assert_eq!(failure(&two.wait(bad).await.unwrap()), "step end: no");
    let lines: Vec<String> = log.lines().into_iter().filter(|line| !line.starts_with("free")).collect();
    let expected = ["first begins", "first ends", "bad begins", "bad ends", "third begins", "third ends"];
    assert_eq!(lines, expected);
    let of = |text: &str| log.lines().iter().position(|line| line == text).unwrap();
    assert!(of("free begins") < of("first ends"), "who wants other locks does not wait");
}

#[tokio::test(start_paused = true)]
async fn a_lock_outlives_the_instance_that_had_the_task() {
    let (log, world) = (Log::default(), World::new());
    let workflow = locked(&log);
    let one = world.instance("a").workflow(&workflow).start().await.unwrap();
    start(&one, &workflow, "first", &["n1"]).await;
    log.reaches(1).await;
    let two = world.instance("b").workflow(&workflow).start().await.unwrap();
    let second = start(&two, &workflow, "second", &["n1"]).await;
    drop(one);
    two.wait(second).await.unwrap();
    let expected = ["first begins", "first begins", "first ends", "second begins", "second ends"];
    assert_eq!(log.lines(), expected, "taken over with its lock");
}

#[tokio::test(start_paused = true)]
async fn who_is_cancelled_while_it_waits_for_a_lock_leaves_the_queue() {
    let (log, world) = (Log::default(), World::new());
    let workflow = locked(&log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    start(&engine, &workflow, "first", &["n1"]).await;
    log.reaches(1).await;
    let second = start(&engine, &workflow, "second", &["n1"]).await;
    let third = start(&engine, &workflow, "third", &["n1"]).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(engine.cancel(second, "ada").await.unwrap());
    let end = within(Duration::from_secs(5), engine.wait(second)).await.expect("it waits for nothing");
    assert!(matches!(end.unwrap().kind, TaskEndKind::Cancelled(_)));
    engine.wait(third).await.unwrap();
    assert_eq!(log.lines(), ["first begins", "first ends", "third begins", "third ends"]);
}

#[tokio::test(start_paused = true)]
async fn a_lock_without_a_name_is_refused() {
    let (log, world) = (Log::default(), World::new());
    let workflow = locked(&log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    for locks in [&[][..], &["n1", ""]] {
        let task = start(&engine, &workflow, "nameless", locks).await;
        let said = failure(&engine.wait(task).await.unwrap());
        assert_eq!(said, "step take: it waits for locks without naming any: name one or more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_knows_whether_the_locks_came_or_its_time_ran_out() {
    let (log, world) = (Log::default(), World::new());
    let noted = log.clone();
    let take = step_fn(move |ctx: StepContext, patience: u64| {
        let log = noted.clone();
        async move {
            log.note(format!("{patience}: {}", ctx.has_locks()));
            if ctx.has_locks() {
                tokio::time::sleep(Duration::from_secs(30)).await;
                return Ok(Outcome::Done(true));
            }
            if ctx.may_have_run() {
                return Ok(Outcome::Done(false));
            }
            Ok(Outcome::locks(["n1"], "it is busy").or_after(Duration::from_secs(patience)))
        }
    });
    let workflow = single("take", take);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    for (patience, expected) in [(1_000, "true"), (5, "false"), (100, "true")] {
        let task = engine.submit(&workflow, &patience).await.unwrap();
        if patience != 1_000 {
            assert_eq!(output(&engine.wait(task).await.unwrap()), expected, "{patience}");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let expected = ["1000: false", "1000: true", "5: false", "5: false", "100: false", "100: true"];
    assert_eq!(log.lines(), expected);
}

#[derive(Clone, Serialize, Deserialize)]
struct Node {
    rack: String,
    /// How it goes: it fails once, it waits, or it works.
    way: String,
}

/// How many bodies run at this moment in each rack, and the most that ever did.
#[derive(Clone, Default)]
struct Crowd(Arc<[(AtomicUsize, AtomicUsize); 2]>);

impl Crowd {
    fn enter(&self, rack: &str) -> usize {
        let place = usize::from(rack == "r2");
        let (now, most) = &self.0[place];
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        place
    }

    fn leave(&self, place: usize) {
        self.0[place].0.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> [usize; 2] {
        [0, 1].map(|place| self.0[place].1.load(Ordering::SeqCst))
    }
}

fn crowded(crowd: &Crowd) -> Workflow<Node, String> {
    let crowd = crowd.clone();
    let work = step_fn(move |ctx: StepContext, node: Node| {
        let crowd = crowd.clone();
        async move {
            let place = crowd.enter(&node.rack);
            tokio::time::sleep(Duration::from_secs(10)).await;
            crowd.leave(place);
            match &*node.way {
                "fails once" if ctx.attempt() == 1 => Err(StepError::retryable("busy")),
                "waits" if !ctx.may_have_run() => Ok(Outcome::wait(Duration::from_mins(1), "to be ready")),
                _ => Ok(Outcome::Done(node.rack)),
            }
        }
    });
    let mut builder = WorkflowBuilder::<Node>::new("crowded", 1);
    let node = builder.input();
    let step =
        builder.step("work", work).retry(RetryPolicy::attempts(2)).limit("bmc/{/rack}", 2).limit("all", 3);
    let done = step.run(&node);
    builder.output(&done).unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_more_steps_are_under_way_than_their_limits_allow_in_all_instances() {
    let (crowd, world) = (Crowd::default(), World::new());
    let workflow = crowded(&crowd);
    let one = world.instance("a").workflow(&workflow).start().await.unwrap();
    let two = world.instance("b").workflow(&workflow).start().await.unwrap();
    let mut tasks = Vec::new();
    for place in 0..12 {
        let engine = if place % 2 == 0 { &one } else { &two };
        let rack = if place % 3 == 0 { "r2" } else { "r1" };
        let way = ["works", "fails once", "waits"][place % 3];
        let node = Node { rack: rack.to_owned(), way: way.to_owned() };
        tasks.push((engine, rack, engine.submit(&workflow, &node).await.unwrap()));
    }
    for (engine, rack, task) in tasks {
        assert_eq!(output(&engine.wait(task).await.unwrap()), format!("\"{rack}\""));
    }
    assert_eq!(crowd.most()[0], 2, "all that was allowed was used");
    assert!(crowd.most()[1] <= 2, "{:?}", crowd.most());
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_again_when_its_instance_is_gone_and_nobody_waits_in_a_stopped_task() {
    let (crowd, world) = (Crowd::default(), World::new());
    let workflow = crowded(&crowd);
    let one = world.instance("a").workflow(&workflow).start().await.unwrap();
    let node = Node { rack: "r1".to_owned(), way: "works".to_owned() };
    let mut tasks = Vec::new();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        tasks.push(one.submit(&workflow, &node).await.unwrap());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(one.cancel(tasks[2], "ada").await.unwrap());
    let end = within(Duration::from_secs(2), one.wait(tasks[2])).await.expect("it is not under way");
    assert!(matches!(end.unwrap().kind, TaskEndKind::Cancelled(_)));
    drop(one);
    let two = world.instance("b").workflow(&workflow).start().await.unwrap();
    for task in &tasks[..2] {
        let end = within(Duration::from_mins(1), two.wait(*task)).await.expect("the places came free");
        output(&end.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn limits_that_make_no_sense_are_found() {
    let mut builder = WorkflowBuilder::<()>::new("bad", 1);
    let nothing = || step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
    builder.step("none", nothing()).limit("a", 0).run(());
    builder.step("open", nothing()).limit("a{/b", 1).run(());
    let errors = builder.build().err().unwrap();
    assert_eq!(errors.problems.len(), 2);
    assert!(errors.problems.iter().all(|problem| matches!(problem, BuildError::Policy { .. })));
    let mut builder = WorkflowBuilder::<()>::new("missing", 1);
    builder.step("missing", nothing()).limit("a{/b}", 1).run(());
    let workflow = builder.build().unwrap();
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    let said = failure(&engine.wait(task).await.unwrap());
    assert_eq!(said, "step missing: limit \"a{/b}\": the step's input has no text or number at \"/b\"");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_brought_back_begins_nothing_before_it_has_its_locks_again() {
    let (log, world) = (Log::default(), World::new());
    let workflow = locked(&log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let bad = start(&engine, &workflow, "bad", &["n1", "n2"]).await;
    assert_eq!(failure(&engine.wait(bad).await.unwrap()), "step end: no");
    let other = start(&engine, &workflow, "other", &["n2"]).await;
    log.reaches(3).await;
    assert!(engine.retry(bad, None, "ada").await.unwrap());
    tokio::time::sleep(Duration::from_secs(5)).await;
    let explained = engine.explain(bad).await.unwrap().unwrap();
    let told: Vec<String> = explained.causes.iter().map(|cause| cause.text.clone()).collect();
    let holder = format!("lock n2, which task {other} holds");
    assert!(told.iter().any(|text| text.contains(&holder) && text.contains("before its end")), "{told:?}");
    engine.wait(other).await.unwrap();
    log.reaches(5).await;
    let expected = ["bad begins", "bad ends", "other begins", "other ends", "bad ends"];
    assert_eq!(log.lines(), expected, "one after the other");
}

#[tokio::test(start_paused = true)]
async fn tasks_that_wait_for_locks_leave_room_for_those_that_hold_them() {
    let (log, world) = (Log::default(), World::new());
    let workflow = locked(&log);
    let one = EngineOptions { capacity: 1, ..EngineOptions::default() };
    let gone = world.instance("a").options(one).workflow(&workflow).start().await.unwrap();
    start(&gone, &workflow, "first", &["n1"]).await;
    log.reaches(1).await;
    drop(gone);
    // It is taken before the holder, and has the only room.
    let engine = world.instance("b").options(one).workflow(&workflow).start().await.unwrap();
    let input = ("urgent".to_owned(), vec!["n1".to_owned()]);
    let urgent = engine.task(&workflow, &input).priority(9).submit().await.unwrap();
    engine.wait(urgent).await.unwrap();
    let expected = ["first begins", "first begins", "first ends", "urgent begins", "urgent ends"];
    assert_eq!(log.lines(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_carries_on_for_another_takes_its_locks_first() {
    let (world, log) = (World::new(), Log::default());
    let workflow = locked(&log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let bad = start(&engine, &workflow, "bad", &["node/1"]).await;
    assert_eq!(failure(&engine.wait(bad).await.unwrap()), "step end: no");
    let rival = start(&engine, &workflow, "rival", &["node/1"]).await;
    log.reaches(3).await;

    let history = world.store.task_history(bad).await.unwrap().unwrap();
    let records = (&*history.checkpoints, &*history.marks);
    let over = CarryOver::plan(workflow.definition(), workflow.definition(), records, &CarryRules::new());
    let input = ("bad".to_owned(), vec!["node/1".to_owned()]);
    let again = engine.task(&workflow, &input).carrying(&over).submit().await.unwrap();
    engine.wait(rival).await.unwrap();
    engine.wait(again).await.unwrap();
    assert_eq!(log.lines(), ["bad begins", "bad ends", "rival begins", "rival ends", "bad ends"]);
}
