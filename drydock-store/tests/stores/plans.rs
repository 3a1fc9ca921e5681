//! How the databases carry out what runs again and again: by the index that is meant for it, and never by reading a large table.
//!
//! Postgres explains each statement that the store really sends, with the settings, the arguments and the kind of plan that it really
//! has: its `auto_explain` sends the plans along with the answers.

mod sqlite;

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::journal::{Journal as _, LockAnswer, SlotAnswer, SlotWish, Write};
use drydock_core::{Epoch, ExposeSecret, SecretString};
use drydock_store::PgStore;
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{
    at, attempt, claimed, completed, done, fact, id, join, message, name, progress, put_workflow, signal,
    signal_id, step, submit, task, wait,
};
use drydock_testkit::Hearing;
use sqlx::{Connection, PgConnection};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, SubscriberExt as _};

use super::postgres::Cluster;
use super::raw;

const CONTENT: &str = include_str!("plans/content.sql");
const PARTITIONS: &str = include_str!("plans/partitions.sql");
/// Those of partitioned tables that are not primary keys, and what their partitions' indexes end in.
const PARTITIONED: [(&str, &str, &str); 3] = [
    ("tasks_children", "tasks_", "_parent_id_idx "),
    ("signals_untaken", "signals_", "_task_id_idx "),
    ("labels_value", "labels_", "_name_value_task_id_idx "),
];
/// Those of which there is one row for each task, or for each incarnation that ever was.
const LARGE: [&str; 18] = [
    "tasks",
    "live",
    "ends",
    "checkpoints",
    "waits",
    "marks",
    "attempts",
    "signals",
    "messages",
    "facts",
    "labels",
    "progress",
    "locks",
    "lock_queue",
    "slots",
    "events",
    "audit",
    "instances",
];

/// The plans that the database has sent.
#[derive(Clone, Default)]
struct Plans(Arc<Mutex<String>>);

impl Plans {
    /// Begins to listen, until the second is dropped.
    fn hear() -> (Self, Hearing) {
        let plans = Self::default();
        let hearing = drydock_testkit::hear(tracing_subscriber::registry().with(plans.clone()));
        (plans, hearing)
    }

    /// Fails unless what ran since the last time used these indexes, and read no large table from end to end.
    fn used(&self, what: &str, indexes: &[&str]) {
        let plans = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(plans.contains("Query Text"), "{what}: the database has explained nothing");
        for index in indexes {
            assert!(uses(&plans, index), "{what}: {index} is not used: {plans}");
        }
        for table in LARGE {
            for end in [" ", "\n", "_default", "_past", "_late", "_now", "_next"] {
                let scan = format!("Seq Scan on {table}{end}");
                assert!(!plans.contains(&scan), "{what}: reads all of {table}: {plans}");
            }
        }
    }
}

/// Whether something is found by `index`, or by that of a partition.
fn uses(plans: &str, index: &str) -> bool {
    let of_partition = PARTITIONED.iter().find(|(name, ..)| *name == index);
    let (table, end) = match (of_partition, index.strip_suffix("pkey")) {
        (Some((_, table, end)), _) => (*table, *end),
        (None, Some(table)) => (table, "_pkey "),
        (None, None) => (index, " "),
    };
    plans.match_indices(table).any(|(at, _)| {
        let (before, after) = plans.split_at(at);
        let word = after.split_inclusive(' ').next().unwrap_or_default();
        (before.ends_with("using ") || before.ends_with("on "))
            && (word.trim_end() == index || word.ends_with(end))
    })
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Plans {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::postgres::notice" {
            event.record(&mut Text(&mut self.0.lock().unwrap()));
        }
    }
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        writeln!(self.0, "{value:?}").unwrap();
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        writeln!(self.0, "{value}").unwrap();
    }
}

