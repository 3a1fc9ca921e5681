//! A store that goes away for longer than the lease, and comes back: what stops, what is asked meanwhile, what the log says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::captured::Captured;
use crate::faulty::{Fault, FaultyJournal, Switch};
use crate::support::{Log, World, gated, output};

const OUTAGE: Duration = Duration::from_mins(5);

#[tokio::test(start_paused = true)]
async fn a_store_that_was_away_for_longer_than_the_lease_costs_no_task_and_few_words() {
    let (captured, _guard) = Captured::start();
    let (gate, log, world) = (Arc::new(Notify::new()), Log::default(), World::new());
    let (away, asked) = (Switch::default(), Arc::new(AtomicUsize::new(0)));
    let (down, count) = (away.clone(), asked.clone());
    let journal = FaultyJournal::new(world.store.clone(), move |_| {
        down.is_on().then(|| {
            count.fetch_add(1, Ordering::Relaxed);
            Fault::Away
        })
    });
    let workflow = gated(&gate, &log);
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;

    away.set(true);
    let gone = Instant::now();
    // Its step hangs in the world; the lease of 9 s is over long before the store is back.
    tokio::time::sleep(OUTAGE).await;
    away.set(false);
    log.reaches(2).await;
    assert!(
        gone.elapsed() >= OUTAGE && gone.elapsed() < OUTAGE + Duration::from_secs(2),
        "it looks again soon"
    );
    gate.notify_one();
    output(&engine.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["began", "began", "ended"], "the first run was stopped with the lease");

    let asked = asked.load(Ordering::Relaxed);
    assert!(asked < 10 * usize::try_from(OUTAGE.as_secs()).unwrap(), "{asked} questions in {OUTAGE:?}");
    let lines = captured.lines();
    let heads = ["WARN the store does not answer", "WARN lost the lease", "INFO the store answers again"];
    assert_eq!(lines.len(), heads.len(), "{lines:#?}");
    for (line, head) in lines.iter().zip(heads) {
        assert!(line.starts_with(head), "{line}");
    }
}
