//! Child tasks: one per item, each on its own way, joined in order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::journal::{Journal as _, Write};
use drydock_workflow::{
    ChildOutcome, ChildResult, Engine, EngineOptions, Join, Outcome, StepContext, StepError, Workflow,
    WorkflowBuilder, step_fn,
};
use tokio::sync::{Notify, Semaphore};

use crate::faulty::{Call, Fault, FaultyJournal};
use crate::support::{Log, World, children, failure, output, parent_of, within};

fn square() -> Workflow<i32, i32> {
    let mut builder = WorkflowBuilder::<i32>::new("square", 1);
    let input = builder.input();
    let square = step_fn(|_: StepContext, n: i32| async move {
        if n < 0 { Err(StepError::permanent("negative")) } else { Ok(Outcome::Done(n * n)) }
    });
    let square = builder.step("square", square).run(&input);
    builder.output(&square).unwrap()
}

fn squares(child: &Workflow<i32, i32>) -> Workflow<Vec<i32>, Vec<String>> {
    let mut builder = WorkflowBuilder::<Vec<i32>>::new("squares", 1);
    let input = builder.input();
    let all = builder.children("all", child).run(&input);
    let tell = step_fn(|_: StepContext, ends: Vec<ChildResult<i32>>| async move {
        let tell = |end: ChildResult<i32>| match end.end {
            ChildOutcome::Completed(n) => format!("{}: {n}", end.index),
            ChildOutcome::Failed(failure) => format!("{}: {}", end.index, failure.message),
            ChildOutcome::Cancelled(request) => format!("{}: by {}", end.index, request.by),
        };
        Ok(Outcome::Done(ends.into_iter().map(tell).collect::<Vec<_>>()))
    });
    let told = builder.step("tell", tell).run(&all);
    builder.output(&told).unwrap()
}

#[tokio::test(start_paused = true)]
async fn children_end_each_in_its_own_way_and_are_joined_in_order() {
    let (child, parent) = (square(), squares(&square()));
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![3, -1, 4]).await.unwrap();
    let told = output(&engine.wait(task).await.unwrap());
    assert_eq!(told, r#"["0: 9","1: step square: negative","2: 16"]"#);
}

#[tokio::test(start_paused = true)]
async fn no_items_no_children() {
    let (child, parent) = (square(), squares(&square()));
    let world = World::new();
    let engine = world.instance("a").workflow(&child).workflow(&parent).start().await.unwrap();
    let task = engine.submit(&parent, &vec![]).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "[]");
}

