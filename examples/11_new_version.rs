//! Lesson 11: a task meets a new version of its workflow.
//!
//! A task stays with the definition with which it started, whatever code is deployed: its steps neither vanish nor change their
//! order under it. When the old version is no use any more, `CarryOver` shows what a task of the new one would have of the old one's
//! records, before anything is done. The same, with one version, runs a part of a task again.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use drydock::core::journal::TaskEndKind;
use drydock::core::{InstanceName, StepName};
use drydock::store::{MemoryStore, repo::TaskRepo as _};
use drydock::workflow::{
    BuildErrors, CarryOver, CarryRules, Engine, Outcome, StepError, Workflow, WorkflowBuilder, step_fn,
};

/// Version 1 knows one way to boot a server, which this one has not got.
fn old() -> Result<Workflow<String, String>, BuildErrors> {
    let mut builder = WorkflowBuilder::<String>::new("install", 1);
    let node = builder.input();
    let wipe = step_fn(|_, node: String| async move {
        println!("wiping {node}, which takes hours");
        Ok(Outcome::Done(node))
    });
    let wiped = builder.step("wipe", wipe).run(&node);
    let boot = step_fn(|_, _: String| async {
        Err::<Outcome<String>, _>(StepError::permanent("there is no floppy drive"))
    });
    let booted = builder.step("boot", boot).run(&wiped);
    builder.output(&booted)
}

/// Version 2 has another: `boot` was given up for `network_boot`, and `wipe` is called `erase`.
fn new() -> Result<Workflow<String, String>, BuildErrors> {
    let mut builder = WorkflowBuilder::<String>::new("install", 2);
    let node = builder.input();
    let erase = step_fn(|_, node: String| async move {
        println!("erasing {node}, which takes hours");
        Ok(Outcome::Done(node))
    });
    let erased = builder.step("erase", erase).run(&node);
    let boot = step_fn(|_, node: String| async move { Ok(Outcome::Done(format!("{node} is up"))) });
    let booted = builder.step("network_boot", boot).run(&erased);
    builder.output(&booted)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (old, new, store) = (old()?, new()?, Arc::new(MemoryStore::new()));
    let name = InstanceName::new("lesson-11")?;
    let node = "rack1-n07".to_owned();

    let engine = Engine::builder(store.clone(), name.clone()).workflow(&old).start().await?;
    let task = engine.submit(&old, &node).await?;
    if let TaskEndKind::Failed(failure) = engine.wait(task).await?.kind {
        println!("failed: {}", failure.message);
    }
    engine.drain().await?;

    // The program was changed, and started again. What would a task of version 2 have of the old one?
    let history = store.task_history(task).await?.ok_or("the task is not there")?;
    let rules = CarryRules::new().rename(StepName::new("wipe")?, StepName::new("erase")?);
    let records = (&*history.checkpoints, &*history.marks);
    let over = CarryOver::plan(old.definition(), new.definition(), records, &rules);
    print!("{over}");

    // It is as it should be: nothing is wiped again.
    let engine = Engine::builder(store, name).workflow(&new).start().await?;
    let task = engine.task(&new, &node).carrying(&over).submit().await?;
    if let TaskEndKind::Completed(output) = engine.wait(task).await?.kind {
        println!("completed: {}", output.decode::<String>()?);
    }
    engine.drain().await?;
    Ok(())
}
