//! What is old goes, and nothing else.

use std::collections::BTreeMap;

use drydock_core::journal::{
    ArchivedTask, Due, Hold, Horizon, NewTask, Piece, Removal, StoredWorkflow, Write,
};
use drydock_core::{Epoch, TaskId, WorkflowId, WorkflowName};

use super::samples::{
    assert_fenced, at, attempt, child, completed, done, fact, failure, id, join, mark, message, name,
    progress, put_workflow, request, signal, signal_id, step, submit, task, wait, workflow,
};
use super::{Shared, rules};
use crate::repo::{FactQuery, TaskQuery};

rules!(
    a_task_goes_with_all_that_is_recorded_of_it,
    what_has_not_ended_long_enough_ago_stays,
    each_workflow_has_its_own_age,
    a_tree_goes_as_a_whole_or_not_at_all,
    a_large_tree_goes_in_parts,
    what_is_left_of_a_tree_goes_too,
    a_task_that_was_brought_back_stays,
    a_key_is_free_again_when_its_task_has_gone,
    an_archive_gets_all_that_is_recorded,
    an_archive_is_read_page_by_page,
    all_is_looked_at_however_little_at_a_time,
    one_instance_has_a_duty_until_it_is_retired,
    a_retired_instance_removes_nothing,
    a_removal_may_be_repeated,
);

fn horizon(second: i64) -> Horizon {
    Horizon { usual: Some(at(second)), ..Horizon::default() }
}

/// Tasks that ended at those seconds, in a store with an instance.
async fn ended(store: &Shared, tasks: impl IntoIterator<Item = (NewTask, u32)>) -> Epoch {
    let epoch = join(store, "a").await;
    end_all(store, epoch, tasks).await;
    epoch
}

async fn end_all(store: &Shared, epoch: Epoch, tasks: impl IntoIterator<Item = (NewTask, u32)>) {
    let mut writes = Vec::new();
    for (task, second) in tasks {
        let id = task.id;
        writes.extend([Write::TaskStarted(task), Write::TaskEnded(id, None, completed(second))]);
    }
    store.append(epoch, &writes).await.unwrap();
}

async fn due(store: &Shared, horizon: &Horizon) -> Due {
    store.history_due(horizon, None, 1000).await.unwrap()
}

/// Removes all that is due.
async fn remove(store: &Shared, epoch: Epoch, horizon: &Horizon) {
    for piece in due(store, horizon).await.pieces {
        assert_eq!(store.history_remove(epoch, &piece, horizon).await.unwrap(), Removal::Gone);
    }
}

async fn left(store: &Shared) -> Vec<TaskId> {
    let tasks = store.task_list(&TaskQuery::default()).await.unwrap();
    tasks.into_iter().map(|task| task.id).collect()
}

async fn archived(store: &Shared, piece: &Piece) -> Vec<ArchivedTask> {
    store.history_read(piece, None, 1000).await.unwrap()
}

fn of_all(tasks: impl IntoIterator<Item = u32>) -> Vec<TaskId> {
    tasks.into_iter().map(id).collect()
}

/// Task `n`, of which there is one record of each kind.
async fn full(store: &Shared, epoch: Epoch, workflow: WorkflowId, n: u32) {
    let new = task(n, workflow).key(format!("key {n}")).label("rack", "r7");
    store.append(epoch, &[Write::TaskStarted(new)]).await.unwrap();
    assert!(store.signal_send(id(n), &signal(n, 2)).await.unwrap());
    assert!(store.task_pause(id(n), &request("ann", 3)).await.unwrap());
    let records = [
        Write::StepEnded(id(n), done("a", 4)),
        Write::AttemptFailed(id(n), attempt("b", 1, 4)),
        Write::StepWaits(id(n), wait("b", 5)),
        Write::Marked(id(n), mark("b", "begun", 5)),
        Write::SignalTaken(id(n), signal_id(n), step("b")),
        Write::MessageSaid(id(n), message(0)),
        Write::FactFound(id(n), fact(0, "n07", "probe", 5)),
        Write::StepProgressed(id(n), progress("b", 6)),
        Write::TaskEnded(id(n), None, completed(9)),
    ];
    store.append(epoch, &records).await.unwrap();
}

