//! Workflows are stored once per content.

use super::samples::{put_workflow, workflow};
use super::{Shared, rules};

rules!(one_number_for_each_hash, the_list_is_by_number, simultaneous_puts_agree);

/// The same hash gives the same number again.
pub async fn one_number_for_each_hash(store: Shared) {
    let first = put_workflow(&store).await;
    let second = store.workflow_put(&workflow(2)).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(put_workflow(&store).await, first);
    assert_eq!(store.workflow_list().await.unwrap().len(), 2);
}

/// What was stored comes back, by number.
pub async fn the_list_is_by_number(store: Shared) {
    assert_eq!(store.workflow_list().await.unwrap(), []);
    for n in 1..=3 {
        store.workflow_put(&workflow(n)).await.unwrap();
    }
    let list = store.workflow_list().await.unwrap();
    assert!(list.is_sorted_by_key(|(id, _)| *id), "{list:?}");
    let stored: Vec<_> = list.into_iter().map(|(_, stored)| stored).collect();
    assert_eq!(stored, [workflow(1), workflow(2), workflow(3)]);
}

/// Instances that start together store their workflows together.
pub async fn simultaneous_puts_agree(store: Shared) {
    let (a, b, c) = tokio::join!(put_workflow(&store), put_workflow(&store), put_workflow(&store));
    assert_eq!((a, b), (b, c));
}
