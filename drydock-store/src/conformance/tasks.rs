//! The reading side.

use drydock_core::TaskId;
use drydock_core::journal::{NewTask, Parent, Write};

use super::samples::{
    at, attempt, child, claim, completed, done, failed, id, join, mark, message, name, payload, put_workflow,
    running, signal, submit, task, wait, workflow,
};
use super::{Shared, rules};
use crate::repo::{ParentFilter, TaskQuery, TaskRecord, TaskStatus};

rules!(
    what_is_not_there_is_none,
    a_record_follows_its_task,
    a_list_is_by_id_in_pages,
    a_list_knows_parents,
    children_are_by_step_and_index,
    a_history_is_in_order_of_time,
);

/// On an empty store and on another task's.
pub async fn what_is_not_there_is_none(store: Shared) {
    assert_eq!(store.task_get(id(2)).await.unwrap(), None);
    assert_eq!(store.task_list(&TaskQuery::default()).await.unwrap(), []);
    running(&store).await;
    assert_eq!(store.task_get(id(2)).await.unwrap(), None);
    assert_eq!(store.task_history(id(2)).await.unwrap(), None);
}

/// From the queue to the end, with the latest time of change.
pub async fn a_record_follows_its_task(store: Shared) {
    let workflow_id = put_workflow(&store).await;
    submit(&store, workflow_id, [1]).await;
    let mut expected = TaskRecord {
        id: id(1),
        parent: None,
        workflow: workflow(1).name,
        version: 1,
        input: payload(1),
        key: None,
        priority: 0,
        labels: std::collections::BTreeMap::new(),
        status: TaskStatus::Queued,
        created_at: at(1),
        started_at: None,
        updated_at: None,
        cancellation: None,
        pause: None,
        end: None,
        children: vec![],
        messages: vec![],
    };
    assert_eq!(store.task_get(id(1)).await.unwrap(), Some(expected.clone()));
    let epoch = join(&store, "a").await;
    claim(&store, epoch, workflow_id, 1).await;
    (expected.status, expected.started_at) = (TaskStatus::Running, Some(at(1000)));
    assert_eq!(store.task_get(id(1)).await.unwrap(), Some(expected.clone()));
    let changes = [
        (Write::StepEnded(id(1), done("a", 2000)), 2000),
        (Write::AttemptFailed(id(1), attempt("b", 1, 2001)), 2001),
        (Write::StepWaits(id(1), wait("c", 2002)), 2002),
        (Write::StepEnded(id(1), done("d", 1500)), 2002),
    ];
    for (write, updated_at) in changes {
        store.append(epoch, &[write]).await.unwrap();
        expected.updated_at = Some(at(updated_at));
        assert_eq!(store.task_get(id(1)).await.unwrap(), Some(expected.clone()));
    }
    store.append(epoch, &[Write::MessageSaid(id(1), message(0))]).await.unwrap();
    expected.messages.push(message(0));
    assert_eq!(store.task_list(&TaskQuery::default()).await.unwrap(), [expected.clone()]);
    store.instance_leave(epoch).await.unwrap();
    expected.status = TaskStatus::Queued;
    assert_eq!(store.task_get(id(1)).await.unwrap(), Some(expected.clone()));
    let next = join(&store, "b").await;
    claim(&store, next, workflow_id, 1).await;
    store.append(next, &[Write::TaskEnded(id(1), None, completed(3000))]).await.unwrap();
    (expected.status, expected.updated_at) = (TaskStatus::Complete, Some(at(3000)));
    expected.end = Some(completed(3000));
    assert_eq!(store.task_get(id(1)).await.unwrap(), Some(expected));
}

async fn listed(store: &Shared, query: TaskQuery) -> Vec<TaskId> {
    store.task_list(&query).await.unwrap().into_iter().map(|record| record.id).collect()
}

/// Pages neither overlap nor leave a gap.
pub async fn a_list_is_by_id_in_pages(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [5, 3, 1, 4, 2, 6, 7]).await;
    let mut seen = Vec::new();
    let mut query = TaskQuery { limit: Some(3), ..TaskQuery::default() };
    loop {
        let page = listed(&store, query.clone()).await;
        assert!(page.len() <= 3, "{page:?}");
        let Some(last) = page.last() else { break };
        query.after = Some(*last);
        seen.extend(page);
    }
    assert_eq!(seen, (1..=7).map(id).collect::<Vec<_>>());
    assert_eq!(listed(&store, TaskQuery { limit: Some(0), ..TaskQuery::default() }).await, []);
    let greatest = TaskId::from_uuid(uuid::Uuid::max());
    assert_eq!(listed(&store, TaskQuery { after: Some(greatest), ..TaskQuery::default() }).await, []);
}