/// And what belongs to others stays.
pub async fn a_task_goes_with_all_that_is_recorded_of_it(store: Shared) {
    let (workflow, epoch) = (put_workflow(&store).await, join(&store, "a").await);
    full(&store, epoch, workflow, 1).await;
    let whole = store.task_history(id(1)).await.unwrap();
    assert!(whole.is_some());
    remove(&store, epoch, &horizon(10)).await;
    assert_eq!(store.task_history(id(1)).await.unwrap(), None);
    assert_eq!((store.task_read(id(1)).await.unwrap(), store.task_end(id(1)).await.unwrap()), (None, None));
    assert!(store.fact_list(&FactQuery::of_task(id(1))).await.unwrap().facts.is_empty());
    // Nothing of the old one is found in a new one of the same id.
    let again = [Write::TaskStarted(task(1, workflow)), Write::TaskEnded(id(1), None, completed(9))];
    store.append(epoch, &again).await.unwrap();
    let bare = store.task_history(id(1)).await.unwrap().unwrap();
    assert!(bare.checkpoints.is_empty() && bare.attempts.is_empty() && bare.waits.is_empty(), "{bare:?}");
    assert!(bare.marks.is_empty() && bare.signals.is_empty() && bare.audit.is_empty(), "{bare:?}");
    assert!(bare.progress.is_empty() && bare.task.messages.is_empty() && bare.task.labels.is_empty());
    full(&store, epoch, workflow, 2).await;
    let two = store.task_history(id(2)).await.unwrap();
    store.history_remove(epoch, &Piece::Tasks(vec![id(1)]), &horizon(10)).await.unwrap();
    assert_eq!(store.task_history(id(2)).await.unwrap(), two);
}

/// To the moment: what ended at the horizon has not ended before it.
pub async fn what_has_not_ended_long_enough_ago_stays(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch =
        ended(&store, [(task(1, workflow), 8), (task(2, workflow), 9), (task(3, workflow), 10)]).await;
    store.append(epoch, &[Write::TaskStarted(task(4, workflow))]).await.unwrap();
    submit(&store, workflow, [5]).await;
    assert_eq!(due(&store, &Horizon::default()).await, Due::default(), "all is kept for ever");
    remove(&store, epoch, &horizon(9)).await;
    assert_eq!(left(&store).await, of_all(2..=5));
    remove(&store, epoch, &horizon(1000)).await;
    assert_eq!(left(&store).await, of_all(4..=5), "they have not ended");
}

/// Or none.
pub async fn each_workflow_has_its_own_age(store: Shared) {
    let named = |n: u8, text: &str| {
        let name = WorkflowName::new(text).unwrap();
        StoredWorkflow { name, ..workflow(n) }
    };
    let short = store.workflow_put(&named(1, "short")).await.unwrap();
    let long = store.workflow_put(&named(2, "long")).await.unwrap();
    let always = store.workflow_put(&named(3, "always")).await.unwrap();
    let other = store.workflow_put(&named(4, "other")).await.unwrap();
    let tasks = [(task(1, short), 20), (task(2, long), 20), (task(3, always), 20), (task(4, other), 20)];
    let epoch = ended(&store, tasks).await;
    let of = |text: &str, second: Option<i64>| (WorkflowName::new(text).unwrap(), second.map(at));
    let horizon = |usual: Option<i64>| Horizon {
        usual: usual.map(at),
        workflows: BTreeMap::from([of("short", Some(30)), of("long", Some(20)), of("always", None)]),
    };
    remove(&store, epoch, &horizon(None)).await;
    assert_eq!(left(&store).await, of_all([2, 3, 4]));
    remove(&store, epoch, &horizon(Some(40))).await;
    assert_eq!(left(&store).await, of_all([2, 3]));
}

/// The youngest of its tasks decides.
pub async fn a_tree_goes_as_a_whole_or_not_at_all(store: Shared) {
    let workflow = put_workflow(&store).await;
    let tree = [(task(1, workflow), 9), (child(2, workflow, 1, 0), 7), (child(3, workflow, 2, 0), 20)];
    let epoch = ended(&store, tree.into_iter().chain([(task(7, workflow), 9)])).await;
    remove(&store, epoch, &horizon(20)).await;
    assert_eq!(left(&store).await, of_all(1..=3));
    store.append(epoch, &[Write::TaskQueued(child(4, workflow, 3, 0))]).await.unwrap();
    remove(&store, epoch, &horizon(100)).await;
    assert_eq!(left(&store).await, of_all(1..=4));
    store.task_claim(epoch, &[workflow], at(50), 1).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(4), None, completed(60))]).await.unwrap();
    remove(&store, epoch, &horizon(100)).await;
    assert_eq!(left(&store).await, []);
}

