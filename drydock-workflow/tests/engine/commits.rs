//! What ends together is committed together.

use std::sync::Arc;

use drydock_workflow::{Outcome, StepContext, step_fn};
use tokio::sync::Barrier;

use crate::faulty::FaultyJournal;
use crate::support::{Log, World, output, single};

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
