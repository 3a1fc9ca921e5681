//! Postgres behind PgBouncer in session mode, with the store as it is.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::TaskEndKind;
use drydock_core::{ExposeSecret, InstanceName, Payload, SecretString};
use drydock_store::PgStore;
use drydock_store::conformance::Shared;
use drydock_testkit::Pooler;
use drydock_workflow::{Engine, EngineOptions, Outcome, WorkflowBuilder, step_fn};

use super::postgres::Cluster;

/// A cluster, and a pooler before it.
struct Pooled {
    cluster: Cluster,
    pooler: Pooler,
}

impl Pooled {
    async fn new() -> Self {
        let cluster = Cluster::new().await;
        let pooler = Pooler::start(cluster.address()).unwrap();
        Self { cluster, pooler }
    }

    /// A new, empty database, as the pooler has it.
    async fn url(&self) -> SecretString {
        let database = self.cluster.database().await;
        let (_, name) = database.expose_secret().rsplit_once('/').unwrap();
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.pooler.port()).into()
    }

    async fn fresh(&self) -> Shared {
        let store = PgStore::connect(&self.url().await).await.unwrap();
        store.migrate().await.unwrap();
        Arc::new(store)
    }

    async fn close(self) {
        drop(self.pooler);
        self.cluster.close().await;
    }
}

macro_rules! conforms_behind_pgbouncer {
    ($($concern:ident)+) => {
        $(
            #[tokio::test]
            async fn $concern() {
                let home = Pooled::new().await;
                drydock_store::conformance::$concern::all(async || home.fresh().await).await;
                home.close().await;
            }
        )+
    };
}

conforms_behind_pgbouncer!(append claims fencing);

/// Nobody is notified of anything: a poll finds the task that was queued past the engine.
#[tokio::test]
async fn an_engine_finds_and_runs_a_task() {
    let home = Pooled::new().await;
    let store = home.fresh().await;
    let mut builder = WorkflowBuilder::<u32>::new("double", 1);
    let input = builder.input();
    let double = || step_fn(|_ctx, n: u32| async move { Ok(Outcome::Done(n * 2)) });
    let once = builder.step("once", double()).run(&input);
    let twice = builder.step("twice", double()).run(&once);
    let workflow = builder.output(&twice).unwrap();
    let options = EngineOptions { poll: Duration::from_millis(20), ..EngineOptions::default() };
    let name = InstanceName::new("pooled").unwrap();
    let engine =
        Engine::builder(store.clone(), name).workflow(&workflow).options(options).start().await.unwrap();
    let here = engine.submit(&workflow, &1).await.unwrap();
    let queued = engine.task(&workflow, &10).build().unwrap();
    let tasks = store.task_submit(&[queued]).await.unwrap();
    for (task, expected) in [(here, 4_u32), (tasks[0], 40)] {
        let end = engine.wait(task).await.unwrap();
        assert_eq!(end.kind, TaskEndKind::Completed(Payload::encode(&expected).unwrap()));
    }
    engine.drain().await.unwrap();
    drop((engine, store));
    home.close().await;
}
