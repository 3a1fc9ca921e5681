//! Joining children: each step on its own, over takeovers, and however much they give.

use std::sync::Arc;
use std::time::Duration;

use drydock_workflow::{
    ChildResult, Engine, EventKind, Outcome, StepContext, Workflow, WorkflowBuilder, step_fn,
};

use crate::faulty::FaultyJournal;
use crate::support::{Log, World, childless, children, output, parent_of, single, within, works};

type Lists = (Vec<u64>, Vec<u64>);

/// Two lists of children, and a step after the first.
fn two_joins(child: &Workflow<u64, u64>, log: &Log) -> Workflow<Lists, ()> {
    let mut builder = WorkflowBuilder::<Lists>::new("two-joins", 1);
    let input = builder.input();
    let quick = step_fn(|_, (quick, _): Lists| async move { Ok(Outcome::Done(quick)) });
    let slow = step_fn(|_, (_, slow): Lists| async move { Ok(Outcome::Done(slow)) });
    let quick = builder.step("quick-list", quick).run(&input);
    let slow = builder.step("slow-list", slow).run(&input);
    let quick = builder.children("quick", child).run(&quick);
    builder.children("slow", child).run(&slow);
    let log = log.clone();
    let after = step_fn(move |_: StepContext, _: Vec<ChildResult<u64>>| {
        let log = log.clone();
        async move {
            log.note("after quick");
            Ok(Outcome::Done(()))
        }
    });
    builder.step("after-quick", after).run(&quick);
    builder.build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn children_steps_join_each_on_its_own_after_a_takeover_too() {
    let (log, begun) = (Log::default(), Log::default());
    let child = works(&begun);
    let parent = two_joins(&child, &log);
    let world = World::new();
    let first = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = first.submit(&parent, &(vec![3600], vec![18_000])).await.unwrap();
    begun.reaches(2).await;
    drop(first);
    let second = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    tokio::time::sleep(Duration::from_hours(3)).await;
    assert_eq!(log.lines(), ["after quick"], "it does not wait for the other step's children");
    output(&second.wait(task).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn the_output_limit_is_each_childs_not_that_of_all_together() {
    let child = single("long", step_fn(|_, _: u32| async { Ok(Outcome::Done("x".repeat(900))) }));
    let parent = parent_of(&child);
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![0; 1_200]).await.unwrap();
    let lengths: Vec<String> = children(&engine.wait(task).await.unwrap());
    assert_eq!(lengths.iter().map(String::len).sum::<usize>(), 1_200 * 900);
}

/// An instance that starts tasks but takes none.
async fn starts_only(world: &World, child: &Workflow<u64, u64>) -> Engine {
    let journal = FaultyJournal::new(world.store.clone(), childless);
    let engine = world.instance_over(journal as Arc<_>, "a");
    engine.workflow(child).workflow(&parent_of(child)).start().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_parent_joins_children_that_run_on_another_instance() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent_of(&child);
    let world = World::new();
    let first = starts_only(&world, &child).await;
    let _other = world.instance("b").workflow(&child).start().await.unwrap();
    let task = first.submit(&parent, &vec![10, 20]).await.unwrap();
    let end = within(Duration::from_mins(1), first.wait(task)).await.unwrap().unwrap();
    assert_eq!(children::<u64>(&end), [10, 20]);
    assert_eq!(log.sorted(), ["begins 10", "begins 20"]);
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_was_taken_over_joins_the_children_that_ran_on_elsewhere() {
    let log = Log::default();
    let child = works(&log);
    let parent = parent_of(&child);
    let world = World::new();
    let first = starts_only(&world, &child).await;
    let _other = world.instance("b").workflow(&child).start().await.unwrap();
    // One ends while nobody has the parent, one later.
    let task = first.submit(&parent, &vec![60, 600]).await.unwrap();
    log.reaches(2).await;
    drop(first);
    tokio::time::sleep(Duration::from_mins(2)).await;
    let second = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let mut events = second.events();
    let end = within(Duration::from_mins(10), second.wait(task)).await.unwrap().unwrap();
    assert_eq!(children::<u64>(&end), [60, 600]);
    assert_eq!(log.sorted(), ["begins 60", "begins 600"], "no child was begun anew");
    let taken = events.recv().await.unwrap();
    assert_eq!(taken.task, task);
    assert!(matches!(taken.kind, EventKind::Taken { resumed: true, steps_done: 0 }), "{taken:?}");
}
