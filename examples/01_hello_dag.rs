//! Lesson 1: a workflow, a store, an engine.
//!
//! Three steps, of which two run at the same time and feed the third. The store is in memory, so nothing survives the program;
//! lesson 3 changes that, and only the line that makes the store.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use drydock::core::{InstanceName, journal::StepEnd};
use drydock::store::{MemoryStore, repo::TaskRepo as _};
use drydock::workflow::{BuildErrors, Engine, Outcome, Workflow, WorkflowBuilder, step_fn};

/// The tasks of this workflow take a `String` and give a `String`.
fn hello() -> Result<Workflow<String, String>, BuildErrors> {
    let mut builder = WorkflowBuilder::<String>::new("hello", 1);
    let who = builder.input();

    // A step is an async function from its input to an outcome. What it returns is stored as its checkpoint.
    let greet = step_fn(|_ctx, who: String| async move { Ok(Outcome::Done(format!("Hello, {who}!"))) });
    let count = step_fn(|_ctx, who: String| async move { Ok(Outcome::Done(who.chars().count())) });
    let join = step_fn(|_ctx, (greeting, letters): (String, usize)| async move {
        Ok(Outcome::Done(format!("{greeting} Your name has {letters} letters.")))
    });

    // Wires are typed: to feed `join` with two counts would not compile.
    let greeting = builder.step("greet", greet).run(&who);
    let letters = builder.step("count", count).run(&who);
    let text = builder.step("join", join).run((&greeting, &letters));
    builder.output(&text)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let workflow = hello()?;
    let store = Arc::new(MemoryStore::new());
    let name = InstanceName::new("lesson-1")?;
    let engine = Engine::builder(store.clone(), name).workflow(&workflow).start().await?;

    // `submit` returns when the task is durable; `wait` when it has ended.
    let task = engine.submit(&workflow, &"Ada".to_owned()).await?;
    engine.wait(task).await?;

    // What the steps gave is in the store.
    let history = store.task_history(task).await?.ok_or("the task is not there")?;
    for step in &workflow.definition().steps {
        if let Some(checkpoint) = history.checkpoints.iter().find(|it| *it.step.name() == step.name)
            && let StepEnd::Done(output) = &checkpoint.end
        {
            // Outputs are stored as JSON text.
            println!("{}: {}", step.name, String::from_utf8_lossy(output.as_bytes()));
        }
    }
    engine.drain().await?;
    Ok(())
}