/// Its root first.
pub async fn a_large_tree_goes_in_parts(store: Shared) {
    let workflow = put_workflow(&store).await;
    let children = (2..=450).map(|n| (child(n, workflow, 1, n), 9));
    let epoch = ended(&store, [(task(1, workflow), 9)].into_iter().chain(children)).await;
    let horizon = horizon(100);
    let pieces = due(&store, &horizon).await.pieces;
    assert!(pieces.len() > 1, "{}", pieces.len());
    let sizes = pieces.iter().map(|piece| match piece {
        Piece::Tasks(tasks) => tasks.len(),
        Piece::Span { .. } => 0,
    });
    assert_eq!(sizes.sum::<usize>(), 450);
    assert_eq!(store.history_remove(epoch, &pieces[0], &horizon).await.unwrap(), Removal::Gone);
    assert_eq!(store.task_get(id(1)).await.unwrap(), None);
    remove(&store, epoch, &horizon).await;
    assert_eq!(left(&store).await, []);
}

/// As after a crash between its parts.
pub async fn what_is_left_of_a_tree_goes_too(store: Shared) {
    let workflow = put_workflow(&store).await;
    let tree = [(child(2, workflow, 1, 0), 7), (child(3, workflow, 2, 0), 8)];
    let epoch = ended(&store, tree).await;
    remove(&store, epoch, &horizon(8)).await;
    assert_eq!(left(&store).await, of_all(2..=3));
    remove(&store, epoch, &horizon(9)).await;
    assert_eq!(left(&store).await, []);
}

/// Though it was due before that, and its tree with it.
pub async fn a_task_that_was_brought_back_stays(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = ended(&store, [(task(1, workflow), 9), (task(3, workflow), 9)]).await;
    let failed = drydock_core::journal::TaskEnd {
        kind: drydock_core::journal::TaskEndKind::Failed(failure(2)),
        at: at(9),
    };
    let begun = [Write::TaskStarted(child(2, workflow, 1, 0)), Write::TaskEnded(id(2), None, failed)];
    store.append(epoch, &begun).await.unwrap();
    let horizon = horizon(100);
    let due = due(&store, &horizon).await;
    assert!(store.task_reopen(id(2), &request("ann", 50)).await.unwrap());
    for piece in &due.pieces {
        let kept = store.history_remove(epoch, piece, &horizon).await.unwrap();
        assert_eq!(kept, Removal::Held(Hold::Live(id(2))));
    }
    assert_eq!(left(&store).await, of_all(1..=3));
    store.task_claim(epoch, &[workflow], at(60), 1).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(2), None, completed(200))]).await.unwrap();
    for piece in &due.pieces {
        let kept = store.history_remove(epoch, piece, &horizon).await.unwrap();
        assert_eq!(kept, Removal::Held(Hold::Young(id(2))), "it has ended, but not long enough ago");
    }
    remove(&store, epoch, &horizon).await;
    assert_eq!(left(&store).await, of_all(1..=2));
}

/// Until then it names the task, long after its end.
pub async fn a_key_is_free_again_when_its_task_has_gone(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = ended(&store, [(task(1, workflow).key("k"), 9), (task(2, workflow).key("l"), 30)]).await;
    let again = |n: u32, key: &str| [task(n, workflow).key(key)];
    assert_eq!(store.task_submit(&again(3, "k")).await.unwrap(), [id(1)]);
    remove(&store, epoch, &horizon(20)).await;
    assert_eq!(store.task_submit(&again(4, "k")).await.unwrap(), [id(4)]);
    assert_eq!(store.task_submit(&again(5, "k")).await.unwrap(), [id(4)]);
    assert_eq!(store.task_submit(&again(6, "l")).await.unwrap(), [id(2)]);
    assert_eq!(left(&store).await, of_all([2, 4]));
}

