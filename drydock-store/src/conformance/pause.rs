//! Requests to hold a task, and to let it go on.

use drydock_core::journal::{Request, Write};

use super::samples::{child, completed, id, join, put_workflow, request, running, submit, taken_over};
use super::{Shared, rules};

rules!(
    the_first_request_stands_until_it_is_resumed,
    a_request_reaches_all_descendants,
    what_has_ended_is_not_paused,
    the_owner_hears_while_it_lasts,
    a_pause_outlives_the_owner_and_a_cancellation,
    a_name_may_hold_a_nul,
);

async fn pause(store: &Shared, task: u32, request: &Request) -> bool {
    store.task_pause(id(task), request).await.unwrap()
}

async fn paused_by(store: &Shared, task: u32) -> Option<String> {
    store.task_get(id(task)).await.unwrap().unwrap().pause.map(|request| request.by)
}

/// The second is heard, but changes nothing; nor does a second resuming.
pub async fn the_first_request_stands_until_it_is_resumed(store: Shared) {
    running(&store).await;
    assert!(pause(&store, 1, &request("ann", 3)).await && pause(&store, 1, &request("bob", 4)).await);
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().pause, Some(request("ann", 3)));
    for second in [5, 6] {
        assert!(store.task_resume(id(1), &request("cyd", second)).await.unwrap());
        assert_eq!(paused_by(&store, 1).await, None);
    }
    assert!(pause(&store, 1, &request("bob", 7)).await);
    assert_eq!(paused_by(&store, 1).await.as_deref(), Some("bob"));
}

/// Through descendants that have ended, but not up or sideways; and so does resuming, whoever paused them.
pub async fn a_request_reaches_all_descendants(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let tree = [
        Write::TaskStarted(child(2, workflow, 1, 0)),
        Write::TaskQueued(child(3, workflow, 1, 1)),
        Write::TaskStarted(child(4, workflow, 2, 0)),
        Write::TaskStarted(child(5, workflow, 4, 0)),
        Write::TaskEnded(id(4), None, completed(8)),
    ];
    store.append(epoch, &tree).await.unwrap();
    assert!(pause(&store, 5, &request("ann", 3)).await && pause(&store, 2, &request("bob", 4)).await);
    let mut by = Vec::new();
    for n in 1..=5 {
        by.push(paused_by(&store, n).await);
    }
    let (ann, bob) = (Some("ann".to_owned()), Some("bob".to_owned()));
    assert_eq!(by, [None, bob, None, None, ann]);
    assert!(store.task_resume(id(1), &request("cyd", 5)).await.unwrap());
    assert_eq!(store.news(epoch, &[]).await.unwrap().paused, []);
}

/// Nor what never was; and then nothing happens to the descendants either.
pub async fn what_has_ended_is_not_paused(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[Write::TaskStarted(child(2, workflow, 1, 0))]).await.unwrap();
    assert!(pause(&store, 2, &request("ann", 2)).await);
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(8))]).await.unwrap();
    for n in [1, 7] {
        assert!(!pause(&store, n, &request("bob", 3)).await);
        assert!(!store.task_resume(id(n), &request("bob", 4)).await.unwrap());
    }
    assert_eq!((paused_by(&store, 1).await, paused_by(&store, 2).await.as_deref()), (None, Some("ann")));
}

/// And nobody else does.
pub async fn the_owner_hears_while_it_lasts(store: Shared) {
    let epoch = running(&store).await;
    let other = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [2]).await;
    assert!(pause(&store, 1, &request("ann", 3)).await && pause(&store, 2, &request("ann", 3)).await);
    for _ in 0..2 {
        assert_eq!(store.news(epoch, &[]).await.unwrap().paused, [(id(1), request("ann", 3))]);
    }
    assert_eq!(store.news(other, &[]).await.unwrap().paused, []);
    assert!(store.task_resume(id(1), &request("ann", 4)).await.unwrap());
    assert_eq!(store.news(epoch, &[]).await.unwrap().paused, []);
}

/// Whoever claims it knows at once; an end forgets it.
pub async fn a_pause_outlives_the_owner_and_a_cancellation(store: Shared) {
    let epoch = running(&store).await;
    assert!(pause(&store, 1, &request("ann", 3)).await);
    assert!(store.task_cancel(id(1), &request("bob", 4)).await.unwrap());
    let claimed = taken_over(&store, epoch).await;
    assert_eq!((claimed.pause, claimed.cancellation), (Some(request("ann", 3)), Some(request("bob", 4))));
    let owner = store.instance_list().await.unwrap().pop().unwrap().epoch;
    store.append(owner, &[Write::TaskEnded(id(1), None, completed(8))]).await.unwrap();
    assert_eq!(paused_by(&store, 1).await, None);
}

/// As in every text.
pub async fn a_name_may_hold_a_nul(store: Shared) {
    running(&store).await;
    assert!(pause(&store, 1, &request("a\0n", 3)).await);
    assert_eq!(paused_by(&store, 1).await.as_deref(), Some("a\u{fffd}n"));
}
