//! Batches: all or nothing, repeatable, in any order.

use drydock_core::Payload;
use drydock_core::journal::{Checkpoint, JournalError, StepEnd, TaskEnd, TaskEndKind, Write};

use super::samples::{
    at, attempt, child, claim, claimed, completed, done, failed, failure, give_up_after, id, join, message,
    put_workflow, running, step, task, wait,
};
use super::{Shared, rules};
use crate::repo::TaskQuery;

rules!(
    a_repeated_batch_changes_nothing,
    order_within_a_batch_does_not_matter,
    the_first_checkpoint_of_a_step_stands,
    a_task_may_start_and_end_in_one_batch,
    a_repeated_start_does_not_bring_a_task_back,
    a_start_goes_before_a_queueing,
    a_started_task_is_owned_from_the_start,
    a_large_batch_is_one_batch,
    bytes_come_back_as_they_were,
    an_oversized_batch_is_refused,
    a_batch_dropped_half_way_can_be_sent_again,
);

fn every_kind(workflow: drydock_core::WorkflowId) -> Vec<Write> {
    vec![
        Write::TaskStarted(task(1, workflow)),
        Write::TaskStarted(task(2, workflow)),
        Write::TaskQueued(child(3, workflow, 1, 1)),
        Write::TaskQueued(child(4, workflow, 1, 0)),
        Write::StepEnded(id(1), done("a", 2)),
        Write::StepEnded(id(2), failed("a", 3)),
        Write::AttemptFailed(id(1), attempt("b", 1, 4)),
        Write::StepWaits(id(1), wait("b", 5)),
        Write::MessageSaid(id(2), message(0)),
        Write::MessageSaid(id(2), message(1)),
        Write::TaskEnded(id(2), None, TaskEnd { kind: TaskEndKind::Failed(failure(1)), at: at(6) }),
    ]
}

async fn everything(store: &Shared) -> Vec<crate::repo::TaskHistory> {
    let mut all = Vec::new();
    for record in store.task_list(&TaskQuery::default()).await.unwrap() {
        all.push(store.task_history(record.id).await.unwrap().unwrap());
    }
    all
}

/// As a whole, and mixed with what comes after it, as a flusher does whose answer was lost.
pub async fn a_repeated_batch_changes_nothing(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let mut batch = every_kind(workflow);
    store.append(epoch, &batch).await.unwrap();
    let once = everything(&store).await;
    store.append(epoch, &batch).await.unwrap();
    assert_eq!(everything(&store).await, once);
    batch.push(Write::TaskEnded(id(1), None, completed(9)));
    store.append(epoch, &batch).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), Some(completed(9)));
    let twice = everything(&store).await;
    store.append(epoch, &batch).await.unwrap();
    assert_eq!(everything(&store).await, twice);
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(3), id(4)]);
}

/// Reversed and rotated, the same batch leaves the same history.
pub async fn order_within_a_batch_does_not_matter(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let mut batch = every_kind(workflow);
    batch.reverse();
    batch.rotate_left(3);
    store.append(epoch, &batch).await.unwrap();
    let all = everything(&store).await;
    assert_eq!(all.len(), 4);
    let first = all.first().unwrap();
    assert_eq!(first.checkpoints, [done("a", 2)]);
    assert_eq!(first.task.children, [id(4), id(3)]);
    assert_eq!(all.get(1).unwrap().task.messages, [message(0), message(1)]);
    assert_eq!(store.task_end(id(2)).await.unwrap().unwrap().at, at(6));
}

/// In one batch, and in two.
pub async fn the_first_checkpoint_of_a_step_stands(store: Shared) {
    let epoch = running(&store).await;
    let twice = [Write::StepEnded(id(1), done("a", 2)), Write::StepEnded(id(1), failed("a", 3))];
    store.append(epoch, &twice).await.unwrap();
    store.append(epoch, &[Write::StepEnded(id(1), failed("a", 4))]).await.unwrap();
    assert_eq!(store.task_history(id(1)).await.unwrap().unwrap().checkpoints, [done("a", 2)]);
}

/// A very short task never becomes live.
pub async fn a_task_may_start_and_end_in_one_batch(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let batch = [
        Write::TaskEnded(id(1), None, completed(7)),
        Write::StepEnded(id(1), done("a", 6)),
        Write::TaskStarted(task(1, workflow)),
        Write::TaskStarted(task(2, workflow)),
    ];
    for _ in 0..2 {
        store.append(epoch, &batch).await.unwrap();
        let record = store.task_get(id(1)).await.unwrap().unwrap();
        assert_eq!((record.end, record.started_at), (Some(completed(7)), Some(at(1))));
        assert!(store.task_get(id(2)).await.unwrap().unwrap().end.is_none());
    }
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    assert_eq!(claim(&store, next, workflow, 9).await, [id(2)], "an ended task is still live");
}

