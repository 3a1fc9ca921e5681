//! Instances join, renew and are retired.

use super::samples::{LEASE, assert_fenced, claim, id, join, offers, put_workflow, running, submit};
use super::{Shared, rules};

rules!(
    epochs_only_grow,
    joining_again_retires_the_earlier_incarnation,
    simultaneous_joins_leave_one_alive,
    renewing_moves_the_beat,
    only_a_beat_that_stands_still_is_retired,
    leaving_is_harmless_twice,
    retiring_frees_the_tasks,
    retiring_leaves_the_tasks_of_others,
);

/// No epoch is ever given twice, not even after the last one left.
pub async fn epochs_only_grow(store: Shared) {
    let mut last = join(&store, "a").await;
    for name in ["b", "a", "a", "c"] {
        let epoch = join(&store, name).await;
        assert!(epoch > last, "{epoch:?} after {last:?}");
        store.instance_leave(epoch).await.unwrap();
        last = epoch;
    }
}

/// A process that starts again under its name does not wait for its own old lease.
pub async fn joining_again_retires_the_earlier_incarnation(store: Shared) {
    let old = running(&store).await;
    let other = join(&store, "b").await;
    let new = join(&store, "a").await;
    let alive: Vec<_> = store.instance_list().await.unwrap().into_iter().map(|beat| beat.epoch).collect();
    assert_eq!(alive, [other, new]);
    assert_fenced(store.instance_renew(old).await);
    let workflow = put_workflow(&store).await;
    assert_eq!(claim(&store, new, workflow, 9).await, [id(1)]);
}

/// Of several that join under one name at once, the last stays.
pub async fn simultaneous_joins_leave_one_alive(store: Shared) {
    let (a, b, c) = tokio::join!(join(&store, "a"), join(&store, "a"), join(&store, "a"));
    let alive: Vec<_> = store.instance_list().await.unwrap().into_iter().map(|beat| beat.epoch).collect();
    assert_eq!(alive, [a.max(b).max(c)]);
}

/// Rivals see that an instance lives by its beat.
pub async fn renewing_moves_the_beat(store: Shared) {
    let (a, b) = (join(&store, "a").await, join(&store, "b").await);
    let before = store.instance_list().await.unwrap();
    assert_eq!(
        before.iter().map(|beat| (beat.epoch, beat.name.as_str())).collect::<Vec<_>>(),
        [(a, "a"), (b, "b")]
    );
    for seen in &before {
        assert_eq!((seen.lease, &seen.offers), (LEASE, &offers(seen.name.as_str())));
    }
    store.instance_renew(b).await.unwrap();
    let after = store.instance_list().await.unwrap();
    assert_eq!(after.first(), before.first());
    assert_eq!(after.last().unwrap().beat, before.last().unwrap().beat + 1);
}

/// A rival that saw an old beat retires nobody.
pub async fn only_a_beat_that_stands_still_is_retired(store: Shared) {
    let epoch = join(&store, "a").await;
    let seen = store.instance_list().await.unwrap().first().unwrap().beat;
    store.instance_renew(epoch).await.unwrap();
    assert!(!store.instance_retire(epoch, seen).await.unwrap());
    store.instance_renew(epoch).await.unwrap();
    assert!(store.instance_retire(epoch, seen + 2).await.unwrap());
    assert!(!store.instance_retire(epoch, seen + 2).await.unwrap(), "retired twice");
    assert_fenced(store.instance_renew(epoch).await);
    assert_eq!(store.instance_list().await.unwrap(), []);
}

/// An orderly stop may be repeated, and may come after a rival was faster.
pub async fn leaving_is_harmless_twice(store: Shared) {
    let epoch = running(&store).await;
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    assert_eq!(claim(&store, next, workflow, 9).await, [id(1)]);
    store.instance_leave(epoch).await.unwrap();
    assert_eq!(claim(&store, next, workflow, 9).await, [], "the second leave freed another's task");
}

/// A retired instance's tasks can be claimed.
pub async fn retiring_frees_the_tasks(store: Shared) {
    let epoch = running(&store).await;
    let rival = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    assert_eq!(claim(&store, rival, workflow, 9).await, []);
    assert!(store.instance_retire(epoch, 0).await.unwrap(), "a new instance's beat is 0");
    assert_eq!(claim(&store, rival, workflow, 9).await, [id(1)]);
}

/// Nothing else is freed.
pub async fn retiring_leaves_the_tasks_of_others(store: Shared) {
    running(&store).await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [2]).await;
    let second = join(&store, "b").await;
    assert_eq!(claim(&store, second, workflow, 9).await, [id(2)]);
    store.instance_leave(second).await.unwrap();
    let third = join(&store, "c").await;
    assert_eq!(claim(&store, third, workflow, 9).await, [id(2)]);
}
