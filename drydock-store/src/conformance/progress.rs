//! How far steps are.

use drydock_core::journal::{Figure, StepProgress, Write};

use super::samples::{completed, done, id, join, progress, running};
use super::{Shared, rules};

rules!(the_last_figure_stands, all_of_a_figure_is_kept, it_is_read_with_the_task_in_all_its_life,);

async fn told(store: &Shared) -> Vec<StepProgress> {
    let history = store.task_history(id(1)).await.unwrap().unwrap();
    assert_eq!(history.progress.len(), store.task_read(id(1)).await.unwrap().unwrap().progress.len());
    history.progress
}

/// In one batch, and in two; also when it goes back.
pub async fn the_last_figure_stands(store: Shared) {
    let epoch = running(&store).await;
    let say = |name, done| Write::StepProgressed(id(1), progress(name, done));
    let batch = [say("b", 1), say("a", 7), say("b", 3), say("b", 2)];
    store.append(epoch, &batch).await.unwrap();
    store.append(epoch, &batch).await.unwrap();
    assert_eq!(told(&store).await, [progress("a", 7), progress("b", 2)]);
    store.append(epoch, &[say("a", 8), Write::StepEnded(id(1), done("a", 9))]).await.unwrap();
    assert_eq!(told(&store).await, [progress("a", 8), progress("b", 2)]);
}

/// A figure that no database holds stands for the greatest that it does.
pub async fn all_of_a_figure_is_kept(store: Shared) {
    let epoch = running(&store).await;
    let of = |done, total, text: &str| StepProgress {
        figure: Figure { done, total, text: text.to_owned() },
        ..progress("a[3]", 5)
    };
    store.append(epoch, &[Write::StepProgressed(id(1), of(0, u64::MAX, "\0 'Lüfter'"))]).await.unwrap();
    assert_eq!(told(&store).await, [of(0, i64::MAX.unsigned_abs(), "\u{fffd} 'Lüfter'")]);
}

/// Whoever has it, and after its end.
pub async fn it_is_read_with_the_task_in_all_its_life(store: Shared) {
    let epoch = running(&store).await;
    let items = ["a[9]", "a[10]"].map(|item| Write::StepProgressed(id(1), progress(item, 1)));
    store.append(epoch, &items).await.unwrap();
    let read = async || store.task_read(id(1)).await.unwrap().unwrap().progress;
    // By the text of their keys, as databases sort them.
    let expected = [progress("a[10]", 1), progress("a[9]", 1)];
    assert_eq!(read().await, expected);
    store.instance_leave(epoch).await.unwrap();
    assert_eq!(read().await, expected);
    let next = join(&store, "b").await;
    let workflow = super::samples::put_workflow(&store).await;
    super::samples::claim(&store, next, workflow, 1).await;
    store.append(next, &[Write::TaskEnded(id(1), None, completed(9))]).await.unwrap();
    assert_eq!(read().await, expected);
}
