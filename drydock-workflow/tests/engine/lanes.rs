//! Several commits under way at once: never about the same task, and not while the feed is told.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::TaskId;
use drydock_core::journal::Write;
use drydock_workflow::{EngineOptions, Outcome, StepContext, Workflow, WorkflowBuilder, step_fn};

use crate::faulty::{Call, Fault, FaultyJournal};
use crate::support::{World, output};
use drydock_workflow::testing::{Answer, Tamper};

/// A slow store that watches which tasks the commits under way are about.
#[derive(Default)]
struct Watch {
    under_way: Mutex<Vec<HashSet<TaskId>>>,
    most: Mutex<usize>,
}

impl Tamper for Watch {
    fn before(&self, call: &Call<'_>) -> Option<Fault> {
        let Call::Append { writes, .. } = call else { return None };
        let (tasks, mut under_way) = (tasks(writes), self.under_way.lock().unwrap());
        assert!(under_way.iter().all(|other| other.is_disjoint(&tasks)), "a task goes by two lanes at once");
        under_way.push(tasks);
        let mut most = self.most.lock().unwrap();
        *most = under_way.len().max(*most);
        Some(Fault::Slow(Duration::from_millis(5)))
    }

    fn after(&self, call: &Call<'_>, _answer: Answer<'_>) {
        if let Call::Append { writes, .. } = call {
            let (tasks, mut under_way) = (tasks(writes), self.under_way.lock().unwrap());
            let at = under_way.iter().position(|other| *other == tasks).unwrap();
            under_way.swap_remove(at);
        }
    }
}

fn tasks(writes: &[Write]) -> HashSet<TaskId> {
    let task = |write: &Write| match write {
        Write::TaskStarted(task) => task.id,
        Write::StepEnded(task, _) | Write::TaskEnded(task, ..) => *task,
        other => panic!("no such write is expected: {other:?}"),
    };
    writes.iter().map(task).collect()
}

/// Steps of different lengths beside each other, so that a task's records come one by one, and a sum of them all.
fn beside() -> Workflow<u64, u64> {
    let mut builder = WorkflowBuilder::<u64>::new("beside", 1);
    let input = builder.input();
    let step = |millis: u64| {
        step_fn(move |_: StepContext, n: u64| async move {
            tokio::time::sleep(Duration::from_millis(millis * (1 + n % 3))).await;
            Ok(Outcome::Done(millis))
        })
    };
    let (a, b) = (builder.step("a", step(1)).run(&input), builder.step("b", step(3)).run(&input));
    let both = builder.step("both", step_fn(|_, (a, b): (u64, u64)| async move { Ok(Outcome::Done(a + b)) }));
    let both = both.run((&a, &b));
    builder.output(&both).unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_commits_are_under_way_but_never_about_one_task() {
    for (feed, lanes) in [(false, 2), (true, 1)] {
        let (world, watch, workflow) = (World::new(), Arc::new(Watch::default()), beside());
        let journal = FaultyJournal::watched(world.store.clone(), watch.clone());
        let options = EngineOptions { feed, ..EngineOptions::default() };
        let engine = world.instance_over(journal, "a").options(options).workflow(&workflow);
        let engine = engine.start().await.unwrap();
        let inputs: Vec<u64> = (0..600).collect();
        let starts = futures::future::join_all(inputs.iter().map(|n| engine.submit(&workflow, n))).await;
        for task in starts {
            assert_eq!(output(&engine.wait(task.unwrap()).await.unwrap()), "4");
        }
        assert_eq!(*watch.most.lock().unwrap(), lanes, "feed: {feed}");
    }
}
