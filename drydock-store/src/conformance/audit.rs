//! The trail of what operators did.

use drydock_core::journal::{AuditRecord, Signal, TaskEnd, TaskEndKind, Verb, Write};

use super::samples::{at, child, failure, id, put_workflow, request, running, signal};
use super::{Shared, rules};

rules!(every_verb_leaves_a_line, a_repetition_leaves_no_second_line, what_was_refused_leaves_none);

fn line(verb: Verb, by: &str, second: i64, detail: &str) -> AuditRecord {
    AuditRecord { request: request(by, second), verb, detail: detail.to_owned() }
}

fn order(second: i64) -> Signal {
    Signal { name: "order:skip wipe[3]\0".to_owned(), sender: "cy\0d".to_owned(), ..signal(1, second) }
}

async fn trail(store: &Shared, n: u32) -> Vec<AuditRecord> {
    store.task_history(id(n)).await.unwrap().unwrap().audit
}

/// In the order of their times, at the task that was named and not at its descendants.
pub async fn every_verb_leaves_a_line(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[Write::TaskStarted(child(2, workflow, 1, 0))]).await.unwrap();
    assert!(store.task_cancel(id(1), &request("ann", 9)).await.unwrap());
    assert!(store.task_pause(id(1), &request("b\0b", 3)).await.unwrap());
    assert!(store.task_resume(id(1), &request("ann", 4)).await.unwrap());
    assert!(store.signal_send(id(1), &order(5)).await.unwrap());
    let plain = Signal { name: "approved".to_owned(), ..signal(2, 6) };
    assert!(store.signal_send(id(1), &plain).await.unwrap());
    let end = TaskEnd { kind: TaskEndKind::Failed(failure(1)), at: at(10) };
    store.append(epoch, &[Write::TaskEnded(id(1), None, end)]).await.unwrap();
    assert!(store.task_reopen(id(1), &request("dan", 11)).await.unwrap());
    let expected = [
        line(Verb::Pause, "b\u{fffd}b", 3, ""),
        line(Verb::Resume, "ann", 4, ""),
        line(Verb::Order, "cy\u{fffd}d", 5, "skip wipe[3]\u{fffd}"),
        line(Verb::Cancel, "ann", 9, ""),
        line(Verb::Reopen, "dan", 11, ""),
    ];
    assert_eq!(trail(&store, 1).await, expected);
    assert_eq!(trail(&store, 2).await, []);
}

/// But each request leaves its own, also one that changes nothing.
pub async fn a_repetition_leaves_no_second_line(store: Shared) {
    running(&store).await;
    for _ in 0..2 {
        assert!(store.task_cancel(id(1), &request("ann", 3)).await.unwrap());
        assert!(store.task_pause(id(1), &request("ann", 3)).await.unwrap());
        assert!(store.signal_send(id(1), &order(3)).await.unwrap());
    }
    assert!(store.task_cancel(id(1), &request("bob", 3)).await.unwrap());
    let expected = [
        line(Verb::Cancel, "ann", 3, ""),
        line(Verb::Cancel, "bob", 3, ""),
        line(Verb::Order, "cy\u{fffd}d", 3, "skip wipe[3]\u{fffd}"),
        line(Verb::Pause, "ann", 3, ""),
    ];
    assert_eq!(trail(&store, 1).await, expected);
}

/// The task has ended well.
pub async fn what_was_refused_leaves_none(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[Write::TaskEnded(id(1), None, super::samples::completed(5))]).await.unwrap();
    assert!(!store.task_cancel(id(1), &request("ann", 6)).await.unwrap());
    assert!(!store.task_pause(id(1), &request("ann", 6)).await.unwrap());
    assert!(!store.task_resume(id(1), &request("ann", 6)).await.unwrap());
    assert!(!store.task_reopen(id(1), &request("ann", 6)).await.unwrap());
    assert!(!store.signal_send(id(1), &order(6)).await.unwrap());
    assert_eq!(trail(&store, 1).await, []);
}
