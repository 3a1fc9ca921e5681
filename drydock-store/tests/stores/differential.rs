//! Random histories, applied to the store in memory and to another one: every answer is the same, and so is all that can be
//! read in the end.

use std::collections::BTreeMap;

use drydock_core::journal::{
    Child, ClaimedTask, FeedCursor, FeedPage, FeedPlace, InstanceBeat, JournalError, LockAnswer, NewTask,
    News, Signal, SlotAnswer, SlotWish, TaskEnd, TaskEndKind, TaskLimit, TaskState, Verb, WaitKind,
    WaitRecord, Write,
};
use drydock_core::{Epoch, Fence, InstanceName, TaskId, WorkflowId};
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{
    LEASE, at, attempt, child, claimed, completed, done, fact, failed, failure, id, mark, message, name,
    offers, payload, progress, request, signal, signal_id, step, task, wait, workflow,
};
use drydock_store::repo::{
    Cursor, FactPage, FactQuery, ParentFilter, SearchOrder, TaskHistory, TaskQuery, TaskSearch, TaskStatus,
};
use drydock_store::{MemoryStore, SqliteStore};
use proptest::prelude::*;
use proptest::sample::select;

use super::postgres::Cluster;

/// One call. Instances are named by the order in which they joined.
#[derive(Debug, Clone)]
enum Call {
    Join(&'static str),
    Renew(usize),
    Retire(usize, i64),
    Leave(usize),
    Submit(Vec<NewTask>),
    Ask(Verb, u32, &'static str, i64),
    Claim(usize, Vec<WorkflowId>, i64, usize),
    Append(usize, Vec<Write>, bool),
    /// Reads on, so many commits.
    Feed(usize),
    Since(i64),
    Trim(i64),
    Signal(u32, u32, i64),
    Lock(usize, u32, Vec<&'static str>, i64),
    Slots(usize, Vec<SlotWish>),
    News(usize),
    Children(u32),
    List(TaskQuery),
    Search(TaskSearch),
    Facts(FactQuery),
}

/// What came back.
#[derive(Debug, PartialEq)]
enum Answer {
    Nothing,
    Told(bool),
    Joined(Epoch),
    Claimed(Vec<ClaimedTask>),
    Locked(LockAnswer),
    Slots(Vec<SlotAnswer>),
    News(News),
    Ends(Vec<Child>, Option<TaskEnd>),
    Listed(Vec<TaskId>),
    Found(Vec<TaskId>, Option<Cursor>),
    Facts(FactPage),
    Feed(FeedPage),
    Since(FeedCursor),
    Trimmed(u64),
    Failed(String),
}

fn new_task() -> impl Strategy<Value = NewTask> {
    let plain = (0..8_u32, 0..8_u32, 0..3_u32, 1..3_i64, any::<bool>()).prop_map(
        |(n, parent, index, workflow, root)| {
            let workflow = WorkflowId::new(workflow);
            if root { task(n, workflow) } else { child(n, workflow, parent, index) }
        },
    );
    let key = prop::option::of(select(vec!["k", "K", "\0"]));
    let labels =
        prop::collection::vec((select(vec!["l", "\0", "\u{fffd}"]), select(vec!["v", "V", "\0"])), 0..3);
    let limit = prop_oneof![2 => Just(None), 1 => (select(vec!["p", "q\0"]), 0..4_u32).prop_map(Some)];
    (plain, any::<bool>(), key, -1..2_i16, labels, limit).prop_map(
        |(task, special, key, priority, labels, limit)| {
            if !special {
                return task;
            }
            let task = labels
                .into_iter()
                .fold(task.priority(priority), |task, (name, value)| task.label(name, value));
            let limit = limit.map(|(name, places)| TaskLimit { name: name.to_owned(), places });
            key.into_iter().fold(task.limit(limit), NewTask::key)
        },
    )
}

fn search() -> impl Strategy<Value = TaskSearch> {
    let labels = prop::collection::btree_map(select(vec!["l", "\0"]), select(vec!["v", "V", "\0"]), 0..2);
    let status = prop::option::of(select(vec![
        TaskStatus::Queued,
        TaskStatus::Running,
        TaskStatus::Terminating,
        TaskStatus::Complete,
        TaskStatus::Terminated,
    ]));
    let time = || prop::option::of((0..8_i64).prop_map(at));
    let order = select(vec![SearchOrder::OldestFirst, SearchOrder::NewestFirst]);
    let after = prop::option::of((0..8_u32).prop_map(|n| id(n).to_string().parse().unwrap()));
    (labels, status, any::<bool>(), time(), time(), order, after, 0..4_u32).prop_map(
        |(labels, status, named, created_from, created_before, order, after, limit)| TaskSearch {
            labels: labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            status,
            workflow: named.then(|| workflow(1).name),
            created_from,
            created_before,
            order,
            after,
            limit,
        },
    )
}

fn facts() -> impl Strategy<Value = FactQuery> {
    let of = prop_oneof![
        (0..8_u32).prop_map(|n| FactQuery::of_task(id(n))),
        select(vec!["n1", "\0"]).prop_map(|node| FactQuery::about("node", node)),
    ];
    let after = prop::option::of((1..6_i64, 0..8_u32, 0..4_u32).prop_map(|(second, n, seq)| {
        let place = format!("{}.{}.{seq}", at(second).timestamp_micros(), id(n));
        place.parse().unwrap()
    }));
    (of, any::<bool>(), after, 0..4_u32).prop_map(|(query, latest, after, limit)| FactQuery {
        latest,
        after,
        limit,
        ..query
    })
}

fn write() -> impl Strategy<Value = Write> {
    let name = || select(vec!["a", "b", "B", "a[2]", "a[10]", "undo:a"]);
    let of = || (0..8_u32).prop_map(id);
    let end = (0..50_u32, 0..3_u8).prop_map(|(n, kind)| TaskEnd {
        kind: match kind {
            0 => TaskEndKind::Failed(failure(n)),
            1 => TaskEndKind::Cancelled(request("ann", 1)),
            _ => completed(n).kind,
        },
        at: at(i64::from(n)),
    });
    prop_oneof![
        2 => new_task().prop_map(|task| Write::TaskStarted(task.limit(None))),
        2 => new_task().prop_map(Write::TaskQueued),
        2 => (of(), name(), 1..50_i64).prop_map(|(id, name, n)| Write::StepEnded(id, done(name, n))),
        1 => (of(), name(), 1..50_i64).prop_map(|(id, name, n)| Write::StepEnded(id, failed(name, n))),
        1 => (of(), name(), 3..5_u32, 1..50_i64)
            .prop_map(|(id, name, number, n)| Write::StepReopened(id, attempt(name, number, n))),
        1 => (of(), name(), 1..4_u32, 1..50_i64)
            .prop_map(|(id, name, number, n)| Write::AttemptFailed(id, attempt(name, number, n))),
        2 => (of(), name(), 1..50_i64).prop_map(|(id, name, n)| Write::StepWaits(id, wait(name, n))),
        1 => (of(), name(), 1..50_i64, 0..4_u8, any::<bool>()).prop_map(|(id, name, n, kind, kept)| {
            let kind = [WaitKind::Signal, WaitKind::Lock, WaitKind::Operator, WaitKind::Children][usize::from(kind)];
            let on = vec![format!("\0{n}"); usize::from(kept)];
            Write::StepWaits(id, WaitRecord { kind, on, scratch: kept.then(|| payload(9)), ..wait(name, n) })
        }),
        2 => (of(), name(), select(vec!["m", "M", "\0"]), 1..50_i64)
            .prop_map(|(id, name, made, n)| Write::Marked(id, mark(name, made, n))),
        2 => (of(), 0..4_u32, name()).prop_map(|(id, n, by)| Write::SignalTaken(id, signal_id(n), step(by))),
        1 => (of(), prop::option::of(0..4_u64))
            .prop_map(|(id, fence)| Write::LocksFreed(id, fence.map(Fence::new))),
        1 => (of(), name(), 0..4_u64).prop_map(|(id, name, ticket)| Write::SlotsFreed(id, step(name), ticket)),
        2 => (of(), 0..4_u32).prop_map(|(id, seq)| Write::MessageSaid(id, message(seq))),
        2 => (of(), 0..4_u32, select(vec!["n1", "\0"]), select(vec!["lshw", "lldp"]), 1..6_i64)
            .prop_map(|(id, seq, node, by, n)| Write::FactFound(id, fact(seq, node, by, n))),
        2 => (of(), name(), 0..9_u32).prop_map(|(id, name, n)| Write::StepProgressed(id, progress(name, n))),
        2 => (of(), prop::option::of(0..4_u64), end)
            .prop_map(|(id, fence, end)| Write::TaskEnded(id, fence.map(Fence::new), end)),
    ]
}

fn wish() -> impl Strategy<Value = SlotWish> {
    let limits = prop::collection::vec((select(vec!["n", "\0"]), 0..3_u32), 0..3);
    (0..8_u32, select(vec!["a", "b[1]"]), limits, 0..4_u64).prop_map(|(n, of, limits, ticket)| {
        let limits = limits.into_iter().map(|(name, slots)| (name.to_owned(), slots)).collect();
        SlotWish { task: id(n), step: step(of), limits, ticket }
    })
}

fn call() -> impl Strategy<Value = Call> {
    let instance = || prop_oneof![3 => 0..2_usize, 1 => 2..6_usize];
    let workflows = prop::collection::vec((1..3_i64).prop_map(WorkflowId::new), 0..3);
    let parents = prop_oneof![
        Just(ParentFilter::Any),
        Just(ParentFilter::Roots),
        prop::collection::vec((0..8_u32).prop_map(id), 0..3).prop_map(ParentFilter::Of),
    ];
    let query = (parents, prop::option::of((0..8_u32).prop_map(id)), prop::option::of(0..4_u32))
        .prop_map(|(parents, after, limit)| TaskQuery { parents, after, limit });
    prop_oneof![
        2 => select(vec!["x", "y", "z"]).prop_map(Call::Join),
        1 => instance().prop_map(Call::Renew),
        1 => (instance(), 0..2_i64).prop_map(|(instance, beat)| Call::Retire(instance, beat)),
        1 => instance().prop_map(Call::Leave),
        2 => prop::collection::vec(new_task(), 0..4).prop_map(Call::Submit),
        4 => (select(&Verb::ALL[..]), 0..8_u32, select(vec!["ann", "b\0b"]), 1..9_i64)
            .prop_map(|(verb, n, by, at)| Call::Ask(verb, n, by, at)),
        4 => (instance(), workflows, 100..200_i64, 0..5_usize)
            .prop_map(|(instance, workflows, at, max)| Call::Claim(instance, workflows, at, max)),
        8 => (instance(), prop::collection::vec(write(), 0..12), any::<bool>())
            .prop_map(|(instance, writes, told)| Call::Append(instance, writes, told)),
        3 => (0..4_usize).prop_map(Call::Feed),
        1 => (0..30_i64).prop_map(Call::Since),
        1 => (0..30_i64).prop_map(Call::Trim),
        2 => (0..8_u32, 0..4_u32, 1..9_i64).prop_map(|(task, n, at)| Call::Signal(task, n, at)),
        5 => (instance(), 0..8_u32, prop::collection::vec(select(vec!["n", "N", "\0"]), 0..3), 1..9_i64)
            .prop_map(|(instance, task, names, at)| Call::Lock(instance, task, names, at)),
        4 => (instance(), prop::collection::vec(wish(), 0..4))
            .prop_map(|(instance, wishes)| Call::Slots(instance, wishes)),
        1 => instance().prop_map(Call::News),
        1 => (0..8_u32).prop_map(Call::Children),
        1 => query.prop_map(Call::List),
        1 => search().prop_map(Call::Search),
        2 => facts().prop_map(Call::Facts),
    ]
}

/// What those who call keep in mind.
#[derive(Default)]
struct Minds {
    epochs: Vec<Epoch>,
    /// How many commits of each epoch were told.
    told: BTreeMap<Epoch, u64>,
    reader: FeedCursor,
}

impl Minds {
    fn epoch(&self, instance: usize) -> Epoch {
        self.epochs.get(instance).copied().unwrap_or(Epoch::new(999))
    }

    /// Of the instance's next commit. Each instance has a clock of its own.
    fn place(&self, instance: usize) -> FeedPlace {
        let last = self.told.get(&self.epoch(instance)).copied().unwrap_or(0);
        let second = (last * 3).cast_signed() + i64::try_from(instance).unwrap() * 7;
        FeedPlace { seq: last + 1, at: at(second) }
    }
}

async fn ask(store: &Shared, verb: Verb, n: u32, by: &str, second: i64) -> Result<bool, JournalError> {
    let (task, request) = (id(n), request(by, second));
    let order = || Signal { name: "order:skip a".to_owned(), sender: by.to_owned(), ..signal(9, second) };
    match verb {
        Verb::Cancel => store.task_cancel(task, &request).await,
        Verb::Pause => store.task_pause(task, &request).await,
        Verb::Resume => store.task_resume(task, &request).await,
        Verb::Reopen => store.task_reopen(task, &request).await,
        Verb::Order => store.signal_send(task, &order()).await,
    }
}

async fn answer(store: &Shared, minds: &mut Minds, call: Call) -> Result<Answer, JournalError> {
    let epochs = minds.epochs.clone();
    let epoch = |instance: usize| epochs.get(instance).copied().unwrap_or(Epoch::new(999));
    Ok(match call {
        Call::Join(name) => {
            let epoch =
                store.instance_join(&InstanceName::new(name).unwrap(), at(0), LEASE, &offers(name)).await?;
            minds.epochs.push(epoch);
            Answer::Joined(epoch)
        }
        Call::Renew(instance) => {
            store.instance_renew(epoch(instance)).await?;
            Answer::Nothing
        }
        Call::Retire(instance, beat) => Answer::Told(store.instance_retire(epoch(instance), beat).await?),
        Call::Leave(instance) => {
            store.instance_leave(epoch(instance)).await?;
            Answer::Nothing
        }
        Call::Submit(tasks) => Answer::Listed(store.task_submit(&tasks).await?),
        Call::Ask(verb, n, by, second) => Answer::Told(ask(store, verb, n, by, second).await?),
        Call::Claim(instance, workflows, second, max) => {
            let claims = store.task_claim(epoch(instance), &workflows, at(second), max).await?;
            Answer::Claimed(claims.into_iter().map(Result::unwrap).collect())
        }
        Call::Append(instance, writes, tell) => {
            store.append_told(epoch(instance), &writes, tell.then(|| minds.place(instance))).await?;
            minds
                .told
                .entry(epoch(instance))
                .and_modify(|told| *told += u64::from(tell))
                .or_insert(tell.into());
            Answer::Nothing
        }
        Call::Feed(limit) => {
            let page = store.feed_read(&minds.reader, limit).await?;
            minds.reader = page.next.clone();
            Answer::Feed(page)
        }
        Call::Since(second) => Answer::Since(store.feed_since(at(second)).await?),
        Call::Trim(second) => Answer::Trimmed(store.feed_trim(at(second)).await?),
        Call::Signal(task, n, at) => Answer::Told(store.signal_send(id(task), &signal(n, at)).await?),
        Call::Lock(instance, n, names, second) => {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            Answer::Locked(store.lock_take(epoch(instance), id(n), &names, at(second)).await?)
        }
        Call::Slots(instance, wishes) => Answer::Slots(store.slots_take(epoch(instance), &wishes).await?),
        Call::News(instance) => {
            let parents: Vec<TaskId> = (0..8).map(id).collect();
            Answer::News(store.news(epoch(instance), &parents).await?)
        }
        Call::Children(n) => {
            Answer::Ends(store.child_list(id(n), &name("fan")).await?, store.task_end(id(n)).await?)
        }
        Call::Search(search) => {
            let page = store.task_search(&search).await?;
            Answer::Found(page.tasks.into_iter().map(|record| record.id).collect(), page.next)
        }
        Call::Facts(query) => Answer::Facts(store.fact_list(&query).await?),
        Call::List(query) => {
            Answer::Listed(store.task_list(&query).await?.into_iter().map(|record| record.id).collect())
        }
    })
}

/// All that can be read of a store, and what an instance finds that takes everything over.
#[derive(Debug, PartialEq)]
struct State {
    instances: Vec<InstanceBeat>,
    histories: Vec<TaskHistory>,
    states: Vec<TaskState>,
    claimed: Vec<ClaimedTask>,
    facts: Vec<FactPage>,
    feed: FeedPage,
}

async fn state(store: &Shared, epochs: &[Epoch]) -> State {
    let instances = store.instance_list().await.unwrap();
    let (mut histories, mut states) = (Vec::new(), Vec::new());
    for record in store.task_list(&TaskQuery::default()).await.unwrap() {
        histories.push(store.task_history(record.id).await.unwrap().unwrap());
        assert_eq!(histories.last().unwrap().task, record);
        states.push(store.task_read(record.id).await.unwrap().unwrap());
    }
    let mut facts = Vec::new();
    for n in 0..8 {
        facts.push(store.fact_list(&FactQuery::of_task(id(n))).await.unwrap());
    }
    for epoch in epochs {
        store.instance_leave(*epoch).await.unwrap();
    }
    let last = InstanceName::new("last").unwrap();
    let last = store.instance_join(&last, at(0), LEASE, &offers("last")).await.unwrap();
    let workflows = [WorkflowId::new(1), WorkflowId::new(2)];
    let claimed = claimed(store, last, &workflows, at(900), 99).await;
    let feed = store.feed_read(&FeedCursor::START, 99).await.unwrap();
    State { instances, histories, states, claimed, facts, feed }
}

async fn play(store: &Shared, calls: &[Call]) -> (Vec<Answer>, State) {
    let mut minds = Minds::default();
    let mut answers = Vec::new();
    for n in 1..=2 {
        assert_eq!(store.workflow_put(&workflow(n)).await.unwrap(), WorkflowId::new(n.into()));
    }
    let start = [Call::Join("x"), Call::Join("y")];
    for call in start.iter().chain(calls) {
        let answered = answer(store, &mut minds, call.clone()).await;
        answers.push(answered.unwrap_or_else(|error| Answer::Failed(error.to_string())));
    }
    (answers, state(store, &minds.epochs).await)
}

fn in_a_runtime(test: impl AsyncFnOnce() -> Result<(), TestCaseError>) -> Result<(), TestCaseError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test())
}

async fn agree(other: &Shared, calls: &[Call]) -> Result<(), TestCaseError> {
    let memory: Shared = std::sync::Arc::new(MemoryStore::new());
    let (expected, actual) = (play(&memory, calls).await, play(other, calls).await);
    for (n, (expected, actual)) in expected.0.iter().zip(&actual.0).enumerate() {
        prop_assert_eq!(expected, actual, "answer {} of {:?}", n, calls);
    }
    prop_assert_eq!(expected.1, actual.1);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn sqlite_agrees_with_memory(calls in prop::collection::vec(call(), 1..60)) {
        in_a_runtime(async || {
            let store: Shared = std::sync::Arc::new(SqliteStore::in_memory().await.unwrap());
            agree(&store, &calls).await
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn postgres_agrees_with_memory(calls in prop::collection::vec(call(), 1..60)) {
        in_a_runtime(async || {
            let cluster = Cluster::new().await;
            let result = agree(&cluster.fresh().await, &calls).await;
            cluster.close().await;
            result
        })?;
    }
}
