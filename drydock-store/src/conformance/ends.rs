//! How tasks end.

use drydock_core::journal::{TaskEnd, TaskEndKind, Write};

use super::samples::{
    at, claim, completed, failure, id, join, payload, put_workflow, request, running, task,
};
use super::{Shared, rules};
use crate::repo::TaskStatus;

rules!(
    each_kind_of_end_comes_back,
    there_is_no_end_before_the_end,
    the_first_end_stands,
    an_ended_task_is_never_claimed,
    what_was_known_of_the_life_survives_the_end,
);

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
        store.append(epoch, &[Write::TaskEnded(id(n), end.clone())]).await.unwrap();
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
    let twice = [Write::TaskEnded(id(1), completed(5)), Write::TaskEnded(id(1), completed(6))];
    store.append(epoch, &twice).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(1), completed(7))]).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), Some(completed(5)));
}

/// Not even after its last owner is gone.
pub async fn an_ended_task_is_never_claimed(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[Write::TaskEnded(id(1), completed(5))]).await.unwrap();
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
    store.append(epoch, &[Write::TaskEnded(id(1), completed(5))]).await.unwrap();
    let after = store.task_get(id(1)).await.unwrap().unwrap();
    assert_eq!((after.started_at, after.cancellation), (Some(at(1000)), Some(request("ann", 3))));
    assert_eq!(after.status, TaskStatus::Complete);
}
