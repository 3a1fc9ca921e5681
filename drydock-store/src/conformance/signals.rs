//! Signals: sent once, told until they are taken, taken once.

use drydock_core::journal::{Signal, TaskEnd, TaskEndKind, Write};

use super::samples::{
    at, completed, failure, id, join, payload, put_workflow, request, running, signal, signal_id, step,
    submit, taken_over,
};
use super::{Shared, rules};

rules!(
    the_first_of_an_id_stands,
    only_a_task_that_has_not_ended_gets_signals,
    an_order_reaches_a_task_that_may_be_brought_back,
    the_owner_hears_until_it_is_taken,
    a_signal_is_taken_once,
    what_was_never_sent_cannot_be_taken,
    a_signal_waits_for_its_task,
    simultaneous_sends_are_one,
    text_may_hold_a_nul,
);

async fn send(store: &Shared, task: u32, signal: &Signal) -> bool {
    store.signal_send(id(task), signal).await.unwrap()
}

/// Of one task: another task may have a signal with the same id. What is said to be taken is not.
pub async fn the_first_of_an_id_stands(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [2]).await;
    let changed = Signal { payload: payload(99), sender: "bob".to_owned(), ..signal(1, 7) };
    let taken = Signal { taken_by: Some(step("a")), ..signal(1, 5) };
    assert!(
        send(&store, 1, &taken).await && send(&store, 1, &changed).await && send(&store, 2, &changed).await
    );
    assert_eq!(store.news(epoch, &[]).await.unwrap().signals, [(id(1), signal(1, 5))]);
}

/// A repetition is answered as the first sending was, even after the end.
pub async fn only_a_task_that_has_not_ended_gets_signals(store: Shared) {
    let epoch = running(&store).await;
    assert!(send(&store, 1, &signal(1, 2)).await);
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(5))]).await.unwrap();
    assert!(send(&store, 1, &signal(1, 2)).await);
    assert!(!send(&store, 1, &signal(2, 6)).await);
    assert!(!send(&store, 7, &signal(3, 6)).await);
    assert_eq!(store.news(epoch, &[]).await.unwrap().signals, []);
}

/// It is there when the task is claimed again. A completed task gets none.
pub async fn an_order_reaches_a_task_that_may_be_brought_back(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [2]).await;
    assert_eq!(super::samples::claim(&store, epoch, workflow, 1).await, [id(2)]);
    let broken = TaskEnd { kind: TaskEndKind::Failed(failure(1)), at: at(5) };
    let ends = [Write::TaskEnded(id(1), None, broken), Write::TaskEnded(id(2), None, completed(5))];
    store.append(epoch, &ends).await.unwrap();
    let order = Signal { name: format!("{}retry", Signal::ORDER), ..signal(1, 6) };
    assert!(send(&store, 1, &order).await && send(&store, 1, &order).await);
    assert!(!send(&store, 2, &order).await);
    assert!(store.task_reopen(id(1), &request("ada", 7)).await.unwrap());
    let claimed = store.task_claim(epoch, &[workflow], at(8), 1).await.unwrap().remove(0).unwrap();
    assert_eq!(claimed.signals, [order]);
}

/// By task, time and id; nobody else hears.
pub async fn the_owner_hears_until_it_is_taken(store: Shared) {
    let epoch = running(&store).await;
    let other = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [2, 3]).await;
    assert_eq!(super::samples::claim(&store, epoch, workflow, 1).await, [id(2)]);
    let sent =
        [(2, signal(4, 1)), (1, signal(3, 9)), (1, signal(2, 9)), (1, signal(1, 10)), (3, signal(5, 1))];
    for (task, signal) in &sent {
        assert!(send(&store, *task, signal).await);
    }
    let all = [(id(1), signal(2, 9)), (id(1), signal(3, 9)), (id(1), signal(1, 10)), (id(2), signal(4, 1))];
    assert_eq!(store.news(epoch, &[]).await.unwrap().signals, all);
    store.append(epoch, &[Write::SignalTaken(id(1), signal_id(3), step("a"))]).await.unwrap();
    let [first, _, rest @ ..] = all;
    assert_eq!(store.news(epoch, &[]).await.unwrap().signals, [[first].as_slice(), &rest].concat());
    assert_eq!(store.news(other, &[]).await.unwrap().signals, []);
}

/// In one batch, and in two.
pub async fn a_signal_is_taken_once(store: Shared) {
    let epoch = running(&store).await;
    assert!(send(&store, 1, &signal(1, 2)).await && send(&store, 1, &signal(2, 3)).await);
    let take = |n, by: &str| Write::SignalTaken(id(1), signal_id(n), step(by));
    store.append(epoch, &[take(1, "a"), take(1, "b"), take(2, "b[3]")]).await.unwrap();
    store.append(epoch, &[take(1, "c"), take(2, "c")]).await.unwrap();
    let by = |n, at, by: &str| Signal { taken_by: Some(step(by)), ..signal(n, at) };
    assert_eq!(taken_over(&store, epoch).await.signals, [by(1, 2, "a"), by(2, 3, "b[3]")]);
}

/// And what was taken before it came is not taken when it comes.
pub async fn what_was_never_sent_cannot_be_taken(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[Write::SignalTaken(id(1), signal_id(1), step("a"))]).await.unwrap();
    assert!(send(&store, 1, &signal(1, 2)).await);
    assert_eq!(taken_over(&store, epoch).await.signals, [signal(1, 2)]);
}

/// Sent while nobody owns the task; whoever claims it has it at once.
pub async fn a_signal_waits_for_its_task(store: Shared) {
    let epoch = running(&store).await;
    store.instance_leave(epoch).await.unwrap();
    assert!(send(&store, 1, &signal(1, 2)).await);
    let claimed = taken_over(&store, epoch).await;
    assert_eq!(claimed.signals, [signal(1, 2)]);
}

/// One sender that repeats itself before the first answer, and others at the same moment.
pub async fn simultaneous_sends_are_one(store: Shared) {
    let epoch = running(&store).await;
    let (one, two) = (signal(1, 2), signal(2, 3));
    let sent = tokio::join!(
        send(&store, 1, &one),
        send(&store, 1, &one),
        send(&store, 1, &two),
        send(&store, 1, &one)
    );
    assert_eq!(sent, (true, true, true, true));
    assert_eq!(store.news(epoch, &[]).await.unwrap().signals, [(id(1), one), (id(1), two)]);
}

/// As in every text.
pub async fn text_may_hold_a_nul(store: Shared) {
    let epoch = running(&store).await;
    let odd = Signal { name: "a\0".to_owned(), sender: "\0b".to_owned(), ..signal(1, 2) };
    assert!(send(&store, 1, &odd).await);
    let kept = Signal { name: "a\u{fffd}".to_owned(), sender: "\u{fffd}b".to_owned(), ..odd };
    assert_eq!(store.news(epoch, &[]).await.unwrap().signals, [(id(1), kept)]);
}
