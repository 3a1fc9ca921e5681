//! Limits on tasks: never more of them owned than there are places, among all instances.

use std::sync::Mutex;

use drydock_core::journal::{Crowd, JournalError, NewTask, TaskEnd, TaskEndKind, TaskLimit, Write};
use drydock_core::{Epoch, Fence, TaskId, WorkflowId};

use super::samples::{
    at, claim, claimed, completed, failure, id, join, put_workflow, request, submit, task, workflow,
};
use super::{Shared, rules};

rules!(
    no_more_are_claimed_than_there_are_places,
    a_place_is_had_from_the_claim_to_the_end,
    all_versions_of_a_workflow_share_the_places,
    they_are_served_by_priority_and_age_and_nobody_overtakes,
    the_others_are_not_kept,
    they_are_merged_with_the_others_in_the_order_of_all,
    a_queued_again_task_waits_for_a_place_like_others,
    a_reopened_task_waits_for_a_place_like_others,
    a_task_under_a_limit_cannot_be_started,
    a_limit_is_kept_with_its_task,
    who_has_the_places_is_told,
    simultaneous_claims_stay_within_the_limit,
);

fn limit(name: &str, places: u32) -> TaskLimit {
    TaskLimit { name: name.to_owned(), places }
}

/// Task `n` under limit `x`.
fn under(n: u32, workflow: WorkflowId, places: u32) -> NewTask {
    task(n, workflow).limit(limit("x", places))
}

fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<TaskId> {
    numbers.into_iter().map(id).collect()
}

async fn queue(store: &Shared, tasks: impl IntoIterator<Item = NewTask>) {
    let tasks: Vec<NewTask> = tasks.into_iter().collect();
    store.task_submit(&tasks).await.unwrap();
}

/// Whoever claims, however many it asks for; submitted or queued by an instance.
pub async fn no_more_are_claimed_than_there_are_places(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (a, b) = (join(&store, "a").await, join(&store, "b").await);
    queue(&store, (1..5).map(|n| under(n, workflow, 3))).await;
    store.append(a, &[Write::TaskQueued(under(5, workflow, 3))]).await.unwrap();
    queue(
        &store,
        [under(6, workflow, 9).limit(limit("y", 1)), under(7, workflow, 9).limit(limit("none", 0))],
    )
    .await;
    assert_eq!(claim(&store, a, workflow, 0).await, []);
    assert_eq!(claim(&store, a, workflow, 1).await, [id(1)]);
    assert_eq!(claim(&store, b, workflow, 9).await, ids([2, 3, 6]));
    for epoch in [a, b] {
        assert_eq!(claim(&store, epoch, workflow, 9).await, []);
    }
}

/// Also while it waits, or is paused.
pub async fn a_place_is_had_from_the_claim_to_the_end(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    queue(&store, (1..5).map(|n| under(n, workflow, 2))).await;
    assert_eq!(claim(&store, epoch, workflow, 9).await, ids([1, 2]));
    store.append(epoch, &[Write::StepWaits(id(1), super::samples::wait("a", 4))]).await.unwrap();
    assert!(store.task_pause(id(2), &request("ann", 5)).await.unwrap());
    assert_eq!(claim(&store, epoch, workflow, 9).await, []);
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(6))]).await.unwrap();
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(3)]);
    let cancelled = TaskEnd { kind: TaskEndKind::Cancelled(request("ann", 3)), at: at(7) };
    store
        .append(
            epoch,
            &[Write::TaskEnded(id(2), None, cancelled), Write::TaskEnded(id(3), None, completed(6))],
        )
        .await
        .unwrap();
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(4)]);
}

/// A limit is a name; which workflow a task runs says nothing about it.
pub async fn all_versions_of_a_workflow_share_the_places(store: Shared) {
    let one = put_workflow(&store).await;
    let two = store.workflow_put(&workflow(2)).await.unwrap();
    let epoch = join(&store, "a").await;
    queue(&store, [under(1, one, 2), under(2, two, 2), under(3, one, 2), under(4, two, 2)]).await;
    assert_eq!(claim(&store, epoch, two, 9).await, ids([2, 4]));
    assert_eq!(claim(&store, epoch, one, 9).await, []);
    store.append(epoch, &[Write::TaskEnded(id(2), None, completed(6))]).await.unwrap();
    let both = claimed(&store, epoch, &[one, two], at(9), 9).await;
    assert_eq!(both.into_iter().map(|it| it.task).collect::<Vec<_>>(), [under(1, one, 2)]);
}