/// As a claim would have it, with its end, and what was said, found and asked.
pub async fn an_archive_gets_all_that_is_recorded(store: Shared) {
    let (workflow, epoch) = (put_workflow(&store).await, join(&store, "a").await);
    full(&store, epoch, workflow, 1).await;
    let due = due(&store, &horizon(10)).await;
    let tasks = archived(&store, &due.pieces[0]).await;
    let history = store.task_history(id(1)).await.unwrap().unwrap();
    let [one] = &*tasks else { panic!("{tasks:?}") };
    assert_eq!(one.task.task, task(1, workflow).key("key 1").label("rack", "r7"));
    assert_eq!((one.workflow.as_str(), one.version, &one.end), ("deploy/node", 1, &completed(9)));
    assert_eq!((&one.task.checkpoints, &one.task.attempts), (&history.checkpoints, &history.attempts));
    assert_eq!((&one.task.waits, &one.task.marks), (&history.waits, &history.marks));
    assert_eq!((&one.task.signals, &one.messages), (&history.signals, &history.task.messages));
    assert_eq!((&*one.facts, &one.audit), ([fact(0, "n07", "probe", 5)].as_slice(), &history.audit));
    assert!(!one.audit.is_empty() && !one.messages.is_empty() && !one.task.signals.is_empty());
    // What goes is what was read.
    assert_eq!(store.history_remove(epoch, &due.pieces[0], &horizon(10)).await.unwrap(), Removal::Gone);
    assert_eq!(archived(&store, &due.pieces[0]).await, []);
}

/// By id.
pub async fn an_archive_is_read_page_by_page(store: Shared) {
    let workflow = put_workflow(&store).await;
    ended(&store, (1..=25).map(|n| (task(n, workflow), 9))).await;
    let due = due(&store, &horizon(10)).await;
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = store.history_read(&due.pieces[0], after, 10).await.unwrap();
        let ids: Vec<TaskId> = page.iter().map(|task| task.task.task.id).collect();
        assert!(ids.len() <= 10);
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        found.extend(ids);
    }
    assert_eq!(found, of_all(1..=25));
}

/// Also past what stays.
pub async fn all_is_looked_at_however_little_at_a_time(store: Shared) {
    let workflow = put_workflow(&store).await;
    let kept = (1..=9).flat_map(|n| {
        [(task(n * 2, workflow), 9), (child(n * 2 + 100, workflow, n * 2, 0), if n < 8 { 50 } else { 9 })]
    });
    ended(&store, kept).await;
    let (mut after, mut found, mut looks) = (None, Vec::new(), 0);
    loop {
        let due = store.history_due(&horizon(10), after, 3).await.unwrap();
        for piece in due.pieces {
            found.extend(archived(&store, &piece).await.into_iter().map(|task| task.task.task.id));
        }
        looks += 1;
        after = due.next;
        if after.is_none() {
            break;
        }
    }
    found.sort_unstable();
    assert_eq!(found, of_all([16, 18, 116, 118]));
    assert!(looks > 2, "{looks}");
}

/// Or leaves; others find it taken until then. Each duty is for itself.
pub async fn one_instance_has_a_duty_until_it_is_retired(store: Shared) {
    let (a, b) = (join(&store, "a").await, join(&store, "b").await);
    let (one, other) = tokio::join!(store.duty_take(a, "history"), store.duty_take(b, "history"));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one != other, "{one} {other}");
    let (holder, rival) = if one { (a, b) } else { (b, a) };
    assert!(store.duty_take(holder, "history").await.unwrap());
    assert!(!store.duty_take(rival, "history").await.unwrap());
    assert!(store.duty_take(rival, "schedules").await.unwrap());
    store.instance_leave(holder).await.unwrap();
    assert!(store.duty_take(rival, "history").await.unwrap());
    assert_fenced(store.duty_take(holder, "history").await);
}

/// Nothing at all.
pub async fn a_retired_instance_removes_nothing(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = ended(&store, [(task(1, workflow), 9)]).await;
    let horizon = horizon(10);
    let due = due(&store, &horizon).await;
    store.instance_leave(epoch).await.unwrap();
    assert_fenced(store.history_remove(epoch, &due.pieces[0], &horizon).await);
    assert_fenced(store.history_tidy(epoch).await);
    assert_eq!(left(&store).await, [id(1)]);
}

/// As when its answer was lost, or two instances do it.
pub async fn a_removal_may_be_repeated(store: Shared) {
    let workflow = put_workflow(&store).await;
    let epoch = ended(&store, [(task(1, workflow), 9), (task(2, workflow), 30)]).await;
    let horizon = horizon(20);
    let due = due(&store, &horizon).await;
    for _ in 0..2 {
        assert_eq!(store.history_remove(epoch, &due.pieces[0], &horizon).await.unwrap(), Removal::Gone);
        store.history_tidy(epoch).await.unwrap();
        assert_eq!(left(&store).await, [id(2)]);
    }
    let parent = store.child_list(id(1), &name("fan")).await.unwrap();
    assert_eq!(parent, []);
}
