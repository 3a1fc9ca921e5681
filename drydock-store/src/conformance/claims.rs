//! Claims: who gets which task, and with what.

use drydock_core::Fence;
use drydock_core::journal::{ClaimedTask, Signal, TaskEnd, TaskEndKind, Write};

use super::samples::{
    at, attempt, child, claim, claimed, done, failed, failure, give_up_after, id, join, mark, message,
    put_workflow, request, running, signal, signal_id, step, submit, task, wait, workflow,
};
use super::{Shared, rules};

rules!(
    the_oldest_come_first_and_no_more_than_asked,
    only_tasks_of_the_given_workflows,
    no_task_is_claimed_twice,
    a_claim_brings_all_that_was_recorded,
    a_claim_tells_whether_the_task_was_owned_before,
    the_fence_grows_with_every_claim,
    the_fence_grows_after_a_reopening_too,
    a_claim_dropped_half_way_loses_no_task,
    submitting_again_changes_nothing,
);

/// By the time they were asked for, whatever their ids.
pub async fn the_oldest_come_first_and_no_more_than_asked(store: Shared) {
    let workflow = put_workflow(&store).await;
    let mut tasks: Vec<_> = (1..=5).map(|n| task(n, workflow)).collect();
    for task in &mut tasks {
        task.created_at = at(3);
    }
    tasks.last_mut().unwrap().created_at = at(1);
    store.task_submit(&tasks).await.unwrap();
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 0).await, []);
    assert_eq!(claim(&store, epoch, workflow, 3).await, [id(5), id(1), id(2)]);
    assert_eq!(claim(&store, epoch, workflow, 3).await, [id(3), id(4)]);
    assert_eq!(claim(&store, epoch, workflow, 3).await, []);
}

/// An instance takes only what it can run.
pub async fn only_tasks_of_the_given_workflows(store: Shared) {
    let first = put_workflow(&store).await;
    let second = store.workflow_put(&workflow(2)).await.unwrap();
    store.task_submit(&[task(1, first), task(2, second), task(3, first)]).await.unwrap();
    let epoch = join(&store, "a").await;
    assert_eq!(claimed(&store, epoch, &[], at(9), 9).await, []);
    assert_eq!(claim(&store, epoch, second, 9).await, [id(2)]);
    let both = claimed(&store, epoch, &[second, first], at(9), 9).await;
    assert_eq!(both.iter().map(|claimed| claimed.task.id).collect::<Vec<_>>(), [id(1), id(3)]);
}

/// Four instances claim at the same time until nothing is left.
pub async fn no_task_is_claimed_twice(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, 0..60).await;
    let run = async |name| {
        let epoch = join(&store, name).await;
        let mut mine = Vec::new();
        loop {
            let more = claim(&store, epoch, workflow, 7).await;
            // A rival may hold the rest at this moment, but what it holds it keeps.
            if more.is_empty() {
                return mine;
            }
            mine.extend(more);
        }
    };
    let (a, b, c, d) = tokio::join!(run("a"), run("b"), run("c"), run("d"));
    let mut all: Vec<_> = [a, b, c, d].concat();
    all.sort_unstable();
    assert_eq!(all, (0..60).map(id).collect::<Vec<_>>());
}

/// Every kind of record, and the request to stop; of two tasks, so that they could be confused.
pub async fn a_claim_brings_all_that_was_recorded(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let writes = [
        Write::TaskStarted(task(1, workflow)),
        Write::TaskStarted(child(2, workflow, 1, 4)),
        Write::StepEnded(id(1), done("b", 3)),
        Write::StepEnded(id(1), failed("a", 4)),
        Write::StepEnded(id(2), done("b", 5)),
        Write::AttemptFailed(id(1), attempt("c", 2, 6)),
        Write::AttemptFailed(id(1), attempt("c", 1, 5)),
        Write::StepWaits(id(2), wait("w", 7)),
        Write::MessageSaid(id(2), message(1)),
        Write::MessageSaid(id(2), message(0)),
        Write::Marked(id(1), mark("c[9]", "disk-1", 4)),
        Write::Marked(id(1), mark("c[10]", "disk-1", 5)),
        Write::Marked(id(1), mark("c", "disk-2", 6)),
        Write::Marked(id(2), mark("w", "disk-1", 6)),
    ];
    store.append(epoch, &writes).await.unwrap();
    for (task, signal) in [(1, signal(1, 8)), (2, signal(2, 8)), (2, signal(3, 7))] {
        assert!(store.signal_send(id(task), &signal).await.unwrap());
    }
    store.append(epoch, &[Write::SignalTaken(id(2), signal_id(2), step("w"))]).await.unwrap();
    assert!(store.task_cancel(id(2), &request("ann", 9)).await.unwrap());
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    let claimed = claimed(&store, next, &[workflow], at(50), 9).await;
    let first = ClaimedTask {
        resumed: true,
        fence: Fence::new(2),
        checkpoints: vec![failed("a", 4), done("b", 3)],
        attempts: vec![attempt("c", 1, 5), attempt("c", 2, 6)],
        marks: vec![mark("c", "disk-2", 6), mark("c[10]", "disk-1", 5), mark("c[9]", "disk-1", 4)],
        signals: vec![signal(1, 8)],
        ..ClaimedTask::new(task(1, workflow))
    };
    let second = ClaimedTask {
        resumed: true,
        fence: Fence::new(2),
        cancellation: Some(request("ann", 9)),
        checkpoints: vec![done("b", 5)],
        waits: vec![wait("w", 7)],
        marks: vec![mark("w", "disk-1", 6)],
        signals: vec![signal(3, 7), Signal { taken_by: Some(step("w")), ..signal(2, 8) }],
        messages: 2,
        ..ClaimedTask::new(child(2, workflow, 1, 4))
    };
    assert_eq!(claimed, [first, second]);
}