/// Where tasks know different numbers of places, one that does not fit yet keeps those behind it.
pub async fn they_are_served_by_priority_and_age_and_nobody_overtakes(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let queued = [
        under(4, workflow, 5),
        under(3, workflow, 2),
        under(2, workflow, 5),
        under(1, workflow, 5).priority(-1),
        under(5, workflow, 1).priority(7),
    ];
    queue(&store, queued).await;
    assert_eq!(claim(&store, epoch, workflow, 9).await, ids([5, 2]));
    assert_eq!(claim(&store, epoch, workflow, 9).await, [], "the third knows of two places");
    store.append(epoch, &[Write::TaskEnded(id(5), None, completed(6))]).await.unwrap();
    assert_eq!(claim(&store, epoch, workflow, 9).await, ids([3, 4, 1]));
}

/// A long queue for a place is in nobody else's way.
pub async fn the_others_are_not_kept(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    queue(&store, (1..40).map(|n| under(n, workflow, 1).priority(3))).await;
    assert_eq!(claim(&store, epoch, workflow, 1).await, [id(1)]);
    submit(&store, workflow, 50..60).await;
    queue(&store, [under(60, workflow, 1).limit(limit("y", 1))]).await;
    assert_eq!(claim(&store, epoch, workflow, 5).await, ids(50..55));
    assert_eq!(claim(&store, epoch, workflow, 99).await, ids(55..61));
}

/// By priority and age, up to as many as are asked for.
pub async fn they_are_merged_with_the_others_in_the_order_of_all(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let plain = [task(1, workflow), task(4, workflow), task(6, workflow).priority(1), task(9, workflow)];
    let limited = [
        under(2, workflow, 3),
        under(3, workflow, 3),
        under(5, workflow, 3).priority(1),
        under(7, workflow, 3),
    ];
    queue(&store, plain.into_iter().chain(limited)).await;
    assert_eq!(claim(&store, epoch, workflow, 3).await, ids([5, 6, 1]));
    assert_eq!(claim(&store, epoch, workflow, 9).await, ids([2, 3, 4, 9]));
}

/// Its place is free while nobody has it, and it may have to wait for another.
pub async fn a_queued_again_task_waits_for_a_place_like_others(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (a, b) = (join(&store, "a").await, join(&store, "b").await);
    queue(&store, (1..4).map(|n| under(n, workflow, 2))).await;
    assert_eq!(claim(&store, a, workflow, 1).await, [id(1)]);
    assert_eq!(claim(&store, b, workflow, 9).await, [id(2)]);
    store.instance_leave(a).await.unwrap();
    let again = claimed(&store, b, &[workflow], at(9), 9).await;
    assert_eq!((again.len(), again[0].task.id, again[0].resumed), (1, id(1), true));
    assert!(store.instance_retire(b, 0).await.unwrap());
    let c = join(&store, "c").await;
    assert_eq!(claim(&store, c, workflow, 9).await, ids([1, 2]));
    assert_eq!(claim(&store, c, workflow, 9).await, []);
}

/// It is under its limit as before.
pub async fn a_reopened_task_waits_for_a_place_like_others(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    queue(&store, (1..3).map(|n| under(n, workflow, 1))).await;
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
    let fails = TaskEnd { kind: TaskEndKind::Failed(failure(1)), at: at(50) };
    store.append(epoch, &[Write::TaskEnded(id(1), None, fails)]).await.unwrap();
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(2)]);
    assert!(store.task_reopen(id(1), &request("ann", 60)).await.unwrap());
    assert_eq!(claim(&store, epoch, workflow, 9).await, []);
    store.append(epoch, &[Write::TaskEnded(id(2), None, completed(6))]).await.unwrap();
    let again = claimed(&store, epoch, &[workflow], at(9), 9).await.pop().unwrap();
    assert_eq!((again.task, again.fence), (under(1, workflow, 1), Fence::new(2)));
}