/// The site of `content.sql`, whose tasks the epoch has.
async fn site(cluster: &Cluster) -> (Shared, Epoch) {
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    assert_eq!(epoch, Epoch::new(1), "as the content says");
    raw::run(&url, PARTITIONS.to_owned()).await;
    raw::run(&url, CONTENT.to_owned()).await;
    let explain = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET session_preload_libraries = auto_explain', current_database());
        EXECUTE format('ALTER DATABASE %I SET auto_explain.log_level = notice', current_database());
        EXECUTE format('ALTER DATABASE %I SET auto_explain.log_min_duration = 0', current_database());
        END $$";
    raw::run(&url, explain.to_owned()).await;
    // Only new sessions are set so.
    (Arc::new(PgStore::connect(&url).await.unwrap()), epoch)
}

#[tokio::test]
async fn on_postgres_what_runs_often_uses_its_indexes() {
    let cluster = Cluster::new().await;
    let (store, epoch) = site(&cluster).await;
    let (plans, _hearing) = Plans::hear();
    batches(&store, epoch, &plans).await;
    claims(&store, epoch, &plans).await;
    questions(&store, epoch, &plans).await;
    locks_and_slots(&store, epoch, &plans).await;
    drop(store);
    cluster.close().await;
}

async fn batches(store: &Shared, epoch: Epoch, plans: &Plans) {
    let workflow = put_workflow(store).await;
    // Of workflows there are a few.
    plans.used("a workflow's number", &[]);
    let happy: Vec<Write> = (0..64_u32)
        .flat_map(|n| {
            [
                Write::TaskStarted(task(300_001 + n, workflow)),
                Write::StepEnded(id(200_101 + n), done("boot", 7)),
                Write::TaskEnded(id(200_001 + n), None, completed(9)),
            ]
        })
        .collect();
    store.append(epoch, &happy).await.unwrap();
    plans.used("a batch", &["live_pkey"]);
    // As after a lost answer.
    store.append(epoch, &happy).await.unwrap();
    plans.used("a batch once more", &["live_pkey"]);
    let rest: Vec<Write> = (0..64_u32)
        .flat_map(|n| {
            let task = id(201_000 + n);
            [
                Write::AttemptFailed(task, attempt("boot", 2, 8)),
                Write::StepWaits(task, wait("boot", 8)),
                Write::SignalTaken(task, signal_id(n), step("gate")),
                Write::LocksFreed(task, None),
                Write::SlotsFreed(task, step("boot"), 1),
                Write::MessageSaid(task, message(1)),
                Write::FactFound(task, fact(1, "n07", "probe", 8)),
                Write::StepProgressed(task, progress("wipe", 8)),
            ]
        })
        .collect();
    store.append(epoch, &rest).await.unwrap();
    plans.used("a batch of all else", &["locks_task", "lock_queue_task", "slots_task", "signals_pkey"]);
}

async fn claims(store: &Shared, epoch: Epoch, plans: &Plans) {
    let workflow = put_workflow(store).await;
    for max in [1, 256] {
        assert_eq!(claimed(store, epoch, &[workflow], at(9), max).await.len(), max);
        let own = [
            "live_queued",
            "live_limited",
            "live_crowd",
            "live_pkey",
            "tasks_pkey",
            "checkpoints_pkey",
            "attempts_pkey",
            "waits_pkey",
        ];
        plans.used("a claim", &own);
    }
    store.instance_renew(epoch).await.unwrap();
    plans.used("a renewal", &[]);
}

async fn questions(store: &Shared, epoch: Epoch, plans: &Plans) {
    let parents: Vec<_> = (0..20).map(|n| id(200_001 + n * 10)).collect();
    let news = store.news(epoch, &parents).await.unwrap();
    assert!(!news.signals.is_empty() && !news.open_children.is_empty());
    plans.used("news", &["live_news", "signals_untaken", "live_children"]);
    store.task_end(id(7)).await.unwrap().unwrap();
    plans.used("a task's end", &["ends_pkey"]);
    assert!(!store.child_list(id(200_011), &name("fan")).await.unwrap().is_empty());
    plans.used("children", &["tasks_children", "ends_pkey"]);
    assert!(store.signal_send(id(200_777), &signal(1, 9)).await.unwrap());
    plans.used("a signal", &["live_pkey"]);
}