#[tokio::test(start_paused = true)]
async fn parents_do_not_take_their_childrens_room() {
    let (child, parent) = (square(), squares(&square()));
    let world = World::new();
    let options = EngineOptions { capacity: 2, ..EngineOptions::default() };
    let start = |name| world.instance(name).options(options).workflow(&child).workflow(&parent).start();
    let engines: Vec<Engine> = vec![start("a").await.unwrap(), start("b").await.unwrap()];
    let mut tasks = Vec::new();
    for first in 0..10 {
        tasks.push(engines[0].submit(&parent, &(first..first + 20).collect()).await.unwrap());
    }
    for (first, task) in (0..).zip(tasks) {
        let told = output(&engines[1].wait(task).await.unwrap());
        assert_eq!(told.matches(": ").count(), 20, "{told}");
        assert!(told.contains(&format!("\"0: {}\"", first * first)), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_whose_workflow_is_not_offered_is_found_at_start() {
    let world = World::new();
    let refused = world.instance("a").workflow(&squares(&square())).start().await.err().unwrap();
    assert!(refused.to_string().contains("does not offer workflow square"), "{refused}");
}

/// How children came to be, in the order of their commits: which were started by their parent's instance, and which were queued.
#[derive(Clone, Default)]
struct Births(Arc<Mutex<Vec<(bool, u32)>>>);

impl Births {
    fn journal(&self, world: &World) -> Arc<FaultyJournal> {
        let births = self.clone();
        FaultyJournal::new(world.store.clone(), move |call| {
            if let Call::Append { writes, .. } = call {
                births.0.lock().unwrap().extend(writes.iter().filter_map(|write| match write {
                    Write::TaskStarted(task) => Some((true, task.parent.as_ref()?.index)),
                    Write::TaskQueued(task) => Some((false, task.parent.as_ref()?.index)),
                    _ => None,
                }));
            }
            None
        })
    }

    fn take(&self) -> Vec<(bool, u32)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn a_parents_instance_starts_its_share_of_children_and_queues_the_others() {
    let (child, world, births) = (square(), World::new(), Births::default());
    let parent = parent_of(&child);
    // A quarter of its room is little to do: that of one task, and it has the parent.
    let options = EngineOptions { capacity: 8, lease: Duration::from_secs(9), ..EngineOptions::default() };
    let a = world.instance_over(births.journal(&world), "a").options(options);
    let a = a.workflow(&child).workflow(&parent).start().await.unwrap();
    let b = world.instance("b").workflow(&child).workflow(&parent).start().await.unwrap();
    // Longer than any look at the others takes to come.
    tokio::time::sleep(Duration::from_secs(9)).await;
    let task = a.submit(&parent, &(0..9).collect()).await.unwrap();
    let squares: Vec<i32> = children(&a.wait(task).await.unwrap());
    assert_eq!(squares, (0..9).map(|n| n * n).collect::<Vec<_>>());
    assert_eq!(births.take(), (0..9).map(|index| (index < 5, index)).collect::<Vec<_>>());

    // With little to do, it does not ask for help.
    let c = world.instance_over(births.journal(&world), "c").workflow(&child).workflow(&parent);
    let c = c.start().await.unwrap();
    tokio::time::sleep(Duration::from_secs(9)).await;
    let task = c.submit(&parent, &(0..9).collect()).await.unwrap();
    assert_eq!(children::<i32>(&c.wait(task).await.unwrap()), squares);
    assert_eq!(births.take(), (0..9).map(|index| (true, index)).collect::<Vec<_>>());

    // Alone, it starts all of them; with little room, as many as fit.
    b.drain().await.unwrap();
    c.drain().await.unwrap();
    tokio::time::sleep(Duration::from_secs(9)).await;
    for (capacity, here) in [(10_000, 9), (4, 3)] {
        a.drain().await.unwrap();
        let options = EngineOptions { capacity, lease: Duration::from_secs(9), ..EngineOptions::default() };
        let a = world.instance_over(births.journal(&world), "c").options(options);
        let a = a.workflow(&child).workflow(&parent).start().await.unwrap();
        tokio::time::sleep(Duration::from_secs(9)).await;
        let task = a.submit(&parent, &(0..9).collect()).await.unwrap();
        assert_eq!(children::<i32>(&a.wait(task).await.unwrap()).len(), 9);
        assert_eq!(births.take(), (0..9).map(|index| (index < here, index)).collect::<Vec<_>>());
        a.drain().await.unwrap();
    }
}

/// A parent of two instances' children: what it queues is for the other, which is asleep until its next poll.
#[tokio::test(start_paused = true)]
async fn what_a_busy_instance_queues_is_the_others_until_the_next_poll() {
    let (world, log, gate) = (World::new(), Log::default(), Arc::new(Semaphore::new(0)));
    let worker = |name: &'static str| {
        let (log, gate) = (log.clone(), gate.clone());
        let mut builder = WorkflowBuilder::<i32>::new("waits", 1);
        let input = builder.input();
        let step = step_fn(move |_: StepContext, n: i32| {
            let (log, gate) = (log.clone(), gate.clone());
            async move {
                log.note(format!("{name} {n}"));
                gate.acquire().await.unwrap().forget();
                Ok(Outcome::Done(n))
            }
        });
        let step = builder.step("waits", step).run(&input);
        builder.output(&step).unwrap()
    };
    let (of_a, of_b) = (worker("a"), worker("b"));
    let parent = parent_of(&of_a);
    let options = EngineOptions { capacity: 8, lease: Duration::from_secs(9), ..EngineOptions::default() };
    let a = world.instance("a").options(options).workflow(&of_a).workflow(&parent).start().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let _b = world.instance("b").workflow(&of_b).start().await.unwrap();
    // Each polls at its own half of a second, and both know of each other.
    tokio::time::sleep(Duration::from_millis(9_600)).await;
    let task = a.submit(&parent, &(0..6).collect()).await.unwrap();
    log.reaches(6).await;
    assert_eq!(log.sorted(), ["a 0", "a 1", "a 2", "b 3", "b 4", "b 5"]);
    gate.add_permits(6);
    assert_eq!(children::<i32>(&a.wait(task).await.unwrap()), [0, 1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn many_children_are_started_portion_by_portion_whoever_leads_them() {
    let (child, world, births) = (square(), World::new(), Births::default());
    let parent = parent_of(&child);
    let options = EngineOptions { batch: 4, lease: Duration::from_secs(9), ..EngineOptions::default() };
    let portions = Arc::new(Mutex::new(Vec::new()));
    let journal = {
        let portions = portions.clone();
        // The third portion never gets through: the instance dies with it.
        FaultyJournal::new(births.journal(&world), move |call| {
            let Call::Append { writes, .. } = call else { return None };
            let born = |write: &&Write| matches!(write, Write::TaskStarted(task) if task.parent.is_some());
            let born = writes.iter().filter(born).count();
            let mut portions = portions.lock().unwrap();
            if portions.len() >= 2 && born > 0 {
                return Some(Fault::Away);
            }
            portions.extend(Some(born).filter(|born| *born > 0));
            None
        })
    };
    let a = world.instance_over(journal, "a").options(options).workflow(&child).workflow(&parent);
    let a = a.start().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let task = a.submit(&parent, &(0..9).collect()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(*portions.lock().unwrap(), [2, 2]);
    let wait = world.store.task_read(task).await.unwrap().unwrap().task.waits.pop().unwrap();
    assert_eq!(wait.reason, "child tasks of square: 4 of 9 were started");

    world.retire("a").await;
    let b = world.instance("b").options(options).workflow(&child).workflow(&parent).start().await.unwrap();
    let end = within(Duration::from_mins(1), b.wait(task)).await.unwrap().unwrap();
    assert_eq!(children::<i32>(&end), (0..9).map(|n| n * n).collect::<Vec<_>>());
}

/// The end of a child that failed is not for good: it may be brought back.
#[tokio::test(start_paused = true)]
async fn how_children_ended_is_read_only_where_it_is_not_known() {
    for (items, all_complete) in [(vec![1, 2, 3], true), (vec![1, -2, 3], false)] {
        let (child, world, reads) = (square(), World::new(), Arc::new(Mutex::new(0)));
        let parent = squares(&child);
        let journal = {
            let reads = reads.clone();
            FaultyJournal::new(world.store.clone(), move |call| {
                *reads.lock().unwrap() += i32::from(matches!(call, Call::Children(..)));
                None
            })
        };
        let a = world.instance_over(journal, "a").workflow(&child).workflow(&parent).start().await.unwrap();
        // Until it knows that it is alone, it queues them.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let task = a.submit(&parent, &items).await.unwrap();
        let told = output(&a.wait(task).await.unwrap());
        assert!(told.contains("\"0: 1\"") && told.contains("\"2: 9\""), "{told}");
        assert_eq!(*reads.lock().unwrap() == 0, all_complete, "{told}");
    }
}

/// They may have been started before, and have ended: who starts a task has to know that nobody did.
#[tokio::test(start_paused = true)]
async fn children_of_a_step_that_is_tried_again_are_queued() {
    let (child, world, births, log) = (square(), World::new(), Births::default(), Log::default());
    let gate = Arc::new(Notify::new());
    let mut builder = WorkflowBuilder::<Vec<i32>>::new("parent", 1);
    let input = builder.input();
    builder.children("all", &child).join(Join::All).run(&input);
    let holds = {
        let (gate, log) = (gate.clone(), log.clone());
        step_fn(move |_: StepContext, _: Vec<i32>| {
            let (gate, log) = (gate.clone(), log.clone());
            async move {
                log.note("holds");
                gate.notified().await;
                Ok(Outcome::Done(()))
            }
        })
    };
    builder.step("holds", holds).run(&input);
    let parent = builder.build().unwrap();
    let a = world.instance_over(births.journal(&world), "a").workflow(&child).workflow(&parent);
    let a = a.start().await.unwrap();
    tokio::time::sleep(Duration::from_secs(9)).await;
    let task = a.submit(&parent, &vec![1, -1]).await.unwrap();
    log.reaches(1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(births.take(), [(true, 0), (true, 1)]);
    assert!(a.retry(task, Some("all".parse().unwrap()), "ada").await.unwrap());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(births.take(), [(false, 0), (false, 1)]);
    gate.notify_one();
    let end = failure(&a.wait(task).await.unwrap());
    assert!(end.contains("negative") || end.contains("children"), "{end}");
}
