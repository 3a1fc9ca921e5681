//! Finding tasks.

use std::collections::BTreeMap;

use drydock_core::journal::{NewTask, TaskEnd, TaskEndKind, Write};
use drydock_core::{TaskId, WorkflowName};

use super::samples::{at, claim, completed, failure, id, join, put_workflow, request, task, workflow};
use super::{Shared, rules};
use crate::repo::{Cursor, SearchOrder, TaskSearch, TaskStatus};

rules!(
    all_given_labels_must_be_there,
    each_status_is_found,
    workflows_and_times_narrow_it_down,
    pages_go_on_where_the_last_one_stopped,
    a_cursor_survives_new_tasks,
    a_found_task_is_whole,
    text_may_hold_a_nul,
);

async fn found(store: &Shared, search: &TaskSearch) -> Vec<TaskId> {
    store.task_search(search).await.unwrap().tasks.into_iter().map(|record| record.id).collect()
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn submit(store: &Shared, tasks: &[NewTask]) {
    store.task_submit(tasks).await.unwrap();
}

/// Names with their values, and not some of them.
pub async fn all_given_labels_must_be_there(store: Shared) {
    let workflow = put_workflow(&store).await;
    let in_rack = |n, rack: &str| task(n, workflow).label("rack", rack);
    submit(
        &store,
        &[in_rack(1, "1"), in_rack(2, "2").label("site", "x"), in_rack(3, "1").label("site", "x")],
    )
    .await;
    submit(&store, &[task(4, workflow).label("site", "1")]).await;
    for (wanted, expected) in [
        (&[("rack", "1")][..], &[1, 3][..]),
        (&[("rack", "1"), ("site", "x")], &[3]),
        (&[("site", "x")], &[2, 3]),
        (&[("rack", "1"), ("site", "y")], &[]),
        (&[("Rack", "1")], &[]),
        (&[], &[1, 2, 3, 4]),
    ] {
        let search = TaskSearch { labels: labels(wanted), ..TaskSearch::default() };
        let expected: Vec<TaskId> = expected.iter().map(|n| id(*n)).collect();
        assert_eq!(found(&store, &search).await, expected, "{wanted:?}");
    }
}

/// With and without labels; none is in two.
pub async fn each_status_is_found(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let started = |n| Write::TaskStarted(task(n, workflow).label("rack", "1"));
    let ended = |n, kind| Write::TaskEnded(id(n), None, TaskEnd { kind, at: at(50) });
    let mut batch: Vec<Write> = (2..=6).map(started).collect();
    batch.push(Write::TaskQueued(task(1, workflow).label("rack", "1")));
    batch.push(ended(4, TaskEndKind::Cancelled(request("ann", 3))));
    batch.push(ended(5, TaskEndKind::Failed(failure(1))));
    batch.push(Write::TaskEnded(id(6), None, completed(9)));
    store.append(epoch, &batch).await.unwrap();
    submit(&store, &[task(7, workflow).label("rack", "1")]).await;
    for n in [3, 7] {
        assert!(store.task_cancel(id(n), &request("ann", 3)).await.unwrap());
    }
    for (status, expected) in [
        (TaskStatus::Queued, &[1][..]),
        (TaskStatus::Running, &[2]),
        (TaskStatus::Terminating, &[3, 7]),
        (TaskStatus::Complete, &[5, 6]),
        (TaskStatus::Terminated, &[4]),
    ] {
        for labels in [labels(&[]), labels(&[("rack", "1")])] {
            let search = TaskSearch { status: Some(status), labels, ..TaskSearch::default() };
            let page = store.task_search(&search).await.unwrap();
            assert!(page.tasks.iter().all(|record| record.status == status), "{status:?}");
            let expected: Vec<TaskId> = expected.iter().map(|n| id(*n)).collect();
            assert_eq!(found(&store, &search).await, expected, "{status:?}");
        }
    }
}

/// All versions of a workflow; from a time on, and before one.
pub async fn workflows_and_times_narrow_it_down(store: Shared) {
    let first = put_workflow(&store).await;
    let second = store.workflow_put(&workflow(2)).await.unwrap();
    let name = WorkflowName::new("destroy/node").unwrap();
    let mut other = workflow(3);
    other.name = name.clone();
    let other = store.workflow_put(&other).await.unwrap();
    submit(&store, &[task(1, first), task(2, other), task(3, second), task(4, other)]).await;
    let of = |name: &WorkflowName| TaskSearch { workflow: Some(name.clone()), ..TaskSearch::default() };
    assert_eq!(found(&store, &of(&workflow(1).name)).await, [id(1), id(3)]);
    assert_eq!(found(&store, &of(&name)).await, [id(2), id(4)]);
    assert_eq!(found(&store, &of(&WorkflowName::new("nothing").unwrap())).await, []);
    let from = TaskSearch { created_from: Some(at(2)), ..TaskSearch::default() };
    assert_eq!(found(&store, &from).await, [id(2), id(3), id(4)]);
    let between = TaskSearch { created_before: Some(at(4)), ..from };
    assert_eq!(found(&store, &between).await, [id(2), id(3)]);
    assert_eq!(found(&store, &TaskSearch { workflow: Some(name), ..between }).await, [id(2)]);
}

async fn pages(store: &Shared, mut search: TaskSearch) -> Vec<Vec<TaskId>> {
    let mut pages = Vec::new();
    loop {
        let page = store.task_search(&search).await.unwrap();
        pages.push(page.tasks.iter().map(|record| record.id).collect());
        let Some(next) = page.next else { return pages };
        // Through its text, as an API does.
        search.after = Some(next.to_string().parse::<Cursor>().unwrap());
    }
}

/// In both orders; the last page says that it is the last, also when it is full.
pub async fn pages_go_on_where_the_last_one_stopped(store: Shared) {
    let workflow = put_workflow(&store).await;
    let tasks: Vec<NewTask> = (1..=7).map(|n| task(n, workflow).label("odd", (n % 2).to_string())).collect();
    submit(&store, &tasks).await;
    let by_three = TaskSearch { limit: 3, ..TaskSearch::default() };
    let ids = |numbers: &[u32]| numbers.iter().map(|n| id(*n)).collect::<Vec<_>>();
    let oldest = pages(&store, by_three.clone()).await;
    assert_eq!(oldest, [ids(&[1, 2, 3]), ids(&[4, 5, 6]), ids(&[7])]);
    let newest = TaskSearch { order: SearchOrder::NewestFirst, ..by_three };
    assert_eq!(pages(&store, newest.clone()).await, [ids(&[7, 6, 5]), ids(&[4, 3, 2]), ids(&[1])]);
    let odd = TaskSearch { labels: labels(&[("odd", "1")]), limit: 2, ..newest };
    assert_eq!(pages(&store, odd).await, [ids(&[7, 5]), ids(&[3, 1])]);
    let none = TaskSearch { limit: 0, created_before: Some(at(0)), ..TaskSearch::default() };
    assert_eq!(pages(&store, none).await, [ids(&[])]);
    assert!("7".parse::<Cursor>().is_err() && "".parse::<Cursor>().is_err());
}

/// Started between two pages, they neither repeat nor hide what was there.
pub async fn a_cursor_survives_new_tasks(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, &[task(1, workflow), task(4, workflow), task(6, workflow)]).await;
    for (order, seen, rest) in [
        (SearchOrder::OldestFirst, [1, 4], vec![id(5), id(6), id(7)]),
        (SearchOrder::NewestFirst, [7, 6], vec![id(5), id(4), id(2), id(1)]),
    ] {
        let mut search = TaskSearch { order, limit: 2, ..TaskSearch::default() };
        let page = store.task_search(&search).await.unwrap();
        assert!(page.tasks.iter().map(|record| record.id).eq(seen.map(id)));
        submit(&store, &[task(2, workflow), task(5, workflow), task(7, workflow)]).await;
        (search.after, search.limit) = (page.next, 9);
        assert_eq!(found(&store, &search).await, rest);
    }
}

/// With children, messages and all.
pub async fn a_found_task_is_whole(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, &[task(1, workflow).label("rack", "1").key("k").priority(2)]).await;
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
    let batch = [
        Write::TaskQueued(super::samples::child(2, workflow, 1, 0)),
        Write::MessageSaid(id(1), super::samples::message(0)),
    ];
    store.append(epoch, &batch).await.unwrap();
    let search = TaskSearch { labels: labels(&[("rack", "1")]), ..TaskSearch::default() };
    let page = store.task_search(&search).await.unwrap();
    assert_eq!(page.tasks, store.task_get(id(1)).await.unwrap().into_iter().collect::<Vec<_>>());
    assert_eq!((page.tasks.len(), page.next), (1, None));
}

/// What is looked for is replaced as what was stored was.
pub async fn text_may_hold_a_nul(store: Shared) {
    let workflow = put_workflow(&store).await;
    submit(&store, &[task(1, workflow).label("l\0", "1\0")]).await;
    let search = TaskSearch { labels: labels(&[("l\0", "1\0")]), ..TaskSearch::default() };
    assert_eq!(found(&store, &search).await, [id(1)]);
}
