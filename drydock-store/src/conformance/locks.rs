//! Exclusive locks: one holder, by age, all or nothing, across crashes.

use drydock_core::journal::{JournalError, LockAnswer, LockClaim, Obstacle, TaskEnd, TaskEndKind, Write};
use drydock_core::{Epoch, Fence, TaskId, WorkflowId};

use super::samples::{
    assert_fenced, at, claim, completed, failure, id, join, put_workflow, request, submit, task,
};
use super::{Shared, rules};

rules!(
    a_lock_has_one_holder,
    it_is_all_or_nothing,
    the_oldest_in_the_queue_is_next,
    the_latest_asking_counts,
    who_waits_for_the_asking_task_is_not_in_its_way,
    a_paused_waiter_is_passed_over,
    asking_again_for_what_is_held_is_harmless,
    locks_outlive_the_owner,
    who_has_ended_is_in_nobodys_way,
    only_the_owner_takes_locks,
    simultaneous_askers_never_share_a_lock,
    a_freed_lock_is_free_at_once,
    what_comes_late_frees_no_lock_that_was_taken_since,
    names_may_be_anything,
);

/// Tasks 1 to `n`, running.
async fn started(store: &Shared, n: u32) -> (Epoch, WorkflowId) {
    let workflow = put_workflow(store).await;
    submit(store, workflow, 1..=n).await;
    let epoch = join(store, "a").await;
    assert_eq!(claim(store, epoch, workflow, 99).await.len(), usize::try_from(n).unwrap());
    (epoch, workflow)
}

async fn ask(store: &Shared, epoch: Epoch, task: u32, names: &[&str], second: i64) -> LockAnswer {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    store.lock_take(epoch, id(task), &names, at(second)).await.unwrap()
}

async fn takes(store: &Shared, epoch: Epoch, task: u32, names: &[&str]) -> bool {
    ask(store, epoch, task, names, 10).await == LockAnswer::Taken
}

async fn free(store: &Shared, epoch: Epoch, task: u32) {
    store.append(epoch, &[Write::LocksFreed(id(task), None)]).await.unwrap();
}

fn obstacle(lock: &str, task: u32, claim: LockClaim, second: i64) -> Obstacle {
    Obstacle { lock: lock.to_owned(), task: id(task), claim, since: at(second) }
}

/// The others are told who and since when; of a younger one nobody is told.
pub async fn a_lock_has_one_holder(store: Shared) {
    let (epoch, _) = started(&store, 3).await;
    assert_eq!(ask(&store, epoch, 2, &["n1"], 20).await, LockAnswer::Taken);
    let held = || vec![obstacle("n1", 2, LockClaim::Holds, 20)];
    assert_eq!(ask(&store, epoch, 1, &["n1"], 21).await, LockAnswer::Refused(held()));
    let waits = [held(), vec![obstacle("n1", 1, LockClaim::Waits, 21)]].concat();
    assert_eq!(ask(&store, epoch, 3, &["n1"], 22).await, LockAnswer::Refused(waits));
    assert_eq!(ask(&store, epoch, 1, &["n1"], 23).await, LockAnswer::Refused(held()));
    assert!(takes(&store, epoch, 3, &["n2"]).await && takes(&store, epoch, 1, &[]).await);
}

/// A task that does not get one gets none, and its answer names all that is in the way, by lock.
pub async fn it_is_all_or_nothing(store: Shared) {
    let (epoch, _) = started(&store, 4).await;
    assert!(takes(&store, epoch, 2, &["b"]).await && takes(&store, epoch, 3, &["c"]).await);
    let held = vec![obstacle("b", 2, LockClaim::Holds, 10), obstacle("c", 3, LockClaim::Holds, 10)];
    assert_eq!(ask(&store, epoch, 1, &["c", "a", "b", "c"], 20).await, LockAnswer::Refused(held));
    free(&store, epoch, 1).await;
    assert!(takes(&store, epoch, 4, &["a"]).await, "the refused task holds a lock");
}

/// By when the tasks were asked for, not by when they asked for the lock.
pub async fn the_oldest_in_the_queue_is_next(store: Shared) {
    let (epoch, _) = started(&store, 4).await;
    assert!(takes(&store, epoch, 4, &["n"]).await);
    assert!(!takes(&store, epoch, 3, &["n"]).await && !takes(&store, epoch, 2, &["n", "m"]).await);
    assert!(!takes(&store, epoch, 1, &["n"]).await);
    free(&store, epoch, 4).await;
    let oldest = obstacle("n", 1, LockClaim::Waits, 10);
    let waiting = vec![oldest.clone(), obstacle("n", 2, LockClaim::Waits, 10)];
    assert_eq!(ask(&store, epoch, 3, &["n"], 30).await, LockAnswer::Refused(waiting));
    assert_eq!(ask(&store, epoch, 2, &["n", "m"], 30).await, LockAnswer::Refused(vec![oldest]));
    for n in 1..=3 {
        assert!(takes(&store, epoch, n, &["n"]).await, "task {n}");
        free(&store, epoch, n).await;
    }
}

