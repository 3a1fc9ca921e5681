//! A step has one wait: the latest.

use drydock_core::journal::{WaitKind, WaitRecord, Write};

use super::samples::{at, id, join, put_workflow, running, wait};
use super::{Shared, rules};

rules!(waiting_again_replaces, the_last_wait_of_a_batch_stands, waits_outlive_the_owner, text_may_hold_a_nul);

/// Every column of it, back and forth.
pub async fn waiting_again_replaces(store: Shared) {
    let epoch = running(&store).await;
    let children = WaitRecord {
        attempt: 2,
        kind: WaitKind::Children,
        reason: "12 children".to_owned(),
        until: None,
        deadline: None,
        ..wait("a", 30)
    };
    for next in [wait("a", 2), children, wait("a", 40)] {
        store.append(epoch, &[Write::StepWaits(id(1), next.clone())]).await.unwrap();
        assert_eq!(store.task_history(id(1)).await.unwrap().unwrap().waits, [next]);
    }
}

/// A step that waited twice since the last commit.
pub async fn the_last_wait_of_a_batch_stands(store: Shared) {
    let epoch = running(&store).await;
    let batch = [
        Write::StepWaits(id(1), wait("a", 2)),
        Write::StepWaits(id(1), wait("b", 3)),
        Write::StepWaits(id(1), wait("a", 12)),
    ];
    store.append(epoch, &batch).await.unwrap();
    assert_eq!(store.task_history(id(1)).await.unwrap().unwrap().waits, [wait("a", 12), wait("b", 3)]);
}

/// With their deadlines unchanged.
pub async fn waits_outlive_the_owner(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[Write::StepWaits(id(1), wait("a", 2))]).await.unwrap();
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    let claimed = store.task_claim(next, &[workflow], at(20), 1).await.unwrap();
    assert_eq!(claimed.first().unwrap().waits, [wait("a", 2)]);
}

/// Machines say such things, and one of them must not stop the batch of all tasks: the NUL is replaced by U+FFFD.
pub async fn text_may_hold_a_nul(store: Shared) {
    let epoch = running(&store).await;
    let odd = WaitRecord { reason: "sensor \0x".to_owned(), ..wait("a", 2) };
    store.append(epoch, &[Write::StepWaits(id(1), odd.clone())]).await.unwrap();
    let kept = WaitRecord { reason: "sensor \u{fffd}x".to_owned(), ..odd };
    assert_eq!(store.task_history(id(1)).await.unwrap().unwrap().waits, [kept]);
}
