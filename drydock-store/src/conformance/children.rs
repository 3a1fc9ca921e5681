//! Children: counted while they live, listed for ever.

use drydock_core::journal::{Child, Parent, Write};

use super::samples::{child, claim, completed, id, join, name, put_workflow, running};
use super::{Shared, rules};

rules!(open_children_are_counted, children_are_by_index_and_step, anybody_claims_a_queued_child);

/// Of the parents asked about, and not of grandchildren; a parent without open children is not in the answer.
pub async fn open_children_are_counted(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let batch = [
        Write::TaskQueued(child(2, workflow, 1, 0)),
        Write::TaskStarted(child(3, workflow, 1, 1)),
        Write::TaskStarted(child(4, workflow, 3, 0)),
    ];
    store.append(epoch, &batch).await.unwrap();
    let asked = [id(3), id(1), id(2), id(1), id(99)];
    let news = store.news(epoch, &asked).await.unwrap();
    assert_eq!(news.open_children, [(id(1), 2), (id(3), 1)]);
    assert_eq!(store.news(epoch, &[id(3)]).await.unwrap().open_children, [(id(3), 1)]);
    assert_eq!(store.news(epoch, &[]).await.unwrap().open_children, []);
    store.append(epoch, &[Write::TaskEnded(id(4), None, completed(9))]).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(3), None, completed(9))]).await.unwrap();
    assert_eq!(store.news(epoch, &asked).await.unwrap().open_children, [(id(1), 1)]);
}

/// Only of that step; with their ends once they have ended, also while others run.
pub async fn children_are_by_index_and_step(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let parent = Parent { task: id(1), step: name("other"), index: 0 };
    let batch = [
        Write::TaskStarted(child(2, workflow, 1, 2)),
        Write::TaskStarted(child(3, workflow, 1, 10)),
        Write::TaskStarted(child(4, workflow, 1, 1)),
        Write::TaskStarted(child(5, workflow, 1, 0)),
        Write::TaskQueued(child(6, workflow, 1, 0).child_of(parent)),
    ];
    store.append(epoch, &batch).await.unwrap();
    let listed = async |step: &str| store.child_list(id(1), &name(step)).await.unwrap();
    let open = |index, n| Child { index, task: id(n), end: None };
    assert_eq!(listed("fan").await, [open(0, 5), open(1, 4), open(2, 2), open(10, 3)]);
    let ends: Vec<Write> =
        [2, 3, 4].into_iter().map(|n| Write::TaskEnded(id(n), None, completed(n))).collect();
    store.append(epoch, &ends).await.unwrap();
    let ended = |index, n| Child { index, task: id(n), end: Some(completed(n)) };
    assert_eq!(listed("fan").await, [open(0, 5), ended(1, 4), ended(2, 2), ended(10, 3)]);
    assert_eq!(listed("other").await, [open(0, 6)]);
    assert_eq!(store.child_list(id(2), &name("fan")).await.unwrap(), []);
}

/// Children spread over the instances.
pub async fn anybody_claims_a_queued_child(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[Write::TaskQueued(child(2, workflow, 1, 0))]).await.unwrap();
    let other = join(&store, "b").await;
    assert_eq!(claim(&store, other, workflow, 9).await, [id(2)]);
    store.append(other, &[Write::TaskEnded(id(2), None, completed(9))]).await.unwrap();
    assert_eq!(store.child_list(id(1), &name("fan")).await.unwrap().len(), 1);
}