/// Not on its first claim, but on every later one.
pub async fn a_claim_tells_whether_the_task_was_owned_before(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [1]).await;
    for (round, name) in ["a", "b", "c"].into_iter().enumerate() {
        let epoch = join(&store, name).await;
        let claimed = claimed(&store, epoch, &[workflow], at(5), 9).await;
        assert_eq!(claimed.first().unwrap().resumed, round > 0, "round {round}");
        store.instance_leave(epoch).await.unwrap();
    }
}

/// Also when an instance with a lower epoch takes over from one with a higher; and it is what a reader is told.
pub async fn the_fence_grows_with_every_claim(store: Shared) {
    let workflow = put_workflow(&store).await;
    let low = join(&store, "low").await;
    let high = join(&store, "high").await;
    store.append(high, &[Write::TaskStarted(task(1, workflow))]).await.unwrap();
    submit(&store, workflow, [2]).await;
    assert_eq!([fence(&store, 1).await, fence(&store, 2).await], [Fence::FIRST, Fence::UNCLAIMED]);
    store.instance_leave(high).await.unwrap();
    assert_eq!(fence(&store, 1).await, Fence::FIRST, "nobody has claimed it");
    let mut claimant = low;
    for name in ["other", "low", "other"] {
        let before = [fence(&store, 1).await, fence(&store, 2).await];
        let now: Vec<Fence> =
            claimed(&store, claimant, &[workflow], at(9), 9).await.iter().map(|it| it.fence).collect();
        assert_eq!(now, before.map(Fence::next), "epoch {claimant}");
        assert_eq!([fence(&store, 1).await, fence(&store, 2).await], *now);
        store.instance_leave(claimant).await.unwrap();
        claimant = join(&store, name).await;
    }
}

/// However the task ended: after claims, or in the very batch that started it, which an owner with a key sees too.
pub async fn the_fence_grows_after_a_reopening_too(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let fails =
        |n| Write::TaskEnded(id(n), None, TaskEnd { kind: TaskEndKind::Failed(failure(n)), at: at(50) });
    let keyed = task(2, workflow).key("k");
    let short = [Write::TaskStarted(task(1, workflow)), Write::TaskStarted(keyed), fails(1), fails(2)];
    store.append(epoch, &short).await.unwrap();
    for round in 1..4 {
        for n in [1, 2] {
            assert_eq!(fence(&store, n).await, Fence::new(round), "task {n} has ended");
            let again = request("ann", 60 + i64::try_from(round).unwrap());
            assert!(store.task_reopen(id(n), &again).await.unwrap());
        }
        for claimed in claimed(&store, epoch, &[workflow], at(70), 9).await {
            assert_eq!(claimed.fence, Fence::new(round + 1), "task {}", claimed.task.id);
        }
        store.append(epoch, &[fails(1), fails(2)]).await.unwrap();
    }
}

async fn fence(store: &Shared, n: u32) -> Fence {
    store.task_read(id(n)).await.unwrap().unwrap().task.fence
}

/// Whoever drops a claim does not know what it took; nobody would run that. So a later claim brings it.
/// Claims are dropped at their first wait, their second, and so on, in many rounds, for each has its own timing.
pub async fn a_claim_dropped_half_way_loses_no_task(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, 1..4).await;
    for round in 0..20 {
        let epoch = join(&store, "a").await;
        let mut seen = Vec::new();
        for patience in 0.. {
            if let Some(tasks) = give_up_after(patience, claim(&store, epoch, workflow, 9)).await {
                seen.extend(tasks);
                break;
            }
        }
        // A database may still be about to undo what was dropped; meanwhile it passes over those tasks.
        for _ in 0..2000 {
            if seen.len() < 3 {
                seen.extend(claim(&store, epoch, workflow, 9).await);
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [id(1), id(2), id(3)], "round {round}");
        assert_eq!(claim(&store, epoch, workflow, 9).await, [], "what is running was claimed again");
    }
}

/// Neither a task in the queue nor one that runs.
pub async fn submitting_again_changes_nothing(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let mut changed = task(1, workflow);
    changed.created_at = at(77);
    store.task_submit(&[changed.clone(), task(2, workflow), task(2, workflow)]).await.unwrap();
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().created_at, at(1));
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(2)]);
    store.task_submit(&[]).await.unwrap();
}
