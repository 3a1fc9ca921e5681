//! Options: the smallest that work, and those that cannot.

use std::time::Duration;

use drydock_workflow::{EngineError, EngineOptions};

use crate::faulty::FaultyJournal;
use crate::support::{World, nothing, output};

#[tokio::test(start_paused = true)]
async fn options_that_cannot_work_are_refused_by_name() {
    let base = EngineOptions::default();
    for (name, options) in [
        ("lease", EngineOptions { lease: Duration::ZERO, ..base }),
        ("poll", EngineOptions { poll: Duration::ZERO, ..base }),
        ("capacity", EngineOptions { capacity: 0, ..base }),
        ("batch", EngineOptions { batch: 0, ..base }),
        ("inbox", EngineOptions { inbox: 0, ..base }),
        ("event_buffer", EngineOptions { event_buffer: 0, ..base }),
    ] {
        let refused = World::new().instance("a").options(options).workflow(&nothing()).start().await;
        let error = refused.err().unwrap();
        assert!(matches!(error, EngineError::Options { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("option {name} ")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_smallest_options_work() {
    let workflow = nothing();
    let world = World::new();
    let options =
        EngineOptions { capacity: 1, batch: 1, inbox: 1, event_buffer: 1, ..EngineOptions::default() };
    let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
    let submitted = futures::future::join_all((0..20).map(|_| engine.submit(&workflow, &()))).await;
    for task in submitted {
        output(&engine.wait(task.unwrap()).await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_place_is_used_at_once() {
    let workflow = nothing();
    let world = World::new();
    let journal = FaultyJournal::new(world.store.clone(), |_| None);
    let options = EngineOptions { capacity: 1, poll: Duration::from_secs(30), ..EngineOptions::default() };
    let engine =
        world.instance_over(journal.clone(), "a").options(options).workflow(&workflow).start().await.unwrap();
    let begun = tokio::time::Instant::now();
    let task = engine.submit(&workflow, &()).await.unwrap();
    output(&engine.wait(task).await.unwrap());
    assert_eq!(journal.appends(), 2, "its start, and its end");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
