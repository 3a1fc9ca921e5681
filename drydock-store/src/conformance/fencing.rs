//! A retired epoch writes nothing, whatever its process believes.

use drydock_core::Epoch;
use drydock_core::journal::{JournalError, Write};

use super::samples::{
    assert_fenced, at, attempt, claim, claimed, completed, done, fact, id, join, mark, message, progress,
    put_workflow, running, signal, signal_id, step, task, wait,
};
use super::{Shared, rules};
use crate::repo::FactQuery;

rules!(
    every_kind_of_write_is_refused,
    a_refused_batch_leaves_no_trace,
    an_unknown_epoch_is_refused,
    claims_and_renewals_are_refused,
    only_the_owner_ends_a_task,
    nothing_becomes_visible_after_a_retirement,
);

/// Each write alone, and no write at all.
pub async fn every_kind_of_write_is_refused(store: Shared) {
    let epoch = running(&store).await;
    store.instance_leave(epoch).await.unwrap();
    let workflow = put_workflow(&store).await;
    let writes = [
        Write::TaskStarted(task(2, workflow)),
        Write::TaskQueued(task(3, workflow)),
        Write::StepEnded(id(1), done("a", 2)),
        Write::AttemptFailed(id(1), attempt("a", 1, 2)),
        Write::StepReopened(id(1), attempt("a", 1, 2)),
        Write::StepWaits(id(1), wait("a", 2)),
        Write::Marked(id(1), mark("a", "begun", 2)),
        Write::SignalTaken(id(1), signal_id(1), step("a")),
        Write::LocksFreed(id(1), None),
        Write::SlotsFreed(id(1), step("a"), 1),
        Write::MessageSaid(id(1), message(0)),
        Write::FactFound(id(1), fact(0, "n1", "lshw", 2)),
        Write::StepProgressed(id(1), progress("a", 2)),
        Write::TaskEnded(id(1), None, completed(9)),
    ];
    for write in writes {
        assert_fenced(store.append(epoch, &[write]).await);
    }
    assert_fenced(store.append(epoch, &[]).await);
}

/// After a takeover the new owner sees what was there before, and nothing of the refused batch.
pub async fn a_refused_batch_leaves_no_trace(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[Write::StepEnded(id(1), done("a", 2))]).await.unwrap();
    let rival = join(&store, "b").await;
    assert!(store.instance_retire(epoch, 0).await.unwrap());
    assert!(store.signal_send(id(1), &signal(1, 3)).await.unwrap());
    let before = store.task_history(id(1)).await.unwrap();
    let workflow = put_workflow(&store).await;
    let late = [
        Write::StepEnded(id(1), done("b", 3)),
        Write::Marked(id(1), mark("b", "begun", 2)),
        Write::SignalTaken(id(1), signal_id(1), step("b")),
        Write::MessageSaid(id(1), message(0)),
        Write::FactFound(id(1), fact(0, "n1", "lshw", 2)),
        Write::StepProgressed(id(1), progress("b", 2)),
        Write::TaskQueued(task(2, workflow)),
        Write::TaskEnded(id(1), None, completed(9)),
    ];
    assert_fenced(store.append(epoch, &late).await);
    assert_eq!(store.task_history(id(1)).await.unwrap(), before);
    assert_eq!(store.task_get(id(2)).await.unwrap(), None);
    assert_eq!(store.fact_list(&FactQuery::of_task(id(1))).await.unwrap().facts, []);
    let claimed = claimed(&store, rival, &[workflow], at(50), 9).await;
    assert_eq!(claimed.len(), 1);
    let claimed = claimed.first().unwrap();
    assert_eq!(claimed.checkpoints, [done("a", 2)]);
    assert_eq!((&*claimed.marks, &*claimed.signals), ([].as_slice(), [signal(1, 3)].as_slice()));
}

/// An epoch that this store never gave.
pub async fn an_unknown_epoch_is_refused(store: Shared) {
    join(&store, "a").await;
    let stranger = Epoch::new(4711);
    assert_fenced(store.append(stranger, &[Write::MessageSaid(id(1), message(0))]).await);
    assert_fenced(store.instance_renew(stranger).await);
    assert!(!store.instance_retire(stranger, 0).await.unwrap());
    store.instance_leave(stranger).await.unwrap();
}

/// With tasks in the queue, and without.
pub async fn claims_and_renewals_are_refused(store: Shared) {
    let epoch = running(&store).await;
    store.instance_leave(epoch).await.unwrap();
    let workflow = put_workflow(&store).await;
    assert_fenced(store.task_claim(epoch, &[workflow], at(1), 9).await);
    assert_fenced(store.task_claim(epoch, &[], at(1), 9).await);
    assert_fenced(store.instance_renew(epoch).await);
    let next = join(&store, "b").await;
    assert_eq!(claim(&store, next, workflow, 9).await, [id(1)], "the refused claim took it");
}

/// An instance that lives cannot end what another owns, or what nobody does.
pub async fn only_the_owner_ends_a_task(store: Shared) {
    let epoch = running(&store).await;
    let other = join(&store, "b").await;
    store.append(other, &[Write::TaskEnded(id(1), None, completed(5))]).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), None);
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(6))]).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), Some(completed(6)));
}

/// An instance writes as fast as it can while a rival retires it, in many rounds. Once the retirement has returned, no
/// further write can be seen, not even one that was under way; and of those that were answered none is missing.
pub async fn nothing_becomes_visible_after_a_retirement(store: Shared) {
    for round in 1..=20 {
        let (epoch, rival) = (join(&store, "a").await, join(&store, "b").await);
        let workflow = put_workflow(&store).await;
        store.append(epoch, &[Write::TaskStarted(task(round, workflow))]).await.unwrap();
        let write = async {
            for n in 0.. {
                match store.append(epoch, &[Write::MessageSaid(id(round), message(n))]).await {
                    Ok(()) => {}
                    Err(JournalError::Fenced { .. }) => return n,
                    Err(error) => panic!("{error}"),
                }
            }
            0
        };
        let take_over = async {
            for _ in 0..round {
                assert_eq!(store.instance_list().await.unwrap().len(), 2);
            }
            assert!(store.instance_retire(epoch, 0).await.unwrap());
            // The newest is the last; the tasks of the rounds before are free again too.
            claimed(&store, rival, &[workflow], at(9), 99).await.pop().unwrap().messages
        };
        let (taken_over, answered) = tokio::join!(take_over, write);
        assert_eq!(answered, taken_over, "round {round}");
        let seen = store.task_get(id(round)).await.unwrap().unwrap().messages.len();
        assert_eq!(u32::try_from(seen).unwrap(), answered, "round {round}");
    }
}
