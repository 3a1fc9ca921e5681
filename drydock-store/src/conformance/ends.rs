//! How tasks end.

use drydock_core::journal::{TaskEnd, TaskEndKind, Write};

use drydock_core::Fence;

use super::samples::{
    at, claim, completed, failed, failure, id, join, payload, put_workflow, request, running, task,
};
use super::{Shared, rules};
use crate::repo::TaskStatus;

rules!(
    each_kind_of_end_comes_back,
    there_is_no_end_before_the_end,
    the_first_end_stands,
    an_ended_task_is_never_claimed,
    what_was_known_of_the_life_survives_the_end,
    an_end_that_was_decided_under_another_claim_ends_nothing,
);

/// A batch whose answer was lost is sent again, and may come late: when the task was brought back meanwhile, and the very same
/// instance has it again. Its other records are there, and are passed over.
pub async fn an_end_that_was_decided_under_another_claim_ends_nothing(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let fails = |n, fence| {
        let end = TaskEnd { kind: TaskEndKind::Failed(failure(n)), at: at(50) };
        Write::TaskEnded(id(1), Some(fence), end)
    };
    let late = [Write::StepEnded(id(1), failed("a", 4)), fails(1, Fence::FIRST)];
    for fence in [Fence::UNCLAIMED, Fence::new(2), Fence::new(u64::MAX)] {
        store.append(epoch, &[fails(7, fence)]).await.unwrap();
        assert_eq!(store.task_end(id(1)).await.unwrap(), None, "{fence:?}");
    }
    store.append(epoch, &late).await.unwrap();
    assert!(store.task_end(id(1)).await.unwrap().is_some());
    assert!(store.task_reopen(id(1), &request("ann", 60)).await.unwrap());
    store.append(epoch, &late).await.unwrap();
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
    store.append(epoch, &late).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), None, "the late batch ended it again");
    let fresh = [fails(3, Fence::new(2)), Write::StepEnded(id(1), failed("b", 4))];
    store.append(epoch, &fresh).await.unwrap();
    let end = store.task_end(id(1)).await.unwrap().unwrap();
    assert_eq!(end.kind, TaskEndKind::Failed(failure(3)));
    // Started and ended in one batch: that is the first claim.
    let short = |n, fence| {
        [Write::TaskStarted(task(n, workflow)), Write::TaskEnded(id(n), Some(fence), completed(5))]
    };
    store.append(epoch, &short(2, Fence::FIRST)).await.unwrap();
    store.append(epoch, &short(3, Fence::new(2))).await.unwrap();
    assert_eq!(store.task_end(id(2)).await.unwrap(), Some(completed(5)));
    assert_eq!(store.task_end(id(3)).await.unwrap(), None);
    assert_eq!(store.task_read(id(3)).await.unwrap().unwrap().owner, Some(epoch));
}

/// Completed, failed, cancelled.
pub async fn each_kind_of_end_comes_back(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let kinds = [
        (TaskEndKind::Completed(payload(5)), TaskStatus::Complete),
        (TaskEndKind::Failed(failure(6)), TaskStatus::Complete),
        (TaskEndKind::Cancelled(request("ann", 3)), TaskStatus::Terminated),
    ];
    for (n, (kind, status)) in (1..).zip(kinds) {
        let end = TaskEnd { kind, at: at(90) };
        store.append(epoch, &[Write::TaskStarted(task(n, workflow))]).await.unwrap();
        store.append(epoch, &[Write::TaskEnded(id(n), None, end.clone())]).await.unwrap();
        assert_eq!(store.task_end(id(n)).await.unwrap(), Some(end.clone()));
        let record = store.task_get(id(n)).await.unwrap().unwrap();
        assert_eq!((record.end, record.status, record.updated_at), (Some(end), status, Some(at(90))));
    }
}

/// Not of a queued task, not of a running one, not of none.
pub async fn there_is_no_end_before_the_end(store: Shared) {
    running(&store).await;
    let workflow = put_workflow(&store).await;
    store.task_submit(&[task(2, workflow)]).await.unwrap();
    for n in 1..=3 {
        assert_eq!(store.task_end(id(n)).await.unwrap(), None);
    }
}

/// In one batch, and in two.
pub async fn the_first_end_stands(store: Shared) {
    let epoch = running(&store).await;
    let twice = [Write::TaskEnded(id(1), None, completed(5)), Write::TaskEnded(id(1), None, completed(6))];
    store.append(epoch, &twice).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(7))]).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), Some(completed(5)));
}

/// Not even after its last owner is gone.
pub async fn an_ended_task_is_never_claimed(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(5))]).await.unwrap();
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    assert_eq!(claim(&store, next, workflow, 9).await, []);
}

/// When it began, and who asked it to stop though it completed.
pub async fn what_was_known_of_the_life_survives_the_end(store: Shared) {
    let epoch = running(&store).await;
    assert!(store.task_cancel(id(1), &request("ann", 3)).await.unwrap());
    let before = store.task_get(id(1)).await.unwrap().unwrap();
    assert_eq!((before.started_at, before.status), (Some(at(1000)), TaskStatus::Terminating));
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(5))]).await.unwrap();
    let after = store.task_get(id(1)).await.unwrap().unwrap();
    assert_eq!((after.started_at, after.cancellation), (Some(at(1000)), Some(request("ann", 3))));
    assert_eq!(after.status, TaskStatus::Complete);
}
