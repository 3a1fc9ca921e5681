//! Small made-up tasks and records, the same in every run.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use drydock_core::journal::{
    AttemptRecord, Cancellation, Checkpoint, ClaimedTask, Fact, FactRecord, Failure, Figure, JournalError,
    Mark, Message, NewTask, Offers, Parent, Signal, StepEnd, StepProgress, StoredWorkflow, TaskEnd,
    TaskEndKind, WaitKind, WaitRecord,
};
use drydock_core::{
    Disposition, Epoch, InstanceName, Payload, SignalId, StepKey, StepName, TaskId, Timestamp, WorkflowId,
    WorkflowName,
};
use uuid::Uuid;

use super::Shared;

/// Task number `n`; ids sort by number.
pub fn id(n: u32) -> TaskId {
    TaskId::from_uuid(Uuid::from_u128(u128::from(n) + (7 << 76)))
}

/// `n` seconds and a bit after the beginning of time in these tests.
pub fn at(n: i64) -> Timestamp {
    Timestamp::from_timestamp_micros((1_800_000_000 + n) * 1_000_000 + 123_456).unwrap()
}

/// A step's name.
pub fn name(text: &str) -> StepName {
    StepName::new(text).unwrap()
}

/// The key of a step's work.
pub fn step(name: &str) -> StepKey {
    name.parse().unwrap()
}

/// A payload that differs with `n`.
pub fn payload(n: u32) -> Payload {
    Payload::encode(&n).unwrap()
}

/// A failure that differs with `n`.
pub fn failure(n: u32) -> Failure {
    Failure::new(Disposition::Permanent, format!("the pump is dry: {n}"))
}

/// A workflow, number `n`.
pub fn workflow(n: u8) -> StoredWorkflow {
    StoredWorkflow {
        name: WorkflowName::new("deploy/node").unwrap(),
        version: u32::from(n),
        hash: [n; 32],
        definition: format!("{{\"steps\":[{n}]}}"),
    }
}

/// Stores workflow 1.
pub async fn put_workflow(store: &Shared) -> WorkflowId {
    store.workflow_put(&workflow(1)).await.unwrap()
}

/// The lease of all instances.
pub const LEASE: Duration = Duration::from_millis(15_001);

/// What the instance `name` can run: two versions of a workflow, and an executor of its own.
pub fn offers(name: &str) -> Offers {
    let workflows = [1, 2].map(|n| (workflow(n).name, u32::from(n))).to_vec();
    Offers { workflows, executors: vec!["in-process".to_owned(), format!("of {name} 'x' \"y\" \0")] }
}

/// Joins under `name`.
pub async fn join(store: &Shared, name: &str) -> Epoch {
    store.instance_join(&InstanceName::new(name).unwrap(), at(0), LEASE, &offers(name)).await.unwrap()
}

/// Task `n`, asked for `n` seconds after the beginning.
pub fn task(n: u32, workflow: WorkflowId) -> NewTask {
    NewTask::new(id(n), workflow, payload(n), at(i64::from(n)))
}

/// Task `n` as child `index` of the step `fan` of task `parent`.
pub fn child(n: u32, workflow: WorkflowId, parent: u32, index: u32) -> NewTask {
    task(n, workflow).child_of(Parent { task: id(parent), step: name("fan"), index })
}

/// A step that ended well at second `n`.
pub fn done(name: &str, n: i64) -> Checkpoint {
    Checkpoint {
        step: step(name),
        attempt: 1,
        end: StepEnd::Done(payload(u32::try_from(n).unwrap())),
        started_at: at(n - 1),
        ended_at: at(n),
    }
}

/// A step that failed for good at second `n`.
pub fn failed(name: &str, n: i64) -> Checkpoint {
    Checkpoint { end: StepEnd::Failed(failure(u32::try_from(n).unwrap())), attempt: 3, ..done(name, n) }
}

/// Attempt `attempt`, which failed at second `n`.
pub fn attempt(name: &str, attempt: u32, n: i64) -> AttemptRecord {
    AttemptRecord {
        step: step(name),
        attempt,
        failure: failure(attempt),
        started_at: at(n - 1),
        ended_at: at(n),
        retry_at: at(n + 5),
        deadline: Some(at(n + 500)),
    }
}

/// A wait since second `n`, for ten seconds.
pub fn wait(name: &str, n: i64) -> WaitRecord {
    WaitRecord {
        step: step(name),
        attempt: 1,
        kind: WaitKind::Timer,
        on: vec![],
        reason: "the node boots".to_owned(),
        since: at(n),
        until: Some(at(n + 10)),
        deadline: Some(at(n + 2700)),
        scratch: None,
    }
}