/// Roots, and the children of some; with pages too.
pub async fn a_list_knows_parents(store: Shared) {
    let workflow = put_workflow(&store).await;
    let tasks = [
        task(1, workflow),
        task(2, workflow),
        child(3, workflow, 1, 0),
        child(4, workflow, 2, 0),
        child(5, workflow, 3, 0),
        child(6, workflow, 1, 1),
    ];
    store.task_submit(&tasks).await.unwrap();
    let of = |parents: &[u32]| TaskQuery {
        parents: ParentFilter::Of(parents.iter().map(|n| id(*n)).collect()),
        ..TaskQuery::default()
    };
    let roots = TaskQuery { parents: ParentFilter::Roots, ..TaskQuery::default() };
    assert_eq!(listed(&store, roots.clone()).await, [id(1), id(2)]);
    assert_eq!(listed(&store, TaskQuery { after: Some(id(1)), ..roots }).await, [id(2)]);
    assert_eq!(listed(&store, of(&[1])).await, [id(3), id(6)]);
    assert_eq!(listed(&store, of(&[3, 1])).await, [id(3), id(5), id(6)]);
    assert_eq!(listed(&store, of(&[4, 99])).await, []);
    assert_eq!(listed(&store, of(&[])).await, []);
    assert_eq!(listed(&store, TaskQuery { limit: Some(1), after: Some(id(3)), ..of(&[1]) }).await, [id(6)]);
    let record = store.task_get(id(5)).await.unwrap().unwrap();
    assert_eq!(record.parent, Some(Parent { task: id(3), step: name("fan"), index: 0 }));
}

/// Whatever their ids and times are; steps by their bytes.
pub async fn children_are_by_step_and_index(store: Shared) {
    let workflow = put_workflow(&store).await;
    let of = |n, fan: &str, index| NewTask {
        parent: Some(Parent { task: id(1), step: name(fan), index }),
        ..task(n, workflow)
    };
    let tasks = [
        task(1, workflow),
        of(2, "b", 1),
        of(3, "b", 0),
        of(4, "a", 10),
        of(5, "a", 9),
        of(6, "B", 5),
        of(7, "a-b", 0),
        of(8, "a.b", 0),
    ];
    store.task_submit(&tasks).await.unwrap();
    let children = store.task_get(id(1)).await.unwrap().unwrap().children;
    assert_eq!(children, [id(6), id(5), id(4), id(7), id(8), id(3), id(2)]);
}

/// All that is recorded, and the workflow.
pub async fn a_history_is_in_order_of_time(store: Shared) {
    let epoch = running(&store).await;
    let batch = [
        Write::StepEnded(id(1), done("a", 9)),
        Write::StepEnded(id(1), failed("b", 8)),
        Write::StepEnded(id(1), done("c", 7)),
        Write::AttemptFailed(id(1), attempt("b", 2, 6)),
        Write::AttemptFailed(id(1), attempt("b", 1, 4)),
        Write::AttemptFailed(id(1), attempt("a", 1, 5)),
        Write::StepWaits(id(1), wait("z", 1)),
        Write::StepWaits(id(1), wait("B", 2)),
        Write::StepWaits(id(1), wait("a", 3)),
        Write::Marked(id(1), mark("b", "y", 4)),
        Write::Marked(id(1), mark("b", "x", 4)),
        Write::Marked(id(1), mark("c", "x", 3)),
    ];
    store.append(epoch, &batch).await.unwrap();
    for (n, at) in [(1, 5), (3, 4), (2, 4)] {
        assert!(store.signal_send(id(1), &signal(n, at)).await.unwrap());
    }
    let history = store.task_history(id(1)).await.unwrap().unwrap();
    assert_eq!(history.definition, workflow(1).definition);
    assert_eq!(Some(&history.task), store.task_get(id(1)).await.unwrap().as_ref());
    assert_eq!(history.checkpoints, [done("c", 7), failed("b", 8), done("a", 9)]);
    assert_eq!(history.attempts, [attempt("b", 1, 4), attempt("a", 1, 5), attempt("b", 2, 6)]);
    assert_eq!(history.waits, [wait("B", 2), wait("a", 3), wait("z", 1)]);
    assert_eq!(history.marks, [mark("c", "x", 3), mark("b", "x", 4), mark("b", "y", 4)]);
    assert_eq!(history.signals, [signal(2, 4), signal(3, 4), signal(1, 5)]);
}
