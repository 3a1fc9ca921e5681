//! Tasks that only wait for what is far off sleep: no instance has them, and whatever wakes them, they go on as if nothing had been.

use std::time::Duration;

use async_trait::async_trait;
use drydock_core::TaskId;
use drydock_core::journal::{Journal as _, TaskEndKind, TaskState, Write};
use drydock_workflow::{
    Class, Engine, EngineOptions, EventKind, Outcome, Resolution, Step, StepContext, StepError, StepResult,
    Workflow, WorkflowBuilder, step_fn,
};

use crate::faulty::{Call, Fault, FaultyJournal, Switch};
use crate::support::{Log, World, output, single, until, within};

const HOUR: Duration = Duration::from_hours(1);

/// Waits for an hour, and tells how long it took and which attempt it was.
fn naps(log: &Log) -> Workflow<(), (u64, u32)> {
    let log = log.clone();
    let nap = step_fn(move |ctx: StepContext, (): ()| {
        let log = log.clone();
        async move {
            log.note("asked");
            if ctx.elapsed() < HOUR {
                return Ok(Outcome::wait(HOUR - ctx.elapsed(), "it is night"));
            }
            Ok(Outcome::Done((ctx.elapsed().as_secs() / 60, ctx.attempt())))
        }
    });
    single("naps", nap)
}

/// Waits for a word, and gives it back.
fn listens() -> Workflow<(), String> {
    let listen = step_fn(|ctx: StepContext, (): ()| async move {
        Ok(match ctx.signal() {
            Some(signal) => Outcome::Done(signal.payload.decode::<String>().unwrap()),
            None => Outcome::signal("word", "somebody is to say something"),
        })
    });
    single("listens", listen)
}

async fn state(world: &World, task: TaskId) -> TaskState {
    world.store.task_read(task).await.unwrap().unwrap()
}

