//! What a task may be started with: a key, a priority, labels.

use std::collections::BTreeMap;

use drydock_core::TaskId;
use drydock_core::journal::{NewTask, TaskEnd, TaskEndKind, Write};

use super::samples::{
    at, child, claim, claimed, completed, done, failure, id, join, put_workflow, request, submit, task,
};
use super::{Shared, rules};
use crate::repo::TaskQuery;

rules!(
    the_first_of_a_key_stands,
    a_key_stands_after_the_end,
    several_of_one_key_are_one,
    simultaneous_submissions_of_a_key_are_one,
    a_batch_leaves_out_what_has_its_key,
    a_keyed_task_may_start_and_end_in_one_batch,
    what_exists_keeps_what_it_was_started_with,
    the_greatest_priority_is_claimed_first,
    options_come_back,
    a_reopened_task_keeps_its_options,
    text_may_hold_a_nul,
);

async fn submitted(store: &Shared, tasks: &[NewTask]) -> Vec<TaskId> {
    store.task_submit(tasks).await.unwrap()
}

async fn stored(store: &Shared) -> Vec<TaskId> {
    store.task_list(&TaskQuery::default()).await.unwrap().into_iter().map(|record| record.id).collect()
}

/// Whoever asks again, under another id, is told the first.
pub async fn the_first_of_a_key_stands(store: Shared) {
    let workflow = put_workflow(&store).await;
    let keyed = |n, key: &str| task(n, workflow).key(key);
    assert_eq!(submitted(&store, &[keyed(1, "order-1"), task(2, workflow)]).await, [id(1), id(2)]);
    let again = [keyed(3, "order-2"), keyed(4, "order-1"), task(5, workflow), keyed(1, "order-1")];
    assert_eq!(submitted(&store, &again).await, [id(3), id(1), id(5), id(1)]);
    assert_eq!(stored(&store).await, [id(1), id(2), id(3), id(5)]);
    assert_eq!(submitted(&store, &[]).await, []);
}

/// For ever.
pub async fn a_key_stands_after_the_end(store: Shared) {
    let workflow = put_workflow(&store).await;
    submitted(&store, &[task(1, workflow).key("k")]).await;
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(5))]).await.unwrap();
    assert_eq!(submitted(&store, &[task(2, workflow).key("k")]).await, [id(1)]);
    assert_eq!(claim(&store, epoch, workflow, 9).await, []);
}

/// In one call; and of one id, whatever its key.
pub async fn several_of_one_key_are_one(store: Shared) {
    let workflow = put_workflow(&store).await;
    let keyed = |n, key: &str| task(n, workflow).key(key).label("of", key);
    let tasks = [keyed(1, "a"), keyed(2, "a"), keyed(1, "b"), keyed(3, "c"), keyed(3, "c")];
    assert_eq!(submitted(&store, &tasks).await, [id(1), id(1), id(1), id(3), id(3)]);
    assert_eq!(stored(&store).await, [id(1), id(3)]);
    assert_eq!(
        submitted(&store, &[keyed(4, "b")]).await,
        [id(4)],
        "a task that was left out has taken a key"
    );
}

/// Several callers at the same moment.
pub async fn simultaneous_submissions_of_a_key_are_one(store: Shared) {
    let workflow = put_workflow(&store).await;
    let ask = async |n| submitted(&store, &[task(n, workflow).key("k").label("n", "1")]).await;
    let (a, b, c, d) = tokio::join!(ask(1), ask(2), ask(3), ask(4));
    let standing = stored(&store).await;
    assert_eq!(standing.len(), 1);
    assert_eq!([a, b, c, d].concat(), [standing.as_slice(); 4].concat());
}

/// And so when it is sent again, started or queued.
pub async fn a_batch_leaves_out_what_has_its_key(store: Shared) {
    let workflow = put_workflow(&store).await;
    submitted(&store, &[task(1, workflow).key("k")]).await;
    let epoch = join(&store, "a").await;
    let keyed = |n| task(n, workflow).key("k").label("n", "2").priority(5);
    let batch = [
        Write::TaskStarted(keyed(2)),
        Write::TaskQueued(keyed(3)),
        Write::TaskStarted(keyed(4)),
        Write::TaskEnded(id(4), None, completed(9)),
        Write::TaskStarted(task(5, workflow).key("free").label("n", "5")),
    ];
    for _ in 0..2 {
        store.append(epoch, &batch).await.unwrap();
        assert_eq!(stored(&store).await, [id(1), id(5)]);
        assert_eq!(store.task_end(id(4)).await.unwrap(), None);
    }
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    assert_eq!(claim(&store, next, workflow, 9).await, [id(1), id(5)]);
}

