//! What failed is tried again: tasks, and steps.

use drydock_core::journal::{Checkpoint, JournalError, StepEnd, TaskEnd, TaskEndKind, Write};

use super::samples::{
    at, attempt, child, claim, claimed, completed, done, failed, failure, id, join, put_workflow, request,
    running, signal, taken_over, task,
};
use super::{Shared, rules};
use crate::repo::TaskStatus;

rules!(
    a_failed_task_comes_back_as_it_was,
    a_cancelled_task_comes_back_without_the_request,
    only_what_ended_badly_is_reopened,
    a_request_reopens_once,
    simultaneous_requests_reopen_once,
    a_repeated_start_changes_nothing,
    what_was_sent_is_still_told,
    a_failed_step_is_tried_again,
    only_that_failure_is_taken_back,
    a_step_is_not_reopened_and_ended_at_once,
);

fn ended(kind: TaskEndKind) -> TaskEnd {
    TaskEnd { kind, at: at(50) }
}

fn fails(n: u32) -> Write {
    Write::TaskEnded(id(n), None, ended(TaskEndKind::Failed(failure(n))))
}

async fn reopen(store: &Shared, n: u32, second: i64) -> bool {
    store.task_reopen(id(n), &request("ann", second)).await.unwrap()
}

/// As old as it was, with its parent and its records; nobody owns it.
pub async fn a_failed_task_comes_back_as_it_was(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let begun = [Write::TaskStarted(child(2, workflow, 1, 3)), Write::StepEnded(id(2), failed("a", 4))];
    store.append(epoch, &begun).await.unwrap();
    let before = store.task_get(id(2)).await.unwrap().unwrap();
    store.append(epoch, &[fails(2)]).await.unwrap();
    assert_eq!(store.news(epoch, &[id(1)]).await.unwrap().open_children, []);
    assert!(reopen(&store, 2, 60).await);
    let after = store.task_get(id(2)).await.unwrap().unwrap();
    assert_eq!(after.status, TaskStatus::Queued);
    assert_eq!(crate::repo::TaskRecord { status: TaskStatus::Running, ..after }, before);
    assert_eq!(store.task_end(id(2)).await.unwrap(), None);
    assert_eq!(store.news(epoch, &[id(1)]).await.unwrap().open_children, [(id(1), 1)]);
    let claimed = claimed(&store, epoch, &[workflow], at(70), 9).await.pop().unwrap();
    assert_eq!((claimed.task, claimed.resumed), (child(2, workflow, 1, 3), true));
    assert_eq!(claimed.checkpoints, [failed("a", 4)]);
}

/// Nor paused.
pub async fn a_cancelled_task_comes_back_without_the_request(store: Shared) {
    let epoch = running(&store).await;
    assert!(store.task_cancel(id(1), &request("bob", 3)).await.unwrap());
    assert!(store.task_pause(id(1), &request("bob", 4)).await.unwrap());
    let cancelled = ended(TaskEndKind::Cancelled(request("bob", 3)));
    store.append(epoch, &[Write::TaskEnded(id(1), None, cancelled)]).await.unwrap();
    assert!(reopen(&store, 1, 60).await);
    let claimed = taken_over(&store, epoch).await;
    assert_eq!((claimed.cancellation, claimed.pause), (None, None));
}

/// Not what lives, what completed, what never was.
pub async fn only_what_ended_badly_is_reopened(store: Shared) {
    let epoch = running(&store).await;
    assert!(!reopen(&store, 1, 40).await);
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(5))]).await.unwrap();
    assert!(!reopen(&store, 1, 60).await);
    assert!(!reopen(&store, 7, 60).await);
    assert_eq!(store.task_end(id(1)).await.unwrap(), Some(completed(5)));
    assert_eq!(store.task_history(id(1)).await.unwrap().unwrap().audit, []);
}

/// An operator whose answer was lost asks again: once more is not twice, even when the task has failed again meanwhile.
pub async fn a_request_reopens_once(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    store.append(epoch, &[fails(1)]).await.unwrap();
    assert!(reopen(&store, 1, 60).await && reopen(&store, 1, 60).await);
    assert!(!reopen(&store, 1, 61).await, "it is live");
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
    store.append(epoch, &[fails(1)]).await.unwrap();
    assert!(reopen(&store, 1, 60).await);
    assert!(store.task_end(id(1)).await.unwrap().is_some(), "the old request reopened it again");
    assert!(reopen(&store, 1, 62).await);
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
}