async fn locks_and_slots(store: &Shared, epoch: Epoch, plans: &Plans) {
    let taken = store.lock_take(epoch, id(200_500), &["rack/7".to_owned()], at(9)).await.unwrap();
    assert_eq!(taken, LockAnswer::Taken);
    plans.used("a lock", &["locks_pkey", "live_pkey"]);
    let refused = store.lock_take(epoch, id(200_501), &["node/200001".to_owned()], at(9)).await.unwrap();
    assert!(matches!(refused, LockAnswer::Refused(_)));
    plans.used("a refused lock", &["locks_pkey", "lock_queue_pkey"]);
    let limits = vec![("bmc/7".to_owned(), 1000)];
    let wish = SlotWish { task: id(200_500), step: step("boot"), limits, ticket: 2 };
    assert_eq!(store.slots_take(epoch, &[wish]).await.unwrap(), [SlotAnswer::Taken]);
    plans.used("a slot", &["slots_pkey", "live_pkey"]);
}

/// Updates that change no index leave no entry behind in any, and their old rows are tidied up by whoever comes to the page next. So it
/// should be with all that is updated again and again: renewals, waits, progress. A claim changes what indexes of `live` are about.
///
/// While a long transaction is under way in the cluster, perhaps another test's, old rows stay, and updates need other pages. So the first
/// round that is undisturbed counts.
#[tokio::test]
async fn on_postgres_what_is_updated_often_changes_no_index() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    let workflow = put_workflow(&store).await;
    let epochs = [join(&store, "a").await, join(&store, "b").await, join(&store, "c").await];
    submit(&store, workflow, 1..=500).await;
    assert_eq!(claimed(&store, epochs[0], &[workflow], at(9), 500).await.len(), 500);
    store.append(epochs[0], &polled(0, 1)).await.unwrap();
    drop(store);
    let mut before = Updates::default();
    for _ in 0..50 {
        // Sessions tell of what they did when they end, at the latest.
        let store = PgStore::connect(&url).await.unwrap();
        for second in 0..100 {
            for epoch in epochs {
                store.instance_renew(epoch).await.unwrap();
            }
            store.append(epochs[0], &polled(second, 10)).await.unwrap();
        }
        store.close().await;
        let after = Updates::of(&url, before.waits.0 + 100 * 50).await;
        let shares = [after.instances, after.waits, after.progress];
        let earlier = [before.instances, before.waits, before.progress];
        let most =
            |((all, hot), (all_before, hot_before))| (hot - hot_before) * 100 > (all - all_before) * 95;
        if shares.into_iter().zip(earlier).all(most) {
            assert_eq!(
                after.live,
                (500, 0),
                "a live row is updated by its claim, and by nothing that steps do"
            );
            return cluster.close().await;
        }
        before = after;
    }
    panic!("too many updates change an index: {before:?}");
}

/// Every `share`th of 500 tasks polls, and tells how far it is.
fn polled(second: u32, share: u32) -> Vec<Write> {
    let turn = (1..=500).filter(|n| n % share == second % share);
    let told = |n| {
        [
            Write::StepWaits(id(n), wait("boot", second.into())),
            Write::StepProgressed(id(n), progress("wipe", second)),
        ]
    };
    turn.flat_map(told).collect()
}

/// How many rows were updated, and how many of these without a change to an index.
#[derive(Debug, Default)]
struct Updates {
    live: (i64, i64),
    instances: (i64, i64),
    waits: (i64, i64),
    progress: (i64, i64),
}

impl Updates {
    /// Once the database knows of so many updates of waits, and of the claims.
    async fn of(url: &SecretString, waits: i64) -> Self {
        let mut observer = PgConnection::connect(url.expose_secret()).await.unwrap();
        let known = async {
            loop {
                let sql = "SELECT relname::text, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables";
                let rows: Vec<(String, i64, i64)> =
                    sqlx::query_as(sql).fetch_all(&mut observer).await.unwrap();
                let of = |table: &str| {
                    let row = rows.iter().find(|(name, ..)| name == table).unwrap();
                    (row.1, row.2)
                };
                let updates = Self {
                    live: of("live"),
                    instances: of("instances"),
                    waits: of("waits_default"),
                    progress: of("progress_default"),
                };
                if updates.waits.0 >= waits && updates.live.0 >= 500 {
                    return updates;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), known).await.expect("the database tells no figures")
    }
}