/// A task leaves the queues of names that it does not ask for any more.
pub async fn the_latest_asking_counts(store: Shared) {
    let (epoch, _) = started(&store, 3).await;
    assert!(takes(&store, epoch, 3, &["a", "b"]).await);
    assert!(!takes(&store, epoch, 1, &["a", "b"]).await && !takes(&store, epoch, 1, &["b"]).await);
    free(&store, epoch, 3).await;
    assert!(takes(&store, epoch, 2, &["a"]).await, "task 1 still queues for a");
    assert!(!takes(&store, epoch, 2, &["b"]).await, "task 1 does not queue for b");
    assert!(takes(&store, epoch, 1, &["b"]).await);
    free(&store, epoch, 1).await;
    assert!(takes(&store, epoch, 2, &["b"]).await, "a task that got its locks still queues");
}

/// It cannot go on before that task ends, so that both would wait for ever.
pub async fn who_waits_for_the_asking_task_is_not_in_its_way(store: Shared) {
    let (epoch, _) = started(&store, 3).await;
    assert!(takes(&store, epoch, 2, &["a"]).await);
    assert!(!takes(&store, epoch, 1, &["a", "b"]).await);
    assert!(!takes(&store, epoch, 3, &["b"]).await, "task 1 is older");
    assert!(takes(&store, epoch, 2, &["b"]).await);
}

/// Until it goes on: nothing would end its wait.
pub async fn a_paused_waiter_is_passed_over(store: Shared) {
    let (epoch, _) = started(&store, 3).await;
    assert!(takes(&store, epoch, 3, &["n"]).await && !takes(&store, epoch, 1, &["n"]).await);
    free(&store, epoch, 3).await;
    assert!(!takes(&store, epoch, 2, &["n"]).await);
    assert!(store.task_pause(id(1), &request("ann", 5)).await.unwrap());
    assert!(takes(&store, epoch, 2, &["n"]).await);
    assert!(store.task_resume(id(1), &request("ann", 6)).await.unwrap());
    free(&store, epoch, 2).await;
    assert!(!takes(&store, epoch, 3, &["n"]).await && takes(&store, epoch, 1, &["n"]).await);
}

/// Also while an older one waits for it, and it holds it since it first did.
pub async fn asking_again_for_what_is_held_is_harmless(store: Shared) {
    let (epoch, _) = started(&store, 2).await;
    assert_eq!(ask(&store, epoch, 2, &["n"], 20).await, LockAnswer::Taken);
    let held = LockAnswer::Refused(vec![obstacle("n", 2, LockClaim::Holds, 20)]);
    assert_eq!(ask(&store, epoch, 1, &["n"], 30).await, held);
    assert_eq!(ask(&store, epoch, 2, &["n", "n"], 40).await, LockAnswer::Taken);
    assert_eq!(ask(&store, epoch, 1, &["n"], 50).await, held);
}

/// The task holds them, not the instance; and places in queues too.
pub async fn locks_outlive_the_owner(store: Shared) {
    let (epoch, workflow) = started(&store, 3).await;
    assert!(takes(&store, epoch, 2, &["n"]).await && !takes(&store, epoch, 1, &["n"]).await);
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    assert_eq!(claim(&store, next, workflow, 9).await.len(), 3);
    assert!(!takes(&store, next, 3, &["n"]).await && takes(&store, next, 2, &["n"]).await);
    free(&store, next, 2).await;
    assert!(!takes(&store, next, 3, &["n"]).await && takes(&store, next, 1, &["n"]).await);
}

/// Even if it did not give back what it held, or left no queue. A task that is reopened finds what is left.
pub async fn who_has_ended_is_in_nobodys_way(store: Shared) {
    let (epoch, workflow) = started(&store, 4).await;
    assert!(takes(&store, epoch, 3, &["a", "b"]).await && !takes(&store, epoch, 1, &["a"]).await);
    let kind = TaskEndKind::Failed(failure(1));
    let end = |n| Write::TaskEnded(id(n), None, TaskEnd { kind: kind.clone(), at: at(50) });
    store.append(epoch, &[end(1), end(3)]).await.unwrap();
    assert!(takes(&store, epoch, 2, &["a"]).await);
    assert!(store.task_reopen(id(3), &request("ann", 60)).await.unwrap());
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(3)]);
    assert!(!takes(&store, epoch, 3, &["a"]).await && takes(&store, epoch, 3, &["b"]).await);
}

/// Nor does anybody for a task that is not there, has ended, or is nobody's.
pub async fn only_the_owner_takes_locks(store: Shared) {
    let (epoch, workflow) = started(&store, 2).await;
    let other = join(&store, "b").await;
    let name = ["n".to_owned()];
    assert_fenced(store.lock_take(other, id(1), &name, at(9)).await);
    assert_fenced(store.lock_take(epoch, id(7), &name, at(9)).await);
    store.append(epoch, &[Write::TaskEnded(id(2), None, completed(5))]).await.unwrap();
    assert_fenced(store.lock_take(epoch, id(2), &name, at(9)).await);
    store.instance_leave(epoch).await.unwrap();
    assert_fenced(store.lock_take(epoch, id(1), &name, at(9)).await);
    assert_fenced(store.lock_take(other, id(1), &[], at(9)).await);
    assert_eq!(claim(&store, other, workflow, 9).await, [id(1)]);
    assert!(takes(&store, other, 1, &["n"]).await, "a refused epoch holds the lock");
}

