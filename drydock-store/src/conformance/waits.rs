//! A step has one wait: the latest.

use drydock_core::journal::{WaitKind, WaitRecord, Write};

use super::samples::{id, payload, running, taken_over, wait};
use super::{Shared, rules};

rules!(waiting_again_replaces, the_last_wait_of_a_batch_stands, waits_outlive_the_owner, text_may_hold_a_nul);

/// Every column of it, back and forth.
pub async fn waiting_again_replaces(store: Shared) {
    let epoch = running(&store).await;
    let bare = WaitRecord { attempt: 2, until: None, deadline: None, ..wait("a", 30) };
    let mut all =
        vec![wait("a", 2), WaitRecord { scratch: Some(payload(7)), ..wait("a", 20) }, wait("a", 21)];
    for kind in [
        WaitKind::Children,
        WaitKind::Signal,
        WaitKind::Lock,
        WaitKind::Operator,
        WaitKind::Limit,
        WaitKind::Executor,
    ] {
        let on = vec!["node/rack1-n07".to_owned(), format!("{kind:?} 'x' \"y\" 故障")];
        all.push(WaitRecord { kind, on, ..bare.clone() });
    }
    all.push(wait("a", 40));
    for next in all {
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

/// With their deadlines unchanged, and with what the step kept.
pub async fn waits_outlive_the_owner(store: Shared) {
    let epoch = running(&store).await;
    let polling = WaitRecord { scratch: Some(payload(3)), ..wait("a", 2) };
    store.append(epoch, &[Write::StepWaits(id(1), polling.clone())]).await.unwrap();
    assert_eq!(taken_over(&store, epoch).await.waits, [polling]);
}

/// Machines say such things, and one of them must not stop the batch of all tasks: the NUL is replaced by U+FFFD.
/// In a name it stays, for names are compared.
pub async fn text_may_hold_a_nul(store: Shared) {
    let epoch = running(&store).await;
    let on = vec!["no\0de".to_owned()];
    let odd = WaitRecord { reason: "sensor \0x".to_owned(), on, ..wait("a", 2) };
    store.append(epoch, &[Write::StepWaits(id(1), odd.clone())]).await.unwrap();
    let kept = WaitRecord { reason: "sensor \u{fffd}x".to_owned(), ..odd };
    assert_eq!(store.task_history(id(1)).await.unwrap().unwrap().waits, [kept]);
}
