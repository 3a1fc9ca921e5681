//! Sleeping tasks: let go by their owner, in nobody's way, and queued again when something wakes them.

use drydock_core::journal::{NewTask, Parking, Signal, TaskLimit, Write};
use drydock_core::{Epoch, Fence, TaskId, WorkflowId};

use super::samples::{
    at, claim, claimed, completed, done, id, join, put_workflow, request, running, signal, signal_id, step,
    submit, task,
};
use super::{Shared, rules};
use crate::repo::{TaskSearch, TaskStatus};

rules!(
    it_sleeps_until_its_time,
    it_is_claimed_in_the_order_of_all_that_is_queued,
    without_a_time_only_somebody_outside_wakes_it,
    a_signal_and_a_cancellation_wake_it_and_a_pause_does_not,
    what_came_before_it_was_let_go_keeps_it_awake,
    signals_that_its_owner_knows_do_not,
    only_its_owner_lets_it_go_by_the_claim_that_it_has,
    what_the_batch_begins_or_ends_does_not_sleep,
    a_task_under_a_limit_does_not_sleep,
    who_claims_it_is_told_that_nothing_was_under_way,
    the_end_of_its_owner_does_not_wake_it,
    it_is_seen_as_under_way,
    a_signal_at_the_same_moment_is_not_lost,
    of_many_that_are_due_a_thousand_wake_at_once,
);

/// Until second `n`; `None` for no time.
fn sleep(task: u32, claim: u64, n: Option<i64>) -> Write {
    let parking = Parking { fence: Fence::new(claim), signals: 0, wake_at: n.map(at), doubt: false };
    Write::TaskParked(id(task), parking)
}

fn knowing(signals: u64, write: Write) -> Write {
    match write {
        Write::TaskParked(task, parking) => Write::TaskParked(task, Parking { signals, ..parking }),
        other => other,
    }
}

async fn taken(store: &Shared, epoch: Epoch, workflow: WorkflowId, n: i64) -> Vec<TaskId> {
    claimed(store, epoch, &[workflow], at(n), 9).await.into_iter().map(|it| it.task.id).collect()
}

/// By the clock of whoever claims; then it is claimed once.
pub async fn it_sleeps_until_its_time(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[sleep(1, 1, Some(20))]).await.unwrap();
    let other = join(&store, "b").await;
    assert_eq!(taken(&store, other, workflow, 19).await, []);
    // An instance that does not know its workflow may be the first to see that it is due.
    assert_eq!(claimed(&store, other, &[], at(20), 9).await, []);
    assert_eq!(taken(&store, other, workflow, 20).await, [id(1)]);
    assert_eq!(taken(&store, epoch, workflow, 90).await, []);
    store.append(other, &[Write::StepEnded(id(1), done("a", 21)), sleep(1, 2, Some(30))]).await.unwrap();
    assert_eq!(taken(&store, epoch, workflow, 29).await, []);
    assert_eq!(taken(&store, epoch, workflow, 31).await, [id(1)]);
}

/// By priority and age, whenever it woke.
pub async fn it_is_claimed_in_the_order_of_all_that_is_queued(store: Shared) {
    let workflow = put_workflow(&store).await;
    let tasks = [task(1, workflow), task(2, workflow).priority(5), task(3, workflow), task(4, workflow)];
    store.task_submit(&tasks).await.unwrap();
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 4).await.len(), 4);
    let asleep = [sleep(1, 1, Some(30)), sleep(2, 1, Some(40)), sleep(3, 1, Some(20)), sleep(4, 1, Some(99))];
    store.append(epoch, &asleep).await.unwrap();
    submit(&store, workflow, [0, 5]).await;
    assert_eq!(taken(&store, epoch, workflow, 50).await, [2, 0, 1, 3, 5].map(id));
}

/// However late it is.
pub async fn without_a_time_only_somebody_outside_wakes_it(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[sleep(1, 1, None)]).await.unwrap();
    assert_eq!(taken(&store, epoch, workflow, 4_000_000_000).await, []);
    assert!(store.signal_send(id(1), &signal(1, 5)).await.unwrap());
    assert_eq!(taken(&store, epoch, workflow, 6).await, [id(1)]);
}