/// Many tasks of two instances want overlapping sets at once, hold them for a moment and give them back, in all orders.
pub async fn simultaneous_askers_never_share_a_lock(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epochs = [join(&store, "a").await, join(&store, "b").await];
    for n in 0..6_u32 {
        let owner = epochs[usize::from(n.is_multiple_of(2))];
        store.append(owner, &[Write::TaskStarted(task(n, workflow))]).await.unwrap();
    }
    let sets = [["a", "b"], ["b", "c"], ["c", "a"]];
    let holders = std::sync::Mutex::new(std::collections::HashMap::<&str, u32>::new());
    let work = async |n: u32| {
        let epoch = epochs[usize::from(n.is_multiple_of(2))];
        for round in 0..40 {
            let set = sets[usize::try_from(n + round).unwrap() % 3];
            loop {
                let names = set.map(str::to_owned);
                match store.lock_take(epoch, id(n), &names, at(10)).await {
                    Ok(LockAnswer::Taken) => break,
                    Ok(LockAnswer::Refused(_)) | Err(JournalError::Unavailable(_)) => {
                        tokio::task::yield_now().await;
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            for name in set {
                let before = holders.lock().unwrap().insert(name, n);
                assert_eq!(before, None, "{name} is held twice");
            }
            tokio::task::yield_now().await;
            for name in set {
                assert_eq!(holders.lock().unwrap().remove(name), Some(n));
            }
            while let Err(error) = store.append(epoch, &[Write::LocksFreed(id(n), None)]).await {
                assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
            }
        }
    };
    tokio::join!(work(0), work(1), work(2), work(3), work(4), work(5));
}

/// In the batch of the task's end, as the engine does; of all tasks of the batch, and of no other.
pub async fn a_freed_lock_is_free_at_once(store: Shared) {
    let (epoch, _) = started(&store, 5).await;
    assert!(takes(&store, epoch, 1, &["a"]).await && takes(&store, epoch, 2, &["b"]).await);
    assert!(takes(&store, epoch, 3, &["c"]).await && !takes(&store, epoch, 2, &["c"]).await);
    let batch = [
        Write::TaskEnded(id(1), None, completed(5)),
        Write::LocksFreed(id(1), None),
        Write::LocksFreed(id(2), None),
        Write::LocksFreed(id(1), None),
    ];
    for _ in 0..2 {
        store.append(epoch, &batch).await.unwrap();
    }
    assert!(takes(&store, epoch, 4, &["a", "b"]).await && !takes(&store, epoch, 5, &["c"]).await);
    free(&store, epoch, 3).await;
    assert!(takes(&store, epoch, 5, &["c"]).await, "task 2 still queues for c");
}

/// What was decided under one claim frees nothing once the task, brought back, was claimed again.
pub async fn what_comes_late_frees_no_lock_that_was_taken_since(store: Shared) {
    let (epoch, workflow) = started(&store, 2).await;
    assert!(takes(&store, epoch, 1, &["a"]).await);
    let fence = Fence::FIRST;
    let end = TaskEnd { kind: TaskEndKind::Failed(failure(1)), at: at(5) };
    let over = [Write::TaskEnded(id(1), Some(fence), end), Write::LocksFreed(id(1), Some(fence))];
    store.append(epoch, &over).await.unwrap();
    assert!(takes(&store, epoch, 2, &["a"]).await, "the first is over");
    free(&store, epoch, 2).await;
    assert!(store.task_reopen(id(1), &request("ann", 6)).await.unwrap());
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
    assert!(takes(&store, epoch, 1, &["a"]).await);
    store.append(epoch, &over).await.unwrap();
    assert!(!takes(&store, epoch, 2, &["a"]).await, "it was taken anew");
    free(&store, epoch, 1).await;
    assert!(takes(&store, epoch, 2, &["a"]).await);
}

/// Also nothing, and with a NUL, which is replaced as in every text.
pub async fn names_may_be_anything(store: Shared) {
    let (epoch, _) = started(&store, 2).await;
    assert!(takes(&store, epoch, 1, &["", "node 'x' \"y\"/故障", "z\0"]).await);
    let held = |name: &str| LockAnswer::Refused(vec![obstacle(name, 1, LockClaim::Holds, 10)]);
    for (asked, kept) in [("", ""), ("node 'x' \"y\"/故障", "node 'x' \"y\"/故障"), ("z\0", "z\u{fffd}")]
    {
        assert_eq!(ask(&store, epoch, 2, &[asked], 20).await, held(kept));
    }
    let ids: [TaskId; 2] = [id(1), id(2)];
    store.append(epoch, &ids.map(|id| Write::LocksFreed(id, None))).await.unwrap();
    assert!(takes(&store, epoch, 2, &["z\u{fffd}"]).await);
}
