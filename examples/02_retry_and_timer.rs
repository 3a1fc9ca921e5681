//! Lesson 2: steps that fail, and steps that wait.
//!
//! A failed attempt is tried again after a delay, as often as the step's policy says, and each failure is kept. A step that
//! waits returns at once and is asked again later: the wait is a record in the store, it holds no thread, and the step's deadline
//! stands even if the program is killed meanwhile.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use drydock::core::{InstanceName, RetryPolicy};
use drydock::store::{MemoryStore, repo::TaskRepo as _};
use drydock::workflow::{
    BuildErrors, Engine, Outcome, StepContext, StepError, Workflow, WorkflowBuilder, step_fn,
};

fn install() -> Result<Workflow<(), ()>, BuildErrors> {
    // Refuses twice, as a busy machine would. `retryable` says that it is worth another try; `permanent` would end the task.
    let start = step_fn(|ctx: StepContext, (): ()| async move {
        match ctx.attempt() {
            1 => Err(StepError::retryable("the controller does not answer")),
            2 => Err(StepError::retryable("the controller is busy")),
            attempt => Ok(Outcome::Done(attempt)),
        }
    });

    // An installation that takes its time: the step looks, and asks to be asked again.
    let looks = Arc::new(AtomicU32::new(0));
    let poll = step_fn(move |ctx: StepContext, _attempts: u32| {
        let looks = Arc::clone(&looks);
        async move {
            let look = looks.fetch_add(1, Ordering::Relaxed) + 1;
            if look < 3 {
                ctx.say(format!("look {look}: not yet"));
                return Ok(Outcome::wait(Duration::from_millis(50), "the installation goes on"));
            }
            ctx.say(format!("look {look}: installed"));
            Ok(Outcome::Done(()))
        }
    });

    let mut builder = WorkflowBuilder::<()>::new("install", 1);
    // Four attempts at most; 20 ms after the first failure, then twice as long each time, up to a second.
    let retry = RetryPolicy::attempts(4).delays(Duration::from_millis(20), Duration::from_secs(1));
    let started = builder.step("start", start).retry(retry).run(());
    builder.step("poll", poll).deadline(Duration::from_mins(45)).run(&started);
    builder.build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let workflow = install()?;
    let store = Arc::new(MemoryStore::new());
    let name = InstanceName::new("lesson-2")?;
    let engine = Engine::builder(store.clone(), name).workflow(&workflow).start().await?;
    let task = engine.submit(&workflow, &()).await?;
    engine.wait(task).await?;

    let history = store.task_history(task).await?.ok_or("the task is not there")?;
    for failed in &history.attempts {
        println!("{}, attempt {}: {}", failed.step, failed.attempt, failed.failure.message);
    }
    for ended in &history.checkpoints {
        println!("{}, attempt {}: done", ended.step, ended.attempt);
    }
    for wait in &history.waits {
        println!("{} waited, because {}", wait.step, wait.reason);
    }
    for message in &history.task.messages {
        println!("said: {}", message.text);
    }
    engine.drain().await?;
    Ok(())
}
