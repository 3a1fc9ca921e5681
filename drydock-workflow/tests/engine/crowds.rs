//! Limits on tasks: how many of a workflow's are under way together, in all instances.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use drydock_core::journal::{Journal as _, TaskEndKind};
use drydock_store::repo::{ParentFilter, TaskQuery, TaskRepo as _};
use drydock_workflow::{
    BuildError, ChildResult, EngineError, EngineOptions, Outcome, StepContext, Workflow, WorkflowBuilder,
    step_fn,
};
use tokio::time::Instant;

use crate::support::{World, children, nothing, output, parent_of, within};

/// How many tasks are under way, and how many were at most.
#[derive(Clone, Default)]
struct Count(Arc<(AtomicUsize, AtomicUsize)>);

impl Count {
    fn most(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

/// Works for ten seconds.
fn counted(builder: WorkflowBuilder<u32>, count: &Count) -> Workflow<u32, u32> {
    let count = count.clone();
    let work = step_fn(move |_: StepContext, n: u32| {
        let count = count.clone();
        async move {
            let now = count.0.0.fetch_add(1, Ordering::SeqCst) + 1;
            count.0.1.fetch_max(now, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(10)).await;
            count.0.0.fetch_sub(1, Ordering::SeqCst);
            Ok(Outcome::Done(n))
        }
    });
    let mut builder = builder;
    let input = builder.input();
    let done = builder.step("work", work).run(&input);
    builder.output(&done).unwrap()
}

fn deploy(version: u32, count: &Count) -> Workflow<u32, u32> {
    counted(WorkflowBuilder::new("deploy", version).at_once(3), count)
}

#[tokio::test(start_paused = true)]
async fn no_more_tasks_are_under_way_than_their_workflow_allows_in_all_instances_and_versions() {
    let (count, world) = (Count::default(), World::new());
    let (old, new) = (deploy(1, &count), deploy(2, &count));
    let one = world.instance("a").workflow(&old).workflow(&new).start().await.unwrap();
    let two = world.instance("b").workflow(&old).workflow(&new).start().await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..12 {
        let engine = if n % 2 == 0 { &one } else { &two };
        let workflow = if n % 3 == 0 { &old } else { &new };
        tasks.push((engine, engine.submit(workflow, &n).await.unwrap()));
    }
    for (n, (engine, task)) in tasks.into_iter().enumerate() {
        assert_eq!(output(&engine.wait(task).await.unwrap()), n.to_string());
    }
    assert_eq!(count.most(), 3);
}

/// Without waiting for a poll, as tasks under no limit begin.
#[tokio::test(start_paused = true)]
async fn the_next_begins_as_soon_as_one_has_ended() {
    let (count, world) = (Count::default(), World::new());
    let workflow = deploy(1, &count);
    let options = EngineOptions { poll: Duration::from_hours(9), ..EngineOptions::default() };
    let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for n in 0..9 {
        tasks.push(engine.submit(&workflow, &n).await.unwrap());
    }
    for task in tasks {
        engine.wait(task).await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(32), "{:?}", begun.elapsed());
    assert_eq!(count.most(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_places_of_an_instance_that_is_gone_go_to_its_tasks_or_to_older_ones() {
    let (count, world) = (Count::default(), World::new());
    let workflow = deploy(1, &count);
    let one = world.instance("a").workflow(&workflow).start().await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..5 {
        tasks.push(one.submit(&workflow, &n).await.unwrap());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(one);
    // What the dead instance was doing is not counted any more.
    count.0.0.store(0, Ordering::SeqCst);
    let two = world.instance("b").workflow(&workflow).start().await.unwrap();
    for task in tasks {
        let end = within(Duration::from_mins(1), two.wait(task)).await.expect("it never began again");
        assert!(matches!(end.unwrap().kind, TaskEndKind::Completed(_)));
    }
    assert_eq!(count.most(), 3);
}

#[tokio::test(start_paused = true)]
async fn workflows_that_name_one_limit_share_its_places_and_children_keep_to_theirs() {
    let (count, world) = (Count::default(), World::new());
    let of = |name: &str| counted(WorkflowBuilder::new(name, 1).at_once_among("site", 2), &count);
    let (deploy, wipe) = (of("deploy"), of("wipe"));
    let parent = parent_of(&deploy);
    let builder = world.instance("a").workflow(&deploy).workflow(&wipe).workflow(&parent);
    let engine = builder.start().await.unwrap();
    let family = engine.submit(&parent, &(0..4).collect()).await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..4 {
        tasks.push(engine.submit(&wipe, &n).await.unwrap());
    }
    assert_eq!(children::<u32>(&engine.wait(family).await.unwrap()), [0, 1, 2, 3]);
    for task in tasks {
        engine.wait(task).await.unwrap();
    }
    assert_eq!(count.most(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_task_says_who_has_the_places_that_it_waits_for() {
    let (count, world) = (Count::default(), World::new());
    let workflow = deploy(1, &count);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..4 {
        tasks.push(engine.submit(&workflow, &n).await.unwrap());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let says = async |place: usize| engine.explain(tasks[place]).await.unwrap().unwrap().to_string();
    assert_eq!(
        says(3).await,
        format!(
            "it waits for a place among the 3 tasks of workflow deploy that may be under way at once; {}, {}, {} are \
             (since 2026-01-01 00:00:00 UTC); it is taken when one of them ends, in its turn by priority and age\n",
            tasks[0], tasks[1], tasks[2]
        )
    );
    assert_eq!(says(0).await, "step work is under way on instance a\n");
    engine.wait(tasks[0]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(says(3).await, "step work is under way on instance a\n");
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_children_share_with_who_waits_for_them_is_refused() {
    let (count, world) = (Count::default(), World::new());
    let inner = counted(WorkflowBuilder::new("inner", 1).at_once_among("site", 2), &count);
    let mut middle = WorkflowBuilder::<Vec<u32>>::new("middle", 1);
    let input = middle.input();
    let ends = middle.children("all", &inner).run(&input);
    let middle: Workflow<Vec<u32>, Vec<ChildResult<u32>>> = middle.output(&ends).unwrap();
    let mut outer = WorkflowBuilder::<Vec<Vec<u32>>>::new("outer", 1).at_once_among("site", 2);
    let input = outer.input();
    outer.children("all", &middle).run(&input);
    let outer = outer.build().unwrap();
    let engine = world.instance("a").workflow(&inner).workflow(&middle).workflow(&outer).start().await;
    let refused = engine.err().unwrap();
    assert!(matches!(&refused, EngineError::LimitWithin { limit, .. } if limit == "site"), "{refused}");
    for (name, places) in [("site", 0), ("", 1)] {
        let mut bad = WorkflowBuilder::<()>::new("bad", 1).at_once_among(name, places);
        bad.step("a", step_fn(|_, (): ()| async { Ok(Outcome::Done(())) })).run(());
        let problems = bad.build().err().unwrap().problems;
        assert!(matches!(problems[..], [BuildError::TaskLimit(_)]), "{problems:?}");
    }
}

/// Down to grandchildren, whichever instance has their parents, unless a step says otherwise.
#[tokio::test(start_paused = true)]
async fn children_have_their_parents_priority() {
    let world = World::new();
    let leaf = nothing();
    let mut builder = WorkflowBuilder::<()>::new("middle", 1);
    let list = builder.step("list", step_fn(|_, (): ()| async { Ok(Outcome::Done(vec![()])) })).run(());
    builder.children("same", &leaf).run(&list);
    builder.children("other", &leaf).priority(-2).run(&list);
    let middle = builder.build().unwrap();
    let parent = parent_of(&middle);
    let start = || world.instance("a").workflow(&leaf).workflow(&middle).workflow(&parent).start();
    let engine = start().await.unwrap();
    for priority in [7, 0] {
        let task = engine.task(&parent, &vec![()]).priority(priority).submit().await.unwrap();
        engine.wait(task).await.unwrap();
        let children = async |of| {
            let query = TaskQuery { parents: ParentFilter::Of(vec![of]), ..TaskQuery::default() };
            world.store.task_list(&query).await.unwrap()
        };
        let child = children(task).await.remove(0);
        assert_eq!(child.priority, priority);
        let mut grandchildren: Vec<_> = children(child.id)
            .await
            .into_iter()
            .map(|it| (it.parent.unwrap().step.to_string(), it.priority))
            .collect();
        grandchildren.sort();
        assert_eq!(grandchildren, [("other".to_owned(), -2), ("same".to_owned(), priority)]);
    }
}

/// What is queued for a place is no work of this instance: it drains, and is not held up.
#[tokio::test(start_paused = true)]
async fn an_instance_leaves_while_its_tasks_wait_for_places() {
    let (count, world) = (Count::default(), World::new());
    let workflow = deploy(1, &count);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..5 {
        tasks.push(engine.submit(&workflow, &n).await.unwrap());
    }
    within(Duration::from_secs(15), engine.drain()).await.expect("it waits for places").unwrap();
    let mut owners = Vec::new();
    for task in &tasks {
        owners.push(world.store.task_read(*task).await.unwrap().unwrap().owner);
    }
    assert!(owners.iter().all(Option::is_none), "{owners:?}");
    let next = world.instance("b").workflow(&workflow).start().await.unwrap();
    for task in tasks {
        next.wait(task).await.unwrap();
    }
}
