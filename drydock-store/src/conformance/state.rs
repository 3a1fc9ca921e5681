//! One task, whole: what whoever claims it would find, and where it is.

use drydock_core::Fence;
use drydock_core::journal::{
    ClaimedTask, HeldLock, LockAnswer, LockClaim, Obstacle, TaskEnd, TaskEndKind, TaskState, Write,
};

use super::samples::{
    at, attempt, child, claim, claimed, completed, done, fact, id, join, mark, message, progress,
    put_workflow, request, running, signal, submit, task, wait, workflow,
};
use super::{Shared, rules};

rules!(
    what_is_not_there_is_none,
    it_is_what_a_claim_would_bring,
    it_follows_the_tasks_life,
    locks_and_queues_are_told_with_what_is_in_the_way,
);

async fn read(store: &Shared, n: u32) -> TaskState {
    store.task_read(id(n)).await.unwrap().unwrap()
}

/// On an empty store and on another task's.
pub async fn what_is_not_there_is_none(store: Shared) {
    assert_eq!(store.task_read(id(2)).await.unwrap(), None);
    running(&store).await;
    assert_eq!(store.task_read(id(2)).await.unwrap(), None);
}

/// With every kind of record, and of that task alone.
pub async fn it_is_what_a_claim_would_bring(store: Shared) {
    let epoch = running(&store).await;
    let workflow_id = put_workflow(&store).await;
    let mut batch =
        vec![Write::TaskStarted(child(2, workflow_id, 1, 4).key("k").label("rack", "1").priority(3))];
    for n in [1, 2] {
        batch.extend([
            Write::StepEnded(id(n), done("a", 3)),
            Write::StepEnded(id(n), done("a[10]", 3)),
            Write::StepEnded(id(n), done("a[9]", 3)),
            Write::AttemptFailed(id(n), attempt("b", 1, 4)),
            Write::StepWaits(id(n), wait("b", 5)),
            Write::Marked(id(n), mark("b", "begun", 5)),
            Write::MessageSaid(id(n), message(7)),
            Write::FactFound(id(n), fact(n, "n1", "lshw", 4)),
            Write::StepProgressed(id(n), progress("b", n)),
        ]);
    }
    store.append(epoch, &batch).await.unwrap();
    assert!(store.signal_send(id(2), &signal(1, 6)).await.unwrap());
    assert!(store.task_cancel(id(2), &request("ann", 7)).await.unwrap());
    assert!(store.task_pause(id(2), &request("bob", 8)).await.unwrap());
    let state = read(&store, 2).await;
    assert_eq!(state.progress, [progress("b", 2)]);
    assert_eq!((state.workflow, state.version, state.owner), (workflow(1).name, 1, Some(epoch)));
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    let found: Vec<ClaimedTask> = claimed(&store, next, &[workflow_id], at(50), 9).await;
    // But that the claim counted itself.
    let state = ClaimedTask { fence: state.task.fence.next(), ..state.task };
    assert_eq!([&state, &read(&store, 1).await.task], [&found[0], &found[1]]);
}

/// Queued, claimed, ended, reopened.
pub async fn it_follows_the_tasks_life(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [1]).await;
    let mut expected = read(&store, 1).await;
    assert_eq!(expected.task, ClaimedTask::new(task(1, workflow)));
    assert_eq!((expected.owner, &expected.end, expected.locks.len()), (None, &None, 0));
    let epoch = join(&store, "a").await;
    claim(&store, epoch, workflow, 1).await;
    (expected.owner, expected.task.resumed, expected.task.fence) = (Some(epoch), true, Fence::FIRST);
    assert_eq!(read(&store, 1).await, expected);
    store.instance_leave(epoch).await.unwrap();
    expected.owner = None;
    assert_eq!(read(&store, 1).await, expected);
    let next = join(&store, "b").await;
    claim(&store, next, workflow, 1).await;
    expected.task.fence = Fence::new(2);
    let taken = store.lock_take(next, id(1), &["n".to_owned()], at(30)).await.unwrap();
    assert_eq!(taken, LockAnswer::Taken);
    assert!(store.task_pause(id(1), &request("ann", 7)).await.unwrap());
    // The request that stands is the one that the end names.
    let end = TaskEnd { kind: TaskEndKind::Cancelled(request("ann", 8)), at: at(9) };
    store.append(next, &[Write::TaskEnded(id(1), None, end.clone())]).await.unwrap();
    let ended = TaskState { end: Some(end), ..expected.clone() };
    let ended_task = ClaimedTask { cancellation: Some(request("ann", 8)), ..expected.task.clone() };
    assert_eq!(read(&store, 1).await, TaskState { task: ended_task, ..ended });
    assert!(store.task_reopen(id(1), &request("ann", 60)).await.unwrap());
    expected.locks = vec![HeldLock { lock: "n".to_owned(), since: at(30) }];
    assert_eq!(read(&store, 1).await, expected);
}

/// Of a task that waits: for what, since when, and for whom.
pub async fn locks_and_queues_are_told_with_what_is_in_the_way(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, 1..=3).await;
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 9).await.len(), 3);
    let ask = async |n, names: &[&str], second| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        store.lock_take(epoch, id(n), &names, at(second)).await.unwrap()
    };
    let lock = |name: &str, second| HeldLock { lock: name.to_owned(), since: at(second) };
    assert_eq!(ask(1, &["b", "a"], 20).await, LockAnswer::Taken);
    assert_eq!(ask(3, &["d"], 21).await, LockAnswer::Taken);
    assert!(matches!(ask(2, &["c", "b"], 22).await, LockAnswer::Refused(_)));
    let LockAnswer::Refused(told) = ask(3, &["c", "b"], 23).await else { panic!("it has the locks") };
    let held = read(&store, 1).await;
    assert_eq!(
        (held.locks, held.queues, held.obstacles),
        (vec![lock("a", 20), lock("b", 20)], vec![], vec![])
    );
    let waiting = read(&store, 3).await;
    assert_eq!((waiting.locks, waiting.queues), (vec![lock("d", 21)], vec![lock("b", 23), lock("c", 23)]));
    assert_eq!(waiting.obstacles, told);
    let second =
        |lock: &str| Obstacle { lock: lock.to_owned(), task: id(2), claim: LockClaim::Waits, since: at(22) };
    store
        .append(epoch, &[Write::TaskEnded(id(1), None, completed(5)), Write::LocksFreed(id(1), None)])
        .await
        .unwrap();
    assert_eq!(read(&store, 3).await.obstacles, [second("b"), second("c")]);
    assert_eq!(read(&store, 2).await.obstacles, []);
}