/// One of several operators does it, and the trail names that one.
pub async fn simultaneous_requests_reopen_once(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[fails(1)]).await.unwrap();
    let (a, b, c) = tokio::join!(reopen(&store, 1, 60), reopen(&store, 1, 61), reopen(&store, 1, 62));
    assert_eq!(u8::from(a) + u8::from(b) + u8::from(c), 1, "{a} {b} {c}");
    let audit = store.task_history(id(1)).await.unwrap().unwrap().audit;
    assert_eq!(audit.len(), 1, "{audit:?}");
    taken_over(&store, epoch).await;
}

/// As a flusher does whose answer was lost, when somebody was faster than its next attempt.
pub async fn a_repeated_start_changes_nothing(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    let batch = [Write::TaskStarted(task(1, workflow)), Write::StepEnded(id(1), failed("a", 4)), fails(1)];
    store.append(epoch, &batch).await.unwrap();
    assert!(reopen(&store, 1, 60).await);
    store.append(epoch, &batch).await.unwrap();
    assert_eq!(store.task_end(id(1)).await.unwrap(), None);
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
}

/// A signal that no step took before the end waits for one after it.
pub async fn what_was_sent_is_still_told(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    assert!(store.signal_send(id(1), &signal(1, 2)).await.unwrap());
    store.append(epoch, &[fails(1)]).await.unwrap();
    assert!(reopen(&store, 1, 60).await);
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)]);
    assert_eq!(store.news(epoch, &[]).await.unwrap().signals, [(id(1), signal(1, 2))]);
}

/// Its failed checkpoint becomes a failed attempt; repeated after the next try has failed too, it changes nothing.
pub async fn a_failed_step_is_tried_again(store: Shared) {
    let epoch = running(&store).await;
    store.append(epoch, &[Write::StepEnded(id(1), failed("a", 4))]).await.unwrap();
    let reopened = [Write::StepReopened(id(1), attempt("a", 3, 4))];
    for _ in 0..2 {
        store.append(epoch, &reopened).await.unwrap();
        let history = store.task_history(id(1)).await.unwrap().unwrap();
        assert_eq!(
            (&*history.checkpoints, &*history.attempts),
            ([].as_slice(), [attempt("a", 3, 4)].as_slice())
        );
    }
    let again = Checkpoint { attempt: 4, ..failed("a", 9) };
    store.append(epoch, &[Write::StepEnded(id(1), again.clone())]).await.unwrap();
    store.append(epoch, &reopened).await.unwrap();
    let claimed = taken_over(&store, epoch).await;
    assert_eq!((claimed.checkpoints, claimed.attempts), (vec![again], vec![attempt("a", 3, 4)]));
}

/// Not a step that is done or was skipped, not another attempt, not another step or task.
pub async fn only_that_failure_is_taken_back(store: Shared) {
    let epoch = running(&store).await;
    let workflow = put_workflow(&store).await;
    let skipped = Checkpoint { end: StepEnd::Skipped("no disk".to_owned()), attempt: 3, ..done("b", 4) };
    let ends = [Checkpoint { attempt: 3, ..done("a", 4) }, skipped, failed("c", 4), failed("d", 4)];
    let mut writes: Vec<Write> = ends.iter().map(|end| Write::StepEnded(id(1), end.clone())).collect();
    writes.push(Write::TaskStarted(task(2, workflow)));
    writes.push(Write::StepEnded(id(2), failed("d", 4)));
    store.append(epoch, &writes).await.unwrap();
    let reopened = [("a", 3), ("b", 3), ("c", 2), ("d", 3)];
    let reopened = reopened.map(|(name, number)| Write::StepReopened(id(1), attempt(name, number, 4)));
    store.append(epoch, &reopened).await.unwrap();
    let mut kept = store.task_history(id(1)).await.unwrap().unwrap().checkpoints;
    kept.sort_by(|a, b| a.step.cmp(&b.step));
    assert_eq!(kept, &ends[..3]);
    assert_eq!(store.task_history(id(2)).await.unwrap().unwrap().checkpoints, [failed("d", 4)]);
}

/// Which of the two is first is not said, so it is refused, whatever is stored.
pub async fn a_step_is_not_reopened_and_ended_at_once(store: Shared) {
    let epoch = running(&store).await;
    let batch = [Write::StepReopened(id(1), attempt("a", 3, 4)), Write::StepEnded(id(1), done("a", 4))];
    let refused = store.append(epoch, &batch).await;
    assert!(matches!(refused, Err(JournalError::Rejected(_))), "{refused:?}");
    let other = [Write::StepReopened(id(1), attempt("a", 3, 4)), Write::StepEnded(id(1), done("b", 4))];
    store.append(epoch, &other).await.unwrap();
}
