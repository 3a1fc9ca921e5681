//! Requests to stop.

use drydock_core::journal::Write;

use super::samples::{
    at, child, claim, claimed, completed, id, join, put_workflow, request, running, submit,
};
use super::{Shared, rules};
use crate::repo::TaskStatus;

rules!(
    the_first_request_stands,
    a_request_reaches_all_descendants,
    what_has_ended_cannot_be_cancelled,
    the_owner_hears_of_it,
    a_queued_task_brings_its_request_along,
    a_name_may_hold_a_nul,
);

/// The second is heard, but changes nothing.
pub async fn the_first_request_stands(store: Shared) {
    running(&store).await;
    assert!(store.task_cancel(id(1), &request("ann", 3)).await.unwrap());
    assert!(store.task_cancel(id(1), &request("bob", 4)).await.unwrap());
    let record = store.task_get(id(1)).await.unwrap().unwrap();
    assert_eq!((record.cancellation, record.status), (Some(request("ann", 3)), TaskStatus::Terminating));
}

/// Through descendants that have ended, but not up or sideways; a descendant's own first request stands.
pub async fn a_request_reaches_all_descendants(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let tree = [
        Write::TaskStarted(child(2, workflow, 1, 0)),
        Write::TaskQueued(child(3, workflow, 1, 1)),
        Write::TaskQueued(child(4, workflow, 2, 0)),
        Write::TaskStarted(child(5, workflow, 4, 0)),
        Write::TaskStarted(child(6, workflow, 3, 0)),
    ];
    store.append(epoch, &tree).await.unwrap();
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(3), id(4)]);
    store.append(epoch, &[Write::TaskEnded(id(4), None, completed(8))]).await.unwrap();
    assert!(store.task_cancel(id(5), &request("ann", 3)).await.unwrap());
    assert!(store.task_cancel(id(2), &request("bob", 4)).await.unwrap());
    let mut by = Vec::new();
    for n in 1..=6 {
        by.push(store.task_get(id(n)).await.unwrap().unwrap().cancellation.map(|request| request.by));
    }
    let (ann, bob) = (Some("ann".to_owned()), Some("bob".to_owned()));
    assert_eq!(by, [None, bob, None, None, ann, None]);
    assert!(store.task_cancel(id(1), &request("cyd", 5)).await.unwrap());
    let news = store.news(epoch, &[]).await.unwrap();
    let told: Vec<_> = news.cancelled.iter().map(|(id, request)| (*id, request.by.as_str())).collect();
    assert_eq!(told, [(id(1), "cyd"), (id(2), "bob"), (id(3), "cyd"), (id(5), "ann"), (id(6), "cyd")]);
}

/// Nor what never was; and then nothing happens to the descendants either.
pub async fn what_has_ended_cannot_be_cancelled(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[Write::TaskStarted(child(2, workflow, 1, 0))]).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(8))]).await.unwrap();
    assert!(!store.task_cancel(id(1), &request("ann", 3)).await.unwrap());
    assert!(!store.task_cancel(id(7), &request("ann", 3)).await.unwrap());
    for n in 1..=2 {
        assert_eq!(store.task_get(id(n)).await.unwrap().unwrap().cancellation, None);
    }
}

/// And nobody else does.
pub async fn the_owner_hears_of_it(store: Shared) {
    let epoch = running(&store).await;
    let other = join(&store, "b").await;
    assert_eq!(store.news(epoch, &[]).await.unwrap().cancelled, []);
    store.task_cancel(id(1), &request("ann", 3)).await.unwrap();
    assert_eq!(store.news(epoch, &[]).await.unwrap().cancelled, [(id(1), request("ann", 3))]);
    assert_eq!(store.news(other, &[]).await.unwrap().cancelled, []);
}

/// Whoever claims it knows at once.
pub async fn a_queued_task_brings_its_request_along(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [1]).await;
    assert!(store.task_cancel(id(1), &request("ann", 3)).await.unwrap());
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().status, TaskStatus::Terminating);
    let epoch = join(&store, "a").await;
    let claimed = claimed(&store, epoch, &[workflow], at(9), 9).await;
    assert_eq!(claimed.first().unwrap().cancellation, Some(request("ann", 3)));
}

/// As in every text.
pub async fn a_name_may_hold_a_nul(store: Shared) {
    running(&store).await;
    store.task_cancel(id(1), &request("a\0n", 3)).await.unwrap();
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().cancellation, Some(request("a\u{fffd}n", 3)));
}