/// As a task without a key.
pub async fn a_keyed_task_may_start_and_end_in_one_batch(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let batch = [
        Write::TaskStarted(task(1, workflow).key("k").label("rack", "1")),
        Write::StepEnded(id(1), done("a", 6)),
        Write::TaskEnded(id(1), None, completed(7)),
    ];
    for _ in 0..2 {
        store.append(epoch, &batch).await.unwrap();
        let record = store.task_get(id(1)).await.unwrap().unwrap();
        assert_eq!((record.end, record.started_at), (Some(completed(7)), Some(at(1))));
        assert_eq!(record.labels, BTreeMap::from([("rack".to_owned(), "1".to_owned())]));
    }
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    assert_eq!(claim(&store, next, workflow, 9).await, []);
}

/// A second start under its id adds no label and no key, and changes no priority.
pub async fn what_exists_keeps_what_it_was_started_with(store: Shared) {
    let workflow = put_workflow(&store).await;
    let first = task(1, workflow).label("rack", "1");
    submitted(&store, std::slice::from_ref(&first)).await;
    let second = task(1, workflow).label("rack", "2").label("row", "3").key("k").priority(7);
    assert_eq!(submitted(&store, std::slice::from_ref(&second)).await, [id(1)]);
    let epoch = join(&store, "a").await;
    store.append(epoch, &[Write::TaskQueued(second)]).await.unwrap();
    let claimed = claimed(&store, epoch, &[workflow], at(9), 9).await;
    assert_eq!(claimed.into_iter().map(|claimed| claimed.task).collect::<Vec<_>>(), [first]);
    assert_eq!(submitted(&store, &[task(2, workflow).key("k")]).await, [id(2)], "the key was taken");
}

/// Then the oldest, as ever; below 0 is after all others.
pub async fn the_greatest_priority_is_claimed_first(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (urgent, later) = (task(4, workflow).priority(i16::MAX), task(1, workflow).priority(i16::MIN));
    submitted(&store, &[later, urgent, task(5, workflow).priority(3), task(2, workflow).priority(3)]).await;
    submit(&store, workflow, [3]).await;
    let epoch = join(&store, "a").await;
    let started =
        [Write::TaskStarted(task(6, workflow).priority(9)), Write::TaskQueued(task(7, workflow).priority(3))];
    store.append(epoch, &started).await.unwrap();
    assert_eq!(claim(&store, epoch, workflow, 2).await, [id(4), id(2)]);
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(5), id(7), id(3), id(1)]);
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    assert_eq!(claim(&store, next, workflow, 2).await, [id(4), id(6)]);
}

/// To whoever claims the task, and to whoever reads it.
pub async fn options_come_back(store: Shared) {
    let workflow = put_workflow(&store).await;
    let all = [
        task(1, workflow).key("").priority(-3),
        task(2, workflow)
            .key("k 'x' \"y\" 故障")
            .label("", "")
            .label("rack", "1 'x' \"y\" {故障}")
            .label("a", "b"),
        child(3, workflow, 1, 7).label("row", "3"),
    ];
    submitted(&store, &all[..2]).await;
    let epoch = join(&store, "a").await;
    store.append(epoch, &[Write::TaskQueued(all[2].clone())]).await.unwrap();
    for task in &all {
        let record = store.task_get(task.id).await.unwrap().unwrap();
        assert_eq!((&record.key, record.priority, &record.labels), (&task.key, task.priority, &task.labels));
    }
    let mut claimed = claimed(&store, epoch, &[workflow], at(9), 9).await;
    claimed.sort_by_key(|claimed| claimed.task.id);
    assert!(claimed.into_iter().map(|claimed| claimed.task).eq(all));
}

/// Its key, its place in the queue, its labels.
pub async fn a_reopened_task_keeps_its_options(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let urgent = task(2, workflow).key("k").priority(4).label("rack", "1");
    let end = TaskEnd { kind: TaskEndKind::Failed(failure(1)), at: at(50) };
    let batch = [
        Write::TaskQueued(task(1, workflow)),
        Write::TaskStarted(urgent.clone()),
        Write::TaskEnded(id(2), None, end),
    ];
    store.append(epoch, &batch).await.unwrap();
    assert!(store.task_reopen(id(2), &request("ann", 60)).await.unwrap());
    let claimed = claimed(&store, epoch, &[workflow], at(9), 1).await;
    assert_eq!(claimed.into_iter().map(|claimed| claimed.task).collect::<Vec<_>>(), [urgent]);
}

/// As in every text: it is replaced, and then two keys, or two labels, may be one; the first counts.
pub async fn text_may_hold_a_nul(store: Shared) {
    let workflow = put_workflow(&store).await;
    let odd = task(1, workflow).key("a\0").label("l\0", "1\0").label("l\u{fffd}", "2");
    let same = task(2, workflow).key("a\u{fffd}");
    assert_eq!(submitted(&store, &[odd, same.clone()]).await, [id(1), id(1)]);
    assert_eq!(submitted(&store, &[same]).await, [id(1)]);
    let record = store.task_get(id(1)).await.unwrap().unwrap();
    assert_eq!(record.key.as_deref(), Some("a\u{fffd}"));
    assert_eq!(record.labels, BTreeMap::from([("l\u{fffd}".to_owned(), "1\u{fffd}".to_owned())]));
}