/// Returns once the store has it that the task sleeps.
async fn asleep(world: &World, task: TaskId) {
    let sleeps = async {
        while !state(world, task).await.asleep {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(within(HOUR, sleeps).await.is_some(), "it does not sleep");
}

async fn ends_soon(engine: &Engine, task: TaskId) -> String {
    let end = within(Duration::from_secs(8), engine.wait(task)).await.expect("it ends soon");
    output(&end.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_timer_wakes_it_and_the_same_attempt_goes_on() {
    let (log, world) = (Log::default(), World::new());
    let workflow = naps(&log);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let mut events = engine.events();
    let task = engine.submit(&workflow, &()).await.unwrap();
    asleep(&world, task).await;
    assert_eq!(state(&world, task).await.owner, None);
    assert_eq!(output(&engine.wait(task).await.unwrap()), "[60,1]");
    assert_eq!(log.lines(), ["asked", "asked"]);
    let mut taken = Vec::new();
    while let Ok(event) = events.try_recv() {
        match event.kind {
            EventKind::Taken { resumed, .. } => taken.push(if resumed { "resumed" } else { "taken" }),
            EventKind::TaskParked { until } => taken.push(if until.is_some() { "parked" } else { "sound" }),
            _ => {}
        }
    }
    assert_eq!(taken, ["taken", "parked", "taken"]);
}

#[tokio::test(start_paused = true)]
async fn a_near_timer_and_a_step_under_way_keep_it_here() {
    let world = World::new();
    let near = step_fn(|ctx: StepContext, (): ()| async move {
        Ok(if ctx.elapsed() < HOUR {
            Outcome::wait(Duration::from_secs(50), "it is asked often")
        } else {
            Outcome::Done(())
        })
    });
    let near = single("near", near);
    let mut builder = WorkflowBuilder::<()>::new("both", 1);
    let far = step_fn(|_, (): ()| async { Ok(Outcome::<()>::wait(HOUR * 9, "far off")) });
    builder.step("far", far).run(());
    let works = step_fn(|_, (): ()| async {
        tokio::time::sleep(HOUR).await;
        Ok(Outcome::Done(()))
    });
    builder.step("works", works).run(());
    let both = builder.build().unwrap();
    let engine = world.instance("a").workflow(&near).workflow(&both).start().await.unwrap();
    let (near, both) = (engine.submit(&near, &()).await.unwrap(), engine.submit(&both, &()).await.unwrap());
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert!(!state(&world, near).await.asleep && !state(&world, both).await.asleep);
    }
    // The work is over, and only what is far off is left.
    tokio::time::sleep(Duration::from_mins(11)).await;
    assert!(state(&world, both).await.asleep);
    engine.wait(near).await.unwrap();
}

/// The commit that lets the task sleep, and nothing else.
fn parks(call: &Call<'_>) -> bool {
    matches!(call, Call::Append { writes, .. } if writes.iter().any(|it| matches!(it, Write::TaskParked(..))))
}

#[tokio::test(start_paused = true)]
async fn a_signal_wakes_it_whenever_it_comes() {
    for delay in [0, 1, 500, 999, 1_000, 1_001, 60_000] {
        let (workflow, world) = (listens(), World::new());
        // Between the decision and its commit lies a second.
        let slow = FaultyJournal::new(world.store.clone(), |call| {
            parks(call).then_some(Fault::Slow(Duration::from_secs(1)))
        });
        let engine = world.instance_over(slow, "a").workflow(&workflow).start().await.unwrap();
        let task = engine.submit(&workflow, &()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(delay)).await;
        assert!(engine.signal(task, "word", &"up", "ada").await.unwrap());
        assert_eq!(ends_soon(&engine, task).await, "\"up\"", "after {delay} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_and_a_pause_that_come_while_it_is_let_go_are_seen() {
    for paused in [false, true] {
        let (workflow, world) = (listens(), World::new());
        let slow = FaultyJournal::new(world.store.clone(), |call| {
            parks(call).then_some(Fault::Slow(Duration::from_secs(1)))
        });
        let engine = world.instance_over(slow, "a").workflow(&workflow).start().await.unwrap();
        let task = engine.submit(&workflow, &()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        if paused {
            assert!(engine.pause(task, "ada").await.unwrap());
            assert!(engine.signal(task, "word", &"up", "ada").await.unwrap());
            assert!(within(HOUR, engine.wait(task)).await.is_none(), "it is held");
            assert!(engine.resume(task, "ada").await.unwrap());
            assert_eq!(ends_soon(&engine, task).await, "\"up\"");
        } else {
            assert!(engine.cancel(task, "ada").await.unwrap());
            let end = within(Duration::from_secs(8), engine.wait(task)).await.unwrap().unwrap();
            assert!(matches!(end.kind, TaskEndKind::Cancelled(_)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn asleep_it_can_be_cancelled_and_held() {
    let (workflow, world) = (listens(), World::new());
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    asleep(&world, task).await;
    assert!(engine.pause(task, "ada").await.unwrap());
    tokio::time::sleep(HOUR).await;
    assert!(state(&world, task).await.asleep, "a pause is no reason to wake it");
    assert!(engine.cancel(task, "ada").await.unwrap());
    let end = within(Duration::from_secs(8), engine.wait(task)).await.unwrap().unwrap();
    assert!(matches!(end.kind, TaskEndKind::Cancelled(_)));
}

/// Cannot be taken back, and waits for a word before it is done.
struct Once(Log);

#[async_trait]
impl Step for Once {
    type Input = ();
    type Output = u32;
    const CLASS: Class = Class::Irreversible;

    async fn run(&self, ctx: StepContext, (): ()) -> StepResult<u32> {
        self.0.note("asked");
        Ok(match ctx.signal() {
            Some(_) => Outcome::Done(ctx.attempt()),
            None => Outcome::signal("go", "it cannot be taken back"),
        })
    }

    async fn resolve(&self, _: StepContext, (): ()) -> Result<Resolution<u32>, StepError> {
        self.0.note("in doubt");
        Ok(Resolution::Unknown)
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_ends_the_wait_of_an_irreversible_step_that_was_never_in_doubt() {
    let (log, world) = (Log::default(), World::new());
    let workflow = single("once", Once(log.clone()));
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let [told, settled] =
        [engine.submit(&workflow, &()).await.unwrap(), engine.submit(&workflow, &()).await.unwrap()];
    for task in [told, settled] {
        asleep(&world, task).await;
    }
    assert!(engine.signal(told, "go", &(), "ada").await.unwrap());
    assert_eq!(ends_soon(&engine, told).await, "1");
    assert!(engine.settle(settled, "once".parse().unwrap(), &7_u32, "ada").await.unwrap());
    assert_eq!(ends_soon(&engine, settled).await, "7");
    assert_eq!(log.lines(), ["asked"; 3]);
}

#[tokio::test(start_paused = true)]
async fn any_instance_goes_on_with_it_and_whoever_waits_hears_of_its_end() {
    let (log, world) = (Log::default(), World::new());
    let workflow = naps(&log);
    let first = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    asleep(&world, task).await;
    let watcher = world.instance("b").start().await.unwrap();
    drop(first);
    let waits = tokio::spawn(async move { watcher.wait(task).await });
    tokio::time::sleep(HOUR / 2).await;
    let third = world.instance("c").workflow(&workflow).start().await.unwrap();
    assert_eq!(output(&third.wait(task).await.unwrap()), "[60,1]");
    let heard = within(Duration::from_secs(6), waits).await.expect("it is heard soon");
    assert_eq!(output(&heard.unwrap().unwrap()), "[60,1]");
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_the_wait_and_the_sleep_costs_nothing() {
    let (log, world) = (Log::default(), World::new());
    let workflow = naps(&log);
    let held = FaultyJournal::new(world.store.clone(), |call| parks(call).then_some(Fault::Hang));
    let first = world.instance_over(held, "a").workflow(&workflow).start().await.unwrap();
    let task = first.submit(&workflow, &()).await.unwrap();
    log.reaches(1).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!state(&world, task).await.asleep);
    drop(first);
    let second = world.instance("a").workflow(&workflow).start().await.unwrap();
    asleep(&world, task).await;
    assert_eq!(output(&second.wait(task).await.unwrap()), "[60,1]");
    assert_eq!(log.lines(), ["asked", "asked"]);
}

#[tokio::test(start_paused = true)]
async fn a_sleep_that_is_committed_late_does_not_take_the_task_away_again() {
    let (workflow, world) = (listens(), World::new());
    let lost = Switch::default();
    lost.set(true);
    let once = lost.clone();
    // The commit is made, but its answer is lost; and it is sent again when the task has been woken and claimed.
    let journal = FaultyJournal::new(world.store.clone(), move |call| match call {
        call if parks(call) && once.take() => Some(Fault::LoseAnswer),
        call if parks(call) => Some(Fault::Slow(Duration::from_secs(30))),
        _ => None,
    });
    let engine = world.instance_over(journal, "a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    asleep(&world, task).await;
    assert!(!lost.is_on());
    assert!(engine.signal(task, "word", &"up", "ada").await.unwrap());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(state(&world, task).await.owner.is_some(), "it was claimed again");
    let end = within(Duration::from_mins(2), engine.wait(task)).await.expect("it goes on");
    assert_eq!(output(&end.unwrap()), "\"up\"");
}

#[tokio::test(start_paused = true)]
async fn its_locks_stay_its_own_while_it_sleeps() {
    let (log, world) = (Log::default(), World::new());
    let noted = log.clone();
    let mut builder = WorkflowBuilder::<String>::new("guarded", 1);
    let input = builder.input();
    let take = step_fn(|ctx: StepContext, _: String| async move {
        Ok(if ctx.has_locks() { Outcome::Done(()) } else { Outcome::locks(["rack1"], "one at a time") })
    });
    let taken = builder.step("take", take).run(&input);
    let nap = step_fn(move |ctx: StepContext, name: String| {
        let log = noted.clone();
        async move {
            if ctx.elapsed() < HOUR {
                log.note(format!("{name} begins"));
                return Ok(Outcome::wait(HOUR, "it burns in"));
            }
            log.note(format!("{name} ends"));
            Ok(Outcome::Done(()))
        }
    });
    builder.step("nap", nap).after(&taken).run(&input);
    let workflow = builder.build().unwrap();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let first = engine.submit(&workflow, &"first".to_owned()).await.unwrap();
    asleep(&world, first).await;
    let second = engine.submit(&workflow, &"second".to_owned()).await.unwrap();
    tokio::time::sleep(HOUR / 2).await;
    let waits = state(&world, second).await;
    assert!(!waits.asleep && waits.obstacles.iter().any(|it| it.task == first), "{waits:?}");
    engine.wait(second).await.unwrap();
    assert_eq!(log.lines(), ["first begins", "first ends", "second begins", "second ends"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_whose_next_is_far_off_sleeps_too() {
    let (log, world) = (Log::default(), World::new());
    let noted = log.clone();
    let step = step_fn(move |ctx: StepContext, (): ()| {
        let log = noted.clone();
        async move {
            log.note(format!("attempt {}", ctx.attempt()));
            if ctx.attempt() < 2 {
                Err(StepError { retry_after: Some(HOUR), ..StepError::retryable("closed") })
            } else {
                Ok(Outcome::Done(()))
            }
        }
    });
    let workflow = single("tries", step);
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    asleep(&world, task).await;
    output(&engine.wait(task).await.unwrap());
    assert_eq!(log.lines(), ["attempt 1", "attempt 2"]);
}

#[tokio::test(start_paused = true)]
async fn many_more_sleep_than_an_instance_has_room_for() {
    const TASKS: usize = 2_000;
    let (log, world) = (Log::default(), World::new());
    let workflow = listens();
    let options = EngineOptions { capacity: 100, ..EngineOptions::default() };
    let engine = world.instance("a").options(options).workflow(&workflow).start().await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        tasks.push(world.queue(&workflow, &()).await.id);
    }
    engine.look();
    let mut asleep = 0;
    for task in &tasks {
        self::asleep(&world, *task).await;
        asleep += 1;
    }
    assert_eq!(asleep, TASKS);
    for task in &tasks[..150] {
        assert!(engine.signal(*task, "word", &"up", "ada").await.unwrap());
    }
    for task in &tasks[..150] {
        assert_eq!(ends_soon(&engine, *task).await, "\"up\"");
        log.note("ended");
    }
    until(|| log.lines().len() == 150).await;
    assert!(state(&world, tasks[TASKS - 1]).await.asleep);
}

#[tokio::test(start_paused = true)]
async fn explain_says_what_it_waits_for_and_not_that_it_is_queued() {
    let (workflow, world) = (listens(), World::new());
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    asleep(&world, task).await;
    let said = engine.explain(task).await.unwrap().unwrap().to_string();
    assert_eq!(
        said,
        "step listens waits for signal word: somebody is to say something (since 2026-01-01 00:00:00 UTC); \
         it goes on when that is sent\n"
    );
    drop(engine);
    let stranger = world.instance("a").start().await.unwrap();
    let said = stranger.explain(task).await.unwrap().unwrap().to_string();
    assert!(said.starts_with("no live instance knows workflow listens version 1"), "{said}");
}
