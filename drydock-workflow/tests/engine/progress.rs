//! How far steps are: shown while it is news, on record when it matters, and no commit more than needed.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::TaskId;
use drydock_core::journal::{Figure, Journal as _, Write};
use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{Engine, EventKind, Outcome, StepContext, StepError, step_fn};
use tokio::sync::Notify;

use crate::faulty::{Call, FaultyJournal};
use crate::support::{Log, World, output, single};

/// What is on record of how far the task's steps are.
async fn recorded(world: &World, task: TaskId) -> Vec<(String, String)> {
    let state = world.store.task_read(task).await.unwrap().unwrap();
    state.progress.into_iter().map(|it| (it.step.to_string(), it.figure.to_string())).collect()
}

fn at(step: &str, figure: &str) -> (String, String) {
    (step.to_owned(), figure.to_owned())
}

/// The figures that are shown until the task has ended.
async fn shown(engine: &Engine, task: impl AsyncFnOnce() -> TaskId) -> Vec<Figure> {
    let mut events = engine.events();
    let task = task().await;
    let mut figures = Vec::new();
    loop {
        let event = events.recv().await.unwrap();
        match event.kind {
            EventKind::StepProgressed { figure, .. } if event.task == task => figures.push(figure),
            EventKind::TaskEnded(_) if event.task == task => return figures,
            _ => {}
        }
    }
}

/// Ten seconds with a thousand figures each: all are heard of in their order, but for those that others overtook.
#[tokio::test(start_paused = true)]
async fn figures_are_shown_at_once_and_no_more_than_can_be_read() {
    let world = World::new();
    let journal = FaultyJournal::new(world.store.clone(), |_| None);
    let step = step_fn(|ctx: StepContext, (): ()| async move {
        for done in 1..=10_000 {
            ctx.progress(done, 10_000);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Outcome::Done(()))
    });
    let workflow = single("count", step);
    let engine = world.instance_over(journal.clone(), "a").workflow(&workflow).start().await.unwrap();
    let figures = shown(&engine, async || engine.submit(&workflow, &()).await.unwrap()).await;
    let done: Vec<u64> = figures.iter().map(|figure| figure.done).collect();
    assert_eq!((done[0], done[done.len() - 1]), (1, 10_000));
    assert!(done.is_sorted() && (10..=24).contains(&done.len()), "{done:?}");
    // The start, once after ten seconds, and the end.
    assert!(journal.appends() <= 3, "{} commits", journal.appends());
}

/// What a waiting step told is known to everybody, also after a restart; and so is what a failed attempt told.
#[tokio::test(start_paused = true)]
async fn the_last_figure_is_kept_with_a_wait_and_with_a_failed_attempt() {
    let world = World::new();
    let step = step_fn(|ctx: StepContext, (): ()| async move {
        if ctx.attempt() > 1 {
            return Ok(Outcome::<()>::wait(Duration::from_hours(2), "the disk is busy"));
        }
        ctx.progress_of(16, 40, "disks");
        ctx.progress_of(17, 40, "disks");
        let retry_after = Some(Duration::from_hours(1));
        Err(StepError { retry_after, ..StepError::retryable("disk 18 is slow") })
    });
    let workflow = single("wipe", step);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    tokio::time::sleep(Duration::from_mins(1)).await;
    drop(engine);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let says = async || engine.explain(task).await.unwrap().unwrap().to_string();
    let said = says().await;
    assert!(
        said.contains(
            "attempt 1 of step wipe failed: disk 18 is slow; it was at 17 of 40 disks; the next begins"
        ),
        "{said}"
    );
    tokio::time::sleep(Duration::from_hours(2)).await;
    let said = says().await;
    assert!(
        said.starts_with("step wipe waits: the disk is busy; it was at 17 of 40 disks (since "),
        "{said}"
    );
    assert_eq!(recorded(&world, task).await, [at("wipe", "17 of 40 disks")]);
    assert_eq!(world.store.task_history(task).await.unwrap().unwrap().progress.len(), 1);
}

/// A long step is on record now and then, and a crash does not make it unknown; the next figures replace what was there.
#[tokio::test(start_paused = true)]
async fn a_long_step_is_on_record_every_ten_seconds_and_after_a_crash() {
    let (world, log, gate) = (World::new(), Log::default(), Arc::new(Notify::new()));
    let commits = Log::default();
    let journal = {
        let commits = commits.clone();
        FaultyJournal::new(world.store.clone(), move |call| {
            if let Call::Append { writes, .. } = call {
                for write in *writes {
                    if let Write::StepProgressed(_, progress) = write {
                        commits.note(progress.figure.to_string());
                    }
                }
            }
            None
        })
    };
    let step = {
        let (log, gate) = (log.clone(), gate.clone());
        step_fn(move |ctx: StepContext, (): ()| {
            let (log, gate) = (log.clone(), gate.clone());
            async move {
                if ctx.may_have_run() {
                    ctx.progress_of(5, 40, "disks");
                    log.note("again");
                    gate.notified().await;
                    return Ok(Outcome::Done(()));
                }
                for disk in 1..=35 {
                    ctx.progress_of(disk, 40, "disks");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                log.note("slow");
                std::future::pending().await
            }
        })
    };
    let workflow = single("wipe", step);
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    assert_eq!(commits.lines().len(), 3, "{:?}", commits.lines());
    // It falls silent: what it told last is on record all the same.
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(recorded(&world, task).await, [at("wipe", "35 of 40 disks")]);
    assert_eq!(commits.lines().len(), 4);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(commits.lines().len(), 4, "nothing new, nothing to write");
    drop(engine);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    log.reaches(2).await;
    let said = engine.explain(task).await.unwrap().unwrap().to_string();
    assert_eq!(said, "step wipe is under way on instance a; it was at 35 of 40 disks\n");
    gate.notify_one();
    output(&engine.wait(task).await.unwrap());
    assert_eq!(recorded(&world, task).await, [at("wipe", "5 of 40 disks")]);
}
