//! A lost lease: what callers see of it, and what must stop.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::{Clock, Timestamp};
use drydock_workflow::EngineError;
use tokio::sync::Notify;

use crate::faulty::Switch;
use crate::support::{Log, TokioClock, World, gated, nothing, output, within};

#[tokio::test(start_paused = true)]
async fn waiting_goes_on_over_a_lost_lease() {
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let workflow = gated(&gate, &log);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    let (end, ()) = tokio::join!(engine.wait(task), async {
        world.retire("a").await;
        log.reaches(2).await;
        gate.notify_one();
    });
    output(&end.unwrap());
    assert_eq!(log.lines(), ["began", "began", "ended"]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_drained_while_it_has_no_lease_ends() {
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let workflow = gated(&gate, &log);
    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    let drain = engine.drain();
    tokio::pin!(drain);
    assert!(within(Duration::from_secs(1), &mut drain).await.is_none());
    world.retire("a").await;
    within(Duration::from_mins(1), drain).await.expect("the drain never ended").unwrap();
    assert_eq!(log.lines(), ["began"]);
}

/// A clock that breaks.
struct Breakable {
    clock: Arc<TokioClock>,
    broken: Switch,
}

impl Clock for Breakable {
    fn now(&self) -> Timestamp {
        assert!(!self.broken.is_on(), "the clock is broken");
        self.clock.now()
    }
}

#[tokio::test(start_paused = true)]
async fn no_step_goes_on_after_a_panic_of_the_engine_itself() {
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let workflow = gated(&gate, &log);
    let world = World::new();
    let broken = Switch::default();
    let clock = Arc::new(Breakable { clock: world.clock.clone(), broken: broken.clone() });
    let first = world.instance("a").clock(clock).workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    broken.set(true);
    let stopped = first.stopped().await;
    assert!(matches!(stopped, Err(EngineError::Stopped | EngineError::Ended(_))), "{stopped:?}");
    let second = world.instance("b").workflow(&workflow).start().await.unwrap();
    log.reaches(2).await;
    gate.notify_waiters();
    output(&second.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["began", "began", "ended"]);
}

/// Its lease, its workflows and its executors: so that others can tell why nobody takes a task.
#[tokio::test(start_paused = true)]
async fn an_instance_tells_the_others_what_it_can_run() {
    let world = World::new();
    let _engine = world.instance("a").workflow(&nothing()).start().await.unwrap();
    let told = world.beat("a").await;
    assert_eq!(told.lease, Duration::from_secs(9));
    let workflows: Vec<_> =
        told.offers.workflows.iter().map(|(name, version)| (name.as_str(), *version)).collect();
    assert_eq!(workflows, [("nothing", 1)]);
}