/// The start's batch is sent again after the end's was stored.
pub async fn a_repeated_start_does_not_bring_a_task_back(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let start = [Write::TaskStarted(task(1, workflow))];
    store.append(epoch, &start).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(7))]).await.unwrap();
    store.append(epoch, &start).await.unwrap();
    store.task_submit(&[task(1, workflow)]).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), Some(completed(7)));
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    assert_eq!(claim(&store, next, workflow, 9).await, []);
}

/// Of a task both queued and started in one batch.
pub async fn a_start_goes_before_a_queueing(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let batch = [Write::TaskQueued(task(1, workflow)), Write::TaskStarted(task(1, workflow))];
    store.append(epoch, &batch).await.unwrap();
    assert_eq!(claim(&store, epoch, workflow, 9).await, []);
}

/// Nobody can claim it, until its owner is gone.
pub async fn a_started_task_is_owned_from_the_start(store: Shared) {
    let workflow = put_workflow(&store).await;
    let (epoch, rival) = (join(&store, "a").await, join(&store, "b").await);
    store
        .append(epoch, &[Write::TaskStarted(task(1, workflow)), Write::TaskQueued(task(2, workflow))])
        .await
        .unwrap();
    assert_eq!(claim(&store, rival, workflow, 9).await, [id(2)]);
    store.instance_leave(epoch).await.unwrap();
    assert_eq!(claim(&store, rival, workflow, 9).await, [id(1)]);
}

/// More rows of each table than any statement takes at once.
pub async fn a_large_batch_is_one_batch(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let mut batch = Vec::new();
    for n in 1..=700 {
        batch.push(Write::TaskStarted(task(n, workflow)));
        batch.push(Write::StepEnded(id(n), done("a", i64::from(n))));
        batch.push(Write::MessageSaid(id(n), message(0)));
        if n % 2 == 0 {
            batch.push(Write::TaskEnded(id(n), None, completed(n)));
        }
    }
    store.append(epoch, &batch).await.unwrap();
    let all = store.task_list(&TaskQuery::default()).await.unwrap();
    assert_eq!(all.len(), 700);
    assert_eq!(all.iter().filter(|task| task.end.is_some()).count(), 350);
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    let claimed = claimed(&store, next, &[workflow], at(9), 1000).await;
    assert_eq!(claimed.len(), 350);
    assert!(claimed.iter().all(|claimed| claimed.checkpoints.len() == 1 && claimed.messages == 1));
}

/// None, all 256 values, and a mebibyte.
pub async fn bytes_come_back_as_they_were(store: Shared) {
    let epoch = running(&store).await;
    for (n, bytes) in [vec![], (0..=255).collect(), vec![7; 1 << 20]].into_iter().enumerate() {
        let checkpoint = Checkpoint {
            step: step(&format!("s{n}")),
            end: StepEnd::Done(Payload::from(bytes)),
            ..done("a", i64::try_from(n).unwrap())
        };
        store.append(epoch, &[Write::StepEnded(id(1), checkpoint.clone())]).await.unwrap();
        let history = store.task_history(id(1)).await.unwrap().unwrap();
        assert_eq!(history.checkpoints.last(), Some(&checkpoint));
    }
}

/// What no database could take is refused for good, so that nobody sends it for ever; the store goes on.
pub async fn an_oversized_batch_is_refused(store: Shared) {
    let epoch = running(&store).await;
    let large = Payload::from(vec![0; 64 << 20]);
    let part =
        |n| Checkpoint { step: step(&format!("s{n}")), end: StepEnd::Done(large.clone()), ..done("a", 1) };
    let batch: Vec<Write> = (0..5).map(|n| Write::StepEnded(id(1), part(n))).collect();
    let refused = store.append(epoch, &batch).await;
    assert!(matches!(refused, Err(JournalError::Rejected(_))), "{refused:?}");
    store.append(epoch, &[Write::StepEnded(id(1), done("a", 2))]).await.unwrap();
    assert_eq!(store.task_history(id(1)).await.unwrap().unwrap().checkpoints, [done("a", 2)]);
}

/// Whoever drops an append does not know whether it was stored: it is sent until an answer comes. Nothing is there twice, and
/// what was dropped does not disturb what comes after it. At each wait of the call, in many rounds.
pub async fn a_batch_dropped_half_way_can_be_sent_again(store: Shared) {
    let epoch = running(&store).await;
    for round in 0..20 {
        let name = format!("s{round}");
        let batch = [Write::StepEnded(id(1), done(&name, 7)), Write::MessageSaid(id(1), message(round))];
        for patience in 0.. {
            if let Some(answer) = give_up_after(patience, store.append(epoch, &batch)).await {
                answer.unwrap();
                break;
            }
        }
        let history = store.task_history(id(1)).await.unwrap().unwrap();
        assert_eq!(history.task.messages, (0..=round).map(message).collect::<Vec<_>>());
        assert_eq!(history.checkpoints.len(), history.task.messages.len());
    }
}
