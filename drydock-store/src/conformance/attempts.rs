//! Failed attempts are kept.

use drydock_core::journal::{AttemptRecord, Write};

use super::samples::{at, attempt, claimed, done, id, join, put_workflow, running};
use super::{Shared, rules};

rules!(attempts_are_kept_by_number, attempts_outlive_the_owner_and_the_step);

/// Each number once, the first record of it.
pub async fn attempts_are_kept_by_number(store: Shared) {
    let epoch = running(&store).await;
    for n in [2, 1, 10, 2] {
        store.append(epoch, &[Write::AttemptFailed(id(1), attempt("a", n, 5 + i64::from(n)))]).await.unwrap();
    }
    store.append(epoch, &[Write::AttemptFailed(id(1), attempt("a", 2, 99))]).await.unwrap();
    let kept = store.task_history(id(1)).await.unwrap().unwrap().attempts;
    assert_eq!(kept, [attempt("a", 1, 6), attempt("a", 2, 7), attempt("a", 10, 15)]);
}

/// With and without a deadline, also after the step's end.
pub async fn attempts_outlive_the_owner_and_the_step(store: Shared) {
    let epoch = running(&store).await;
    let endless = AttemptRecord { deadline: None, ..attempt("b", 1, 3) };
    let batch = [
        Write::AttemptFailed(id(1), attempt("a", 1, 2)),
        Write::AttemptFailed(id(1), endless.clone()),
        Write::StepEnded(id(1), done("a", 9)),
    ];
    store.append(epoch, &batch).await.unwrap();
    store.instance_leave(epoch).await.unwrap();
    let next = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    let claimed = claimed(&store, next, &[workflow], at(20), 1).await;
    assert!(claimed.first().unwrap().attempts.contains(&endless));
    assert_eq!(store.task_history(id(1)).await.unwrap().unwrap().attempts, [attempt("a", 1, 2), endless]);
}