/// Note `mark` of a step, made at second `n`.
pub fn mark(name: &str, mark: &str, n: i64) -> Mark {
    Mark { step: step(name), name: mark.to_owned(), value: payload(u32::try_from(n).unwrap()), at: at(n) }
}

/// The id of signal `n`; ids sort by number.
pub fn signal_id(n: u32) -> SignalId {
    SignalId::from_uuid(Uuid::from_u128(u128::from(n) + (9 << 76)))
}

/// Signal `n`, sent at second `at_second`, which nobody has taken.
pub fn signal(n: u32, at_second: i64) -> Signal {
    Signal {
        id: signal_id(n),
        name: "approved".to_owned(),
        payload: payload(n),
        sender: "ann".to_owned(),
        at: at(at_second),
        taken_by: None,
    }
}

/// Message `seq`, said at that second.
pub fn message(seq: u32) -> Message {
    Message { seq, error: false, text: format!("line {seq}"), subject: None, at: at(i64::from(seq)) }
}

/// Fact `seq` about a node, found by `generator` at second `n`.
pub fn fact(seq: u32, node: &str, generator: &str, n: i64) -> FactRecord {
    let fact = Fact::about("node", node).by(generator).text("text/plain", format!("{generator} {seq}"));
    FactRecord { seq, step: step("a"), fact, at: at(n) }
}

/// A step that did `done` of 40 disks, as it told at that second.
pub fn progress(name: &str, done: u32) -> StepProgress {
    let figure = Figure { done: done.into(), total: 40, text: "disks".to_owned() };
    StepProgress { step: step(name), figure, at: at(done.into()) }
}

/// An end with an output, at second `n`.
pub fn completed(n: u32) -> TaskEnd {
    TaskEnd { kind: TaskEndKind::Completed(payload(n)), at: at(i64::from(n)) }
}

/// A request to stop, at second `n`.
pub fn request(by: &str, n: i64) -> Cancellation {
    Cancellation { by: by.to_owned(), at: at(n) }
}

/// Submits the tasks `numbers`.
pub async fn submit(store: &Shared, workflow: WorkflowId, numbers: impl IntoIterator<Item = u32>) {
    let tasks: Vec<NewTask> = numbers.into_iter().map(|n| task(n, workflow)).collect();
    store.task_submit(&tasks).await.unwrap();
}

/// Claims tasks, all of which can be read.
pub async fn claimed(
    store: &Shared,
    epoch: Epoch,
    workflows: &[WorkflowId],
    at: Timestamp,
    max: usize,
) -> Vec<ClaimedTask> {
    let claims = store.task_claim(epoch, workflows, at, max).await.unwrap();
    claims.into_iter().map(Result::unwrap).collect()
}

/// Claims up to `max` tasks of `workflow`, and gives their ids in order.
pub async fn claim(store: &Shared, epoch: Epoch, workflow: WorkflowId, max: usize) -> Vec<TaskId> {
    let tasks = claimed(store, epoch, &[workflow], at(1000), max).await;
    tasks.into_iter().map(|claimed| claimed.task.id).collect()
}

/// Another instance takes over task 1, alone, from `epoch`, and gives what it found.
pub async fn taken_over(store: &Shared, epoch: Epoch) -> ClaimedTask {
    store.instance_leave(epoch).await.unwrap();
    let next = join(store, "successor").await;
    let workflow = put_workflow(store).await;
    let mut tasks = claimed(store, next, &[workflow], at(1000), 9).await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    tasks.pop().unwrap()
}

/// Submits task 1, claims it, and gives its owner.
pub async fn running(store: &Shared) -> Epoch {
    let workflow = put_workflow(store).await;
    submit(store, workflow, [1]).await;
    let epoch = join(store, "a").await;
    assert_eq!(claim(store, epoch, workflow, 1).await, [id(1)]);
    epoch
}

/// Fails unless `result` says that the epoch was retired.
pub fn assert_fenced<T: std::fmt::Debug>(result: Result<T, JournalError>) {
    assert!(matches!(result, Err(JournalError::Fenced { .. })), "not fenced: {result:?}");
}

/// What `future` gives, unless it has to wait more than `patience` times: then it is dropped.
pub async fn give_up_after<T>(mut patience: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if patience == 0 => Poll::Ready(None),
        Poll::Pending => {
            patience -= 1;
            Poll::Pending
        }
    })
    .await
}
