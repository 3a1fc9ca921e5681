//! Children: counted while they live, listed once they ended.

use drydock_core::journal::{ChildEnd, NewTask, Parent, Write};

use super::samples::{child, claim, completed, id, join, name, put_workflow, running};
use super::{Shared, rules};

rules!(open_children_are_counted, the_ends_of_children_are_by_index_and_step, anybody_claims_a_queued_child);

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
    store.append(epoch, &[Write::TaskEnded(id(4), completed(9))]).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(3), completed(9))]).await.unwrap();
    assert_eq!(store.news(epoch, &asked).await.unwrap().open_children, [(id(1), 1)]);
}

/// Only of that step, only the ended ones.
pub async fn the_ends_of_children_are_by_index_and_step(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let parent = Some(Parent { task: id(1), step: name("other"), index: 0 });
    let batch = [
        Write::TaskStarted(child(2, workflow, 1, 2)),
        Write::TaskStarted(child(3, workflow, 1, 10)),
        Write::TaskStarted(child(4, workflow, 1, 1)),
        Write::TaskStarted(child(5, workflow, 1, 0)),
        Write::TaskStarted(NewTask { parent, ..child(6, workflow, 1, 0) }),
    ];
    store.append(epoch, &batch).await.unwrap();
    assert_eq!(store.child_ends(id(1), &name("fan")).await.unwrap(), []);
    let ends: Vec<Write> = [2, 3, 4, 6].into_iter().map(|n| Write::TaskEnded(id(n), completed(n))).collect();
    store.append(epoch, &ends).await.unwrap();
    let end = |index, n| ChildEnd { index, task: id(n), end: completed(n) };
    assert_eq!(store.child_ends(id(1), &name("fan")).await.unwrap(), [end(1, 4), end(2, 2), end(10, 3)]);
    assert_eq!(store.child_ends(id(1), &name("other")).await.unwrap(), [end(0, 6)]);
    assert_eq!(store.child_ends(id(2), &name("fan")).await.unwrap(), []);
}

/// Children spread over the instances.
pub async fn anybody_claims_a_queued_child(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[Write::TaskQueued(child(2, workflow, 1, 0))]).await.unwrap();
    let other = join(&store, "b").await;
    assert_eq!(claim(&store, other, workflow, 9).await, [id(2)]);
    store.append(other, &[Write::TaskEnded(id(2), completed(9))]).await.unwrap();
    assert_eq!(store.child_ends(id(1), &name("fan")).await.unwrap().len(), 1);
}