/// An order is a signal. A signal that is sent again wakes nobody.
pub async fn a_signal_and_a_cancellation_wake_it_and_a_pause_does_not(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, 1..=4).await;
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 4).await.len(), 4);
    assert!(store.signal_send(id(4), &signal(4, 2)).await.unwrap());
    let known = knowing(1, sleep(4, 1, None));
    let asleep = [sleep(1, 1, None), sleep(2, 1, Some(900)), sleep(3, 1, None), known];
    store.append(epoch, &asleep).await.unwrap();
    for verb in [store.task_pause(id(3), &request("ann", 3)), store.task_resume(id(3), &request("ann", 4))] {
        assert!(verb.await.unwrap());
        assert_eq!(taken(&store, epoch, workflow, 8).await, []);
    }
    assert!(store.signal_send(id(4), &signal(4, 2)).await.unwrap());
    assert_eq!(taken(&store, epoch, workflow, 8).await, []);
    let order = Signal { name: format!("{}retry", Signal::ORDER), ..signal(1, 6) };
    assert!(store.signal_send(id(1), &order).await.unwrap());
    assert!(store.task_cancel(id(2), &request("ann", 7)).await.unwrap());
    assert_eq!(taken(&store, epoch, workflow, 8).await, [1, 2].map(id));
}

/// It is queued, so that nothing is missed.
pub async fn what_came_before_it_was_let_go_keeps_it_awake(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, 1..=4).await;
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 4).await.len(), 4);
    assert!(store.signal_send(id(1), &signal(1, 5)).await.unwrap());
    assert!(store.task_cancel(id(2), &request("ann", 5)).await.unwrap());
    assert!(store.task_pause(id(3), &request("ann", 5)).await.unwrap());
    let asleep: Vec<Write> = (1..=4).map(|n| sleep(n, 1, None)).collect();
    store.append(epoch, &asleep).await.unwrap();
    assert_eq!(taken(&store, epoch, workflow, 8).await, [1, 2, 3].map(id));
}

/// Also those that were taken: what counts is how many were ever sent.
pub async fn signals_that_its_owner_knows_do_not(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    for n in [1, 2] {
        assert!(store.signal_send(id(1), &signal(n, 5)).await.unwrap());
    }
    let takes = Write::SignalTaken(id(1), signal_id(1), step("a"));
    store.append(epoch, &[takes, knowing(2, sleep(1, 1, None))]).await.unwrap();
    assert_eq!(taken(&store, epoch, workflow, 8).await, []);
    assert!(store.signal_send(id(1), &signal(3, 5)).await.unwrap());
    assert_eq!(taken(&store, epoch, workflow, 8).await, [id(1)]);
    // It knew of two, and there are three.
    store.append(epoch, &[knowing(2, sleep(1, 2, None))]).await.unwrap();
    assert_eq!(taken(&store, epoch, workflow, 8).await, [id(1)]);
}

/// A batch whose answer was lost is sent again, after the task has been claimed once more.
pub async fn only_its_owner_lets_it_go_by_the_claim_that_it_has(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let other = join(&store, "b").await;
    store.append(other, &[sleep(1, 1, None), sleep(7, 1, None)]).await.unwrap();
    store.append(epoch, &[sleep(1, 2, None)]).await.unwrap();
    assert_eq!(store.task_read(id(1)).await.unwrap().unwrap().owner, Some(epoch));
    store.append(epoch, &[sleep(1, 1, Some(5))]).await.unwrap();
    assert_eq!(taken(&store, epoch, workflow, 8).await, [id(1)]);
    store.append(epoch, &[sleep(1, 1, Some(5))]).await.unwrap();
    assert_eq!(store.task_read(id(1)).await.unwrap().unwrap().owner, Some(epoch));
}

/// Nor is what the batch queues.
pub async fn what_the_batch_begins_or_ends_does_not_sleep(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let writes = [
        sleep(1, 1, None),
        Write::TaskEnded(id(1), None, completed(5)),
        Write::TaskStarted(task(2, workflow)),
        sleep(2, 1, None),
        Write::TaskQueued(task(3, workflow)),
        sleep(3, 0, None),
    ];
    store.append(epoch, &writes).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), Some(completed(5)));
    assert_eq!(store.task_read(id(2)).await.unwrap().unwrap().owner, Some(epoch));
    assert_eq!(taken(&store, epoch, workflow, 8).await, [id(3)]);
}

