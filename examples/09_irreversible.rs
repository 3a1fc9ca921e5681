//! Lesson 9: effects that must not be repeated.
//!
//! A step runs at least once: a crash may come between its effect and its checkpoint. Two remedies. A loop keeps what each turn did
//! with `once`, so that a crash repeats one turn at most. A step that must never run twice is *irreversible*: its begin is stored
//! before it runs, and a begun one that a crash cut off is not run again, but found out about, by `resolve` or by a person.
//!
//! The same task lives three lives here. An engine that is dropped stops at once, in the midst of whatever it does.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock::core::journal::{StepEnd, WaitKind};
use drydock::core::{InstanceName, TaskId};
use drydock::store::{MemoryStore, repo::TaskRepo as _};
use drydock::workflow::{
    BuildErrors, Class, Engine, EngineError, Outcome, Resolution, Step, StepContext, StepError, StepResult,
    Workflow, WorkflowBuilder, step_fn,
};
use tokio::sync::Notify;

/// Which life this is, and where it ends.
#[derive(Clone)]
struct Life {
    number: u32,
    over: Arc<Notify>,
}

impl Life {
    /// In this life the caller comes no further.
    async fn ends(&self, number: u32) {
        if self.number == number {
            self.over.notify_one();
            pending::<()>().await;
        }
    }
}

/// Wipes one disk after the other. The first life ends at the third disk.
async fn wipe(life: Life, ctx: StepContext, disks: u32) -> StepResult<u32> {
    let mut bytes = 0;
    for disk in 0..disks {
        // What the block gives is stored under this name. In the next life it comes from there, and the block does not run.
        let part = format!("disk-{disk}");
        let wiped = ctx.once(&part, async {
            println!("life {}: wipes disk {disk}", life.number);
            if disk == 2 {
                life.ends(1).await;
            }
            Ok::<u32, StepError>(1000 + disk)
        });
        bytes += wiped.await?;
    }
    Ok(Outcome::Done(bytes))
}

/// Blows a fuse, which no software can mend. The second life ends while it does.
struct BlowFuse(Life);

#[async_trait]
impl Step for BlowFuse {
    type Input = u32;
    type Output = String;
    const CLASS: Class = Class::Irreversible;

    async fn run(&self, _ctx: StepContext, _bytes: u32) -> StepResult<String> {
        println!("life {}: blows the fuse", self.0.number);
        self.0.ends(2).await;
        Ok(Outcome::Done("the fuse is blown".to_owned()))
    }

    /// Runs instead of `run` when the step had begun and its end is not known. `Resolution::Done` would give its output,
    /// `NotDone` would let it run. This one cannot tell, so a person has to.
    async fn resolve(&self, _ctx: StepContext, _bytes: u32) -> Result<Resolution<String>, StepError> {
        println!("life {}: cannot see the fuse", self.0.number);
        Ok(Resolution::Unknown)
    }
}

fn retire(life: &Life) -> Result<Workflow<u32, String>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u32>::new("retire", 1);
    let disks = builder.input();
    let held = life.clone();
    let wipe = step_fn(move |ctx, disks: u32| wipe(held.clone(), ctx, disks));
    let wiped = builder.step("wipe", wipe).run(&disks);
    let blown = builder.step("blow_fuse", BlowFuse(life.clone())).run(&wiped);
    builder.output(&blown)
}

/// An engine of the same name over the same store: it has the tasks of the one before.
async fn live(
    store: &Arc<MemoryStore>,
    number: u32,
) -> Result<(Engine, Life, Workflow<u32, String>), Box<dyn Error>> {
    let life = Life { number, over: Arc::new(Notify::new()) };
    let workflow = retire(&life)?;
    let name = InstanceName::new("lesson-9")?;
    let engine = Engine::builder(store.clone(), name).workflow(&workflow).start().await?;
    Ok((engine, life, workflow))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Arc::new(MemoryStore::new());
    let (engine, life, workflow) = live(&store, 1).await?;
    let task = engine.submit(&workflow, &4).await?;
    life.over.notified().await;
    drop(engine);

    let (engine, life, _) = live(&store, 2).await?;
    life.over.notified().await;
    drop(engine);

    let (engine, _, _) = live(&store, 3).await?;
    println!("the task waits: {}", waits_for_operator(&store, task).await?);
    // Ada has looked at the machine. Her word is the step's output; `engine.retry` would have it run after all.
    engine.settle(task, "blow_fuse".parse()?, &"the fuse is blown, as ada saw", "ada").await?;
    engine.wait(task).await?;

    let history = store.task_history(task).await?.ok_or("the task is not there")?;
    for checkpoint in &history.checkpoints {
        if let StepEnd::Done(output) = &checkpoint.end {
            println!("{}: {}", checkpoint.step, String::from_utf8_lossy(output.as_bytes()));
        }
    }
    engine.drain().await?;
    Ok(())
}

/// Why the task waits for an operator, as soon as it does.
async fn waits_for_operator(store: &MemoryStore, task: TaskId) -> Result<String, EngineError> {
    loop {
        let history = store.task_history(task).await?;
        let mut waits = history.into_iter().flat_map(|history| history.waits);
        if let Some(wait) = waits.find(|wait| wait.kind == WaitKind::Operator) {
            return Ok(wait.reason);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