/// Nothing of such a batch is written.
pub async fn a_task_under_a_limit_cannot_be_started(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let batch = [Write::TaskStarted(task(1, workflow)), Write::TaskStarted(under(2, workflow, 9))];
    let refused = store.append(epoch, &batch).await;
    assert!(matches!(refused, Err(JournalError::Rejected(_))), "{refused:?}");
    assert_eq!(store.task_get(id(1)).await.unwrap(), None);
}

/// With any name and number, beside whatever else is special.
pub async fn a_limit_is_kept_with_its_task(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let names = [("", ""), ("deploy 'x' \"y\"/故障", "deploy 'x' \"y\"/故障"), ("z\0", "z\u{fffd}")];
    for (n, (name, kept)) in (1..).zip(names) {
        let asked = task(n, workflow).label("l", "v").priority(4).limit(limit(name, u32::MAX));
        queue(&store, [asked.clone()]).await;
        let found = claimed(&store, epoch, &[workflow], at(9), 9).await.pop().unwrap();
        assert_eq!(found.task, asked.limit(limit(kept, u32::MAX)));
    }
}

/// The first that were asked for, and how many there are.
pub async fn who_has_the_places_is_told(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    queue(&store, (1..9).map(|n| under(n, workflow, 5))).await;
    submit(&store, workflow, [9]).await;
    let crowd = async |n| store.task_read(id(n)).await.unwrap().unwrap().crowd;
    assert_eq!(crowd(1).await, Crowd::default(), "nobody has one");
    assert_eq!(claim(&store, epoch, workflow, 9).await, ids([1, 2, 3, 4, 5, 9]));
    store.append(epoch, &[Write::TaskEnded(id(2), None, completed(6))]).await.unwrap();
    for n in [1, 8] {
        assert_eq!(crowd(n).await, Crowd { size: 4, some: ids([1, 3, 4]) });
    }
    for n in [2, 9] {
        assert_eq!(crowd(n).await, Crowd::default(), "task {n} is not under way, or under no limit");
    }
}

/// Instances that claim and end as fast as they can, some of them dying with what they have, never have more than there are places,
/// and in the end every task was done.
pub async fn simultaneous_claims_stay_within_the_limit(store: Shared) {
    const TASKS: u32 = 60;
    let workflow = put_workflow(&store).await;
    queue(&store, (0..TASKS).map(|n| if n % 3 == 0 { task(n, workflow) } else { under(n, workflow, 4) }))
        .await;
    let under_way = Mutex::new(std::collections::BTreeSet::<TaskId>::new());
    let done = Mutex::new(0);
    let work = async |name: &str, dies: bool| {
        let mut epoch: Epoch = join(&store, name).await;
        let mut round = 0;
        while *done.lock().unwrap() < TASKS {
            round += 1;
            let claims = match store.task_claim(epoch, &[workflow], at(9), 3).await {
                Ok(claims) => claims,
                Err(JournalError::Unavailable(_)) => Vec::new(),
                Err(error) => panic!("{error:?}"),
            };
            let tasks: Vec<NewTask> = claims.into_iter().map(|claim| claim.unwrap().task).collect();
            {
                let mut under_way = under_way.lock().unwrap();
                under_way.extend(tasks.iter().filter(|task| task.limit.is_some()).map(|task| task.id));
                assert!(under_way.len() <= 4, "{under_way:?}");
            }
            tokio::task::yield_now().await;
            // What is freed below may be claimed at once, so the books are cleared before.
            under_way.lock().unwrap().retain(|id| tasks.iter().all(|task| task.id != *id));
            if dies && round % 4 == 0 {
                epoch = join(&store, name).await;
                continue;
            }
            let ends: Vec<Write> =
                tasks.iter().map(|task| Write::TaskEnded(task.id, None, completed(6))).collect();
            while let Err(error) = store.append(epoch, &ends).await {
                assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
            }
            *done.lock().unwrap() += u32::try_from(ends.len()).unwrap();
        }
    };
    tokio::join!(work("a", false), work("b", true), work("c", false), work("d", true));
    for n in 0..TASKS {
        assert_eq!(store.task_end(id(n)).await.unwrap(), Some(completed(6)), "task {n}");
    }
}