/// It has its place as long as it lives.
pub async fn a_task_under_a_limit_does_not_sleep(store: Shared) {
    let workflow = put_workflow(&store).await;
    let limit = Some(TaskLimit { name: "one".to_owned(), places: 1 });
    let limited: [NewTask; 2] = [1, 2].map(|n| task(n, workflow).limit(limit.clone()));
    store.task_submit(&limited).await.unwrap();
    let epoch = join(&store, "a").await;
    assert_eq!(taken(&store, epoch, workflow, 8).await, [id(1)]);
    store.append(epoch, &[sleep(1, 1, None)]).await.unwrap();
    assert_eq!(store.task_read(id(1)).await.unwrap().unwrap().owner, Some(epoch));
    assert_eq!(taken(&store, epoch, workflow, 8).await, []);
}

/// Unless that was in doubt; and the next who claims it after that is told what is usual.
pub async fn who_claims_it_is_told_that_nothing_was_under_way(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let mut seen = Vec::new();
    for claims in 1..=3 {
        let Write::TaskParked(task, parking) = sleep(1, claims, Some(5)) else { return };
        let doubt = claims == 3;
        store.append(epoch, &[Write::TaskParked(task, Parking { doubt, ..parking })]).await.unwrap();
        let read = store.task_read(id(1)).await.unwrap().unwrap().task.resumed;
        let it = claimed(&store, epoch, &[workflow], at(9), 1).await.remove(0);
        assert_eq!((it.fence, it.resumed), (Fence::new(claims + 1), read));
        seen.push(it.resumed);
    }
    assert_eq!(seen, [false, false, true]);
    store.append(epoch, &[sleep(1, 4, Some(5))]).await.unwrap();
    assert_eq!(taken(&store, epoch, workflow, 8).await, [id(1)]);
    assert!(super::samples::taken_over(&store, epoch).await.resumed, "it was under way when its owner left");
}

/// Neither does an orderly good-bye.
pub async fn the_end_of_its_owner_does_not_wake_it(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[sleep(1, 1, Some(50))]).await.unwrap();
    store.instance_leave(epoch).await.unwrap();
    let again = join(&store, "a").await;
    let third = join(&store, "a").await;
    assert!(again < third);
    assert_eq!(taken(&store, third, workflow, 8).await, []);
    assert_eq!(taken(&store, third, workflow, 50).await, [id(1)]);
}

/// It waits, as others do whose owner has them; woken, it is queued.
pub async fn it_is_seen_as_under_way(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[sleep(1, 1, None)]).await.unwrap();
    let state = store.task_read(id(1)).await.unwrap().unwrap();
    assert_eq!((state.owner, state.asleep), (None, true));
    let found = async |status| {
        let search = TaskSearch { status: Some(status), limit: 9, ..TaskSearch::default() };
        let page = store.task_search(&search).await.unwrap();
        assert!(page.tasks.iter().all(|record| record.status == status));
        page.tasks.len()
    };
    assert_eq!((found(TaskStatus::Running).await, found(TaskStatus::Queued).await), (1, 0));
    assert!(store.signal_send(id(1), &signal(1, 5)).await.unwrap());
    assert!(!store.task_read(id(1)).await.unwrap().unwrap().asleep);
    assert_eq!((found(TaskStatus::Running).await, found(TaskStatus::Queued).await), (0, 1));
}

/// Whichever comes first: the task is awake when both are there.
pub async fn a_signal_at_the_same_moment_is_not_lost(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    for n in 0..20_u32 {
        let parks = [knowing(n.into(), sleep(1, u64::from(n) + 1, None))];
        let sent = signal(n, 5);
        let (parked, sent) = tokio::join!(store.append(epoch, &parks), store.signal_send(id(1), &sent));
        parked.unwrap();
        assert!(sent.unwrap());
        assert_eq!(taken(&store, epoch, workflow, 8).await, [id(1)], "round {n}");
    }
}

/// The first to be due wake first, and the next claim wakes others.
pub async fn of_many_that_are_due_a_thousand_wake_at_once(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, 1..=1_001).await;
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 1_001).await.len(), 1_001);
    let asleep: Vec<Write> = (1..=1_001).map(|n| sleep(n, 1, Some(5_000 - i64::from(n)))).collect();
    store.append(epoch, &asleep).await.unwrap();
    let first = claimed(&store, epoch, &[workflow], at(6_000), 1).await;
    assert_eq!(first.iter().map(|it| it.task.id).collect::<Vec<_>>(), [id(2)], "the oldest of the thousand");
    assert_eq!(claimed(&store, epoch, &[workflow], at(6_000), 1).await[0].task.id, id(1));
}
