//! A worker: an instance of the engine in a process of its own, which starts tasks as long as it may, and runs whatever it gets.

use std::sync::Arc;
use std::time::Duration;

use drydock::core::journal::{Journal, JournalError};
use drydock::core::{Classify, Disposition, Entropy as _, InstanceName, SystemEntropy};
use drydock::store::{DatabaseUrl, open};
use drydock::workflow::testing::{Call, Fault, FaultyJournal};
use drydock::workflow::{Engine, EngineError, EngineOptions};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use crate::Failure;
use crate::args::{Health, WorkerArgs};
use crate::ledger::Ledger;
use crate::workflows::{Shape, Workflows};

/// The lease of all workers: short, so that much is taken over.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

/// The exit code of a worker that found no database.
pub(crate) const AWAY: u8 = 75;

/// Whether the database was not there.
pub(crate) fn is_away(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let journal = error.downcast_ref::<JournalError>().map(Classify::disposition);
    let engine = error.downcast_ref::<EngineError>().map(Classify::disposition);
    journal.or(engine) == Some(Disposition::Retryable)
}

/// How much later than it says a broken worker commits. Long enough for its driver to see what it promised, and to kill it.
const LATE: Duration = Duration::from_secs(1);

/// How many tasks a worker waits for at once.
const IN_FLIGHT: usize = 50;

pub(crate) async fn run(args: WorkerArgs) -> Result<(), Failure> {
    let ledger = Ledger::open(&args.ledger)?;
    let workflows = Arc::new(Workflows::new(&ledger)?);
    let url: DatabaseUrl = args.url.parse()?;
    let mut store: Arc<dyn Journal> = open(&url).await?;
    if args.health == Health::Broken {
        store = answers_early(store);
    }
    let options = EngineOptions {
        lease: LEASE,
        poll: Duration::from_millis(250),
        grace: Duration::from_secs(1),
        ..EngineOptions::default()
    };
    let builder = Engine::builder(store, InstanceName::new(&args.name)?).options(options);
    let engine = workflows.offer(builder).start().await?;
    let mut waits = JoinSet::new();
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            stopped = engine.stopped() => return Ok(stopped?),
            Some(_) = waits.join_next() => {}
            _ = tick.tick() => {
                while waits.len() < IN_FLIGHT && !args.stop.exists() {
                    waits.spawn(one_task(engine.clone(), Arc::clone(&workflows), ledger.clone()));
                }
            }
        }
    }
}

/// A way to the store that says that commits are made, and makes them a little later.
fn answers_early(store: Arc<dyn Journal>) -> Arc<dyn Journal> {
    let later = TaskTracker::new();
    let behind = Arc::clone(&store);
    FaultyJournal::new(store, move |call| {
        let Call::Append { epoch, writes, place } = *call else { return None };
        let (store, writes) = (Arc::clone(&behind), writes.to_vec());
        later.spawn(async move {
            tokio::time::sleep(LATE).await;
            // It was promised already; nobody is told.
            let _broken = store.append_told(epoch, &writes, place).await.is_err();
        });
        Some(Fault::Pretend)
    })
}

/// Starts a task of chance, and waits for its end.
async fn one_task(engine: Engine, workflows: Arc<Workflows>, ledger: Ledger) {
    let mut bytes = [0; 2];
    SystemEntropy.fill(&mut bytes);
    let shape = Shape::ALL[usize::from(bytes[0]) % Shape::ALL.len()];
    let input = u64::from(bytes[1]);
    let Some(workflow) = workflows.get(shape) else { return };
    match engine.submit(workflow, &input).await {
        Ok(task) => {
            if let Err(error) = ledger.started(task, shape.word(), input) {
                eprintln!("worker: {}", error.message);
            }
            // Whoever takes the task over ends it; how is the oracle's to see.
            let _away = engine.wait(task).await.is_err();
        }
        Err(error) => eprintln!("worker: no task was started: {error}"),
    }
}
