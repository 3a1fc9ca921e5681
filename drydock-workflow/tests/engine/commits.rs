//! What ends together is committed together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use drydock_core::journal::Write;
use drydock_store::repo::{FactQuery, TaskRepo as _};
use drydock_workflow::{EngineOptions, Fact, Outcome, StepContext, WorkflowBuilder, step_fn};
use tokio::sync::Barrier;

use crate::faulty::{Call, Fault, FaultyJournal, Switch};
use crate::support::{Log, World, nothing, output, single};

#[tokio::test(start_paused = true)]
async fn steps_that_end_together_share_commits() {
    const TASKS: usize = 200;
    let (all, log) = (Arc::new(Barrier::new(TASKS)), Log::default());
    let meets = {
        let (all, log) = (all.clone(), log.clone());
        step_fn(move |_: StepContext, (): ()| {
            let (all, log) = (all.clone(), log.clone());
            async move {
                log.note("began");
                all.wait().await;
                Ok(Outcome::Done(()))
            }
        })
    };
    let workflow = single("meets", meets);
    let world = World::new();
    let journal = FaultyJournal::new(world.store.clone(), |_| None);
    let engine = world.instance_over(journal.clone(), "a").workflow(&workflow).start().await.unwrap();
    let submitted = futures::future::join_all((0..TASKS).map(|_| engine.submit(&workflow, &()))).await;
    for task in submitted {
        output(&engine.wait(task.unwrap()).await.unwrap());
    }
    assert_eq!(log.lines().len(), TASKS);
    // 200 starts and 200 ends.
    assert!(journal.appends() <= 20, "{} commits", journal.appends());
}

/// A map whose items all end at the same moment, each with a megabyte: one commit of them all would be too much for a store.
#[tokio::test(start_paused = true)]
async fn what_one_task_has_to_write_is_shared_out_when_it_is_much() {
    const ITEMS: usize = 80;
    let (all, world, most) = (Arc::new(Barrier::new(ITEMS)), World::new(), Arc::new(AtomicUsize::new(0)));
    let journal = {
        let most = most.clone();
        FaultyJournal::new(world.store.clone(), move |call| {
            if let Call::Append { writes, .. } = call {
                let facts = writes.iter().filter(|write| matches!(write, Write::FactFound(..))).count();
                let ends = writes.iter().filter(|write| matches!(write, Write::StepEnded(..))).count();
                assert!(facts == 0 || facts == ends, "what belongs together was torn apart");
                most.fetch_max(facts, Ordering::SeqCst);
            }
            None
        })
    };
    let item = step_fn(move |ctx: StepContext, n: usize| {
        let all = all.clone();
        async move {
            all.wait().await;
            ctx.record(Fact::about("disk", n.to_string()).by("log").text("text/plain", "x".repeat(1 << 20)))?;
            Ok(Outcome::Done(n))
        }
    });
    let mut builder = WorkflowBuilder::<Vec<usize>>::new("logs", 1);
    let items = builder.input();
    builder.map("log", item).run(&items);
    let workflow = builder.build().unwrap();
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &(0..ITEMS).collect()).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    let most = most.load(Ordering::SeqCst);
    assert!((8..=32).contains(&most), "{most} megabytes in one commit");
    let facts = world.store.fact_list(&FactQuery::of_task(task)).await.unwrap().facts;
    assert_eq!(facts.len(), ITEMS);
}

/// A store that is away for a while finds no heap of starts when it is back: whoever starts tasks has waited meanwhile.
#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_callers_wait() {
    const TASKS: usize = 3_000;
    let (away, most, world) = (Switch::default(), Arc::new(AtomicUsize::new(0)), World::new());
    let journal = {
        let (away, most) = (away.clone(), most.clone());
        FaultyJournal::new(world.store.clone(), move |call| {
            if let Call::Append { writes, .. } = call {
                most.fetch_max(writes.len(), Ordering::SeqCst);
            }
            away.is_on().then_some(Fault::Away)
        })
    };
    let workflow = nothing();
    let options = EngineOptions { inbox: 50, ..EngineOptions::default() };
    let engine =
        world.instance_over(journal, "a").options(options).workflow(&workflow).start().await.unwrap();
    away.set(true);
    let starts = futures::future::join_all((0..TASKS).map(|_| engine.submit(&workflow, &())));
    let back = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        away.set(false);
    };
    let (tasks, ()) = tokio::join!(starts, back);
    for task in tasks {
        output(&engine.wait(task.unwrap()).await.unwrap());
    }
    let most = most.load(Ordering::SeqCst);
    assert!(most < 500, "{most} writes had gathered");
}
