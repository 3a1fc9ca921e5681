//! Two instances over one Postgres: they share the tasks, one dies, the other finishes; the dead one's writes are refused.

use std::time::{Duration, Instant};

use drydock::core::journal::{Checkpoint, JournalError, StepEnd, Write};
use drydock::core::{Payload, TaskId};
use drydock::store::Store;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::process::{PATIENCE, Process};
use crate::site::EmulatedSite;
use crate::store;

const LEASE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_instances_tasks_are_taken_over_within_the_lease_and_its_writes_refused() {
    let site = EmulatedSite::start("1500ms");
    let database = store::postgres("instances").await;
    let store = store::open(&database).await;
    let pool = PgPool::connect(&database).await.unwrap();
    let (first, address) = serve_somewhere(&site, &database, "first");
    let (_second, _) = serve_somewhere(&site, &database, "second");

    let prepare = create(&site, &address, "prepare_nodes").await;
    wait_for("the first task's end", || ended(&*store, prepare)).await;
    let deploy = create(&site, &address, "deploy_nodes").await;
    let epochs = wait_for("both to have tasks", || shared(&pool)).await;
    let dead = epoch_of(&*store, "first").await;
    let survivor = epoch_of(&*store, "second").await;
    assert!(epochs.contains(&dead.get()) && epochs.contains(&survivor.get()));
    first.kill();

    let killed = Instant::now();
    wait_for("the takeover", || owned_only_by(&pool, survivor.get())).await;
    // The lease, and until the next look, which comes every third of it.
    let limit = LEASE + LEASE / 3 + Duration::from_secs(1);
    assert!(killed.elapsed() < limit, "taken over only after {:?}", killed.elapsed());

    let history = store.task_history(deploy).await.unwrap().unwrap();
    let child = *history.task.children.first().unwrap();
    let late = Checkpoint {
        step: "await_deployed".parse().unwrap(),
        attempt: 1,
        end: StepEnd::Done(Payload::NULL),
        started_at: history.task.created_at,
        ended_at: history.task.created_at,
    };
    let refused = store.append(dead, &[Write::StepEnded(child, late)]).await;
    assert!(matches!(refused, Err(JournalError::Fenced { .. })), "{refused:?}");

    wait_for("the second task's end", || ended(&*store, deploy)).await;
    site.assert_deployed_once();
    store::assert_whole(&*store, &[prepare, deploy]).await;
}

/// A server that answers at `listen`.
pub(crate) fn serve(site: &EmulatedSite, database: &str, listen: &str, name: &str) -> Process {
    start(site, database, listen, name).0
}

fn serve_somewhere(site: &EmulatedSite, database: &str, name: &str) -> (Process, String) {
    start(site, database, "127.0.0.1:0", name)
}

fn start(site: &EmulatedSite, database: &str, listen: &str, name: &str) -> (Process, String) {
    let lease = format!("{}s", LEASE.as_secs());
    let args = [
        "serve",
        "--migrate",
        "--database",
        database,
        "--listen",
        listen,
        "--name",
        name,
        "--lease",
        &lease,
        "--capacity",
        "6",
        "--maas-url",
        &site.maas_url,
        "--poll-interval",
        "100ms",
        "--log",
        "error",
    ];
    let mut process = Process::start(&args, &[("MAAS_API_KEY", "emulated:emulated:emulated")]);
    let address = process.line("the server to listen", |line| {
        let (_, address) = line.split_once("http://")?;
        Some(address.split_whitespace().next()?.trim_end_matches('/').to_owned())
    });
    (process, address)
}

async fn create(site: &EmulatedSite, address: &str, action: &str) -> TaskId {
    let body = json!({"action": action, "design_ref": site.design_ref()});
    let answer =
        reqwest::Client::new().post(format!("http://{address}/api/v1.0/tasks")).json(&body).send().await;
    let task: Value = answer.unwrap().json().await.unwrap();
    task["task_id"].as_str().unwrap().parse().unwrap()
}

async fn epoch_of(store: &dyn Store, name: &str) -> drydock::core::Epoch {
    let instances = store.instance_list().await.unwrap();
    instances.into_iter().find(|instance| instance.name.as_str() == name).unwrap().epoch
}

async fn ended(store: &dyn Store, task: TaskId) -> Option<()> {
    store.task_end(task).await.unwrap().map(|_| ())
}

async fn owners(pool: &PgPool) -> Vec<i64> {
    let sql = "SELECT DISTINCT owner FROM live WHERE owner IS NOT NULL";
    sqlx::query_scalar(sql).fetch_all(pool).await.unwrap()
}

/// The two instances that have tasks, once two have.
async fn shared(pool: &PgPool) -> Option<Vec<i64>> {
    Some(owners(pool).await).filter(|owners| owners.len() == 2)
}

async fn owned_only_by(pool: &PgPool, epoch: i64) -> Option<()> {
    (owners(pool).await == [epoch]).then_some(())
}

/// Asks again and again until there is an answer.
async fn wait_for<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
