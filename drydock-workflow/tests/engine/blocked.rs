//! Steps that block the thread they run on, for real: nothing can stop them, so others go on without them. On real time, because a
//! blocked thread stands outside of tokio's; everything waits for signals.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use drydock_store::repo::TaskRepo as _;
use drydock_workflow::{Engine, EngineOptions, Outcome, Workflow, WorkflowBuilder, step_fn};
use tokio::runtime::{Builder, Runtime};

use crate::captured::Captured;
use crate::support::{Log, World, output, single};

/// How the log names the step: tests beside this one log too.
const NAMED: &str = "steps=blocks of task";

/// The first run blocks its thread until the sender is dropped; later ones do not.
fn blocks(log: &Log) -> (mpsc::Sender<()>, Workflow<(), usize>) {
    let (release, blocked) = mpsc::channel::<()>();
    let (log, blocked, runs) = (log.clone(), Arc::new(Mutex::new(blocked)), Arc::new(AtomicUsize::new(0)));
    let step = step_fn(move |_, (): ()| {
        let (log, blocked, run) = (log.clone(), blocked.clone(), runs.fetch_add(1, Ordering::SeqCst));
        async move {
            log.note(format!("run {run}"));
            if run == 0 {
                assert!(blocked.lock().unwrap().recv().is_err(), "nobody sends anything");
                log.note("let go");
            }
            Ok(Outcome::Done(run))
        }
    });
    (release, single("blocks", step))
}

async fn instance(world: &World, name: &str, workflow: &Workflow<(), usize>) -> Engine {
    let options = EngineOptions {
        lease: Duration::from_millis(600),
        poll: Duration::from_millis(50),
        ..EngineOptions::default()
    };
    world.instance(name).options(options).workflow(workflow).start().await.unwrap()
}

fn threads(count: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(count).enable_all().build().unwrap()
}

/// Takes the task over, and sees that the blocked run's late end changes nothing.
fn taken_over(threads: usize, said: impl AsyncFnOnce(&World)) {
    let (log, world) = (Log::default(), World::new());
    let (release, workflow) = blocks(&log);
    let stuck = self::threads(threads);
    let first = stuck.block_on(instance(&world, "blocked", &workflow));
    let here = Builder::new_current_thread().enable_all().build().unwrap();
    here.block_on(async {
        let task = first.submit(&workflow, &()).await.unwrap();
        log.reaches(1).await;
        said(&world).await;
        let second = instance(&world, "other", &workflow).await;
        assert_eq!(output(&second.wait(task).await.unwrap()), "1");
        assert_eq!(log.lines(), ["run 0", "run 1"]);
        drop(release);
        log.reaches(3).await;
        // It joins anew, and goes on with other tasks.
        let next = first.submit(&workflow, &()).await.unwrap();
        output(&second.wait(next).await.unwrap());
        let history = world.store.task_history(task).await.unwrap().unwrap();
        assert_eq!(history.checkpoints.len(), 1);
        assert_eq!(output(&history.task.end.unwrap()), "1");
    });
}

#[test]
fn a_step_that_blocks_a_thread_is_named_and_others_take_its_task_over() {
    let everything = Captured::everywhere();
    taken_over(2, async |world: &World| {
        // It hears of it with the next renewal; then its step has a third of the lease to stop.
        world.retire("blocked").await;
        let named = everything.says(NAMED);
        assert!(
            tokio::time::timeout(Duration::from_mins(1), named).await.is_ok(),
            "{:#?}",
            everything.lines()
        );
    });
    let blocked: Vec<String> = everything.lines().into_iter().filter(|line| line.contains(NAMED)).collect();
    assert_eq!(blocked.len(), 1, "{blocked:#?}");
    assert!(
        blocked[0].contains("block their threads") && blocked[0].contains("spawn_blocking"),
        "{blocked:#?}"
    );
}

#[test]
fn a_step_that_blocks_the_only_thread_loses_its_task_to_others() {
    taken_over(1, async |_: &World| {});
}

/// Both become ready at once, and the second one lets the first one go.
#[test]
fn what_is_ready_beside_a_step_that_blocks_its_thread_runs_on_another() {
    let (release, blocked) = mpsc::channel::<()>();
    let blocked = Arc::new(Mutex::new(blocked));
    let mut builder = WorkflowBuilder::<()>::new("two", 1);
    let input = builder.input();
    let blocks = step_fn(move |_, (): ()| {
        let blocked = blocked.clone();
        async move { Ok(Outcome::Done(blocked.lock().unwrap().recv().is_ok())) }
    });
    let frees = step_fn(move |_, (): ()| {
        let sent = release.send(());
        async move { Ok(Outcome::Done(sent.is_ok())) }
    });
    builder.step("blocks", blocks).run(&input);
    let frees = builder.step("frees", frees).run(&input);
    let workflow = builder.output(&frees).unwrap();
    let world = World::new();
    threads(2).block_on(async {
        let options = EngineOptions { poll: Duration::from_millis(50), ..EngineOptions::default() };
        let engine = world.instance("one").options(options).workflow(&workflow).start().await.unwrap();
        let task = engine.submit(&workflow, &()).await.unwrap();
        assert_eq!(output(&engine.wait(task).await.unwrap()), "true");
        let history = world.store.task_history(task).await.unwrap().unwrap();
        assert_eq!(history.checkpoints.len(), 2);
    });
}
