//! Lesson 8: when a late step fails, what was done before it is taken back.
//!
//! A step may have an *undo*. When the task fails or is cancelled, the steps that are done are undone in reverse order; then the
//! *finally* steps run, as they do however a task ends. Undoings and finally steps are steps like others: they have checkpoints, are
//! tried again, and go on after a crash.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use drydock::core::journal::{StepEnd, TaskEndKind};
use drydock::core::{InstanceName, Payload};
use drydock::store::{MemoryStore, repo::TaskRepo as _};
use drydock::workflow::{
    BuildErrors, Engine, Outcome, Step, StepContext, StepError, Undo, Workflow, WorkflowBuilder, step_fn,
};

/// Takes something for a node, and gives what it took.
fn take(what: &'static str) -> impl Step<Input = String, Output = String> {
    step_fn(move |_ctx, node: String| async move { Ok(Outcome::Done(format!("{what} of {node}"))) })
}

/// Gives it back. It is told what went into the step that it undoes, and what came out.
fn give_back() -> impl Step<Input = Undo<String, String>, Output = ()> {
    step_fn(|ctx: StepContext, taken: Undo<String, String>| async move {
        ctx.say(format!("{} is free again", taken.output));
        Ok(Outcome::Done(()))
    })
}

fn deploy() -> Result<Workflow<String, ()>, BuildErrors> {
    let mut builder = WorkflowBuilder::<String>::new("deploy", 1);
    let node = builder.input();
    let address = builder.step("address", take("the address")).undo(give_back()).run(&node);
    let port = builder.step("port", take("the port")).undo(give_back()).after(&address).run(&node);
    let install = step_fn(|_ctx, _port: String| async move {
        Err::<Outcome<()>, _>(StepError::permanent("the installer does not know this machine"))
    });
    builder.step("install", install).run(&port);

    // A finally step cannot count on any other: `maybe` gives `None` for a step that never ended well.
    let tell = step_fn(|ctx: StepContext, (node, address): (String, Option<String>)| async move {
        ctx.say(format!("{node} was given {}", address.as_deref().unwrap_or("nothing")));
        Ok(Outcome::Done(()))
    });
    builder.finally("tell", tell).run((&node, &address.maybe()));
    builder.build()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let workflow = deploy()?;
    let store = Arc::new(MemoryStore::new());
    let name = InstanceName::new("lesson-8")?;
    let engine = Engine::builder(store.clone(), name).workflow(&workflow).start().await?;
    let task = engine.submit(&workflow, &"n07".to_owned()).await?;
    let end = engine.wait(task).await?;

    // The order of the checkpoints is the order in which the steps ended. An undoing stands under `undo:NAME`.
    let history = store.task_history(task).await?.ok_or("the task is not there")?;
    for checkpoint in &history.checkpoints {
        match &checkpoint.end {
            StepEnd::Done(nothing) if *nothing == Payload::NULL => println!("{}: done", checkpoint.step),
            StepEnd::Done(output) => {
                println!("{}: {}", checkpoint.step, String::from_utf8_lossy(output.as_bytes()));
            }
            StepEnd::Failed(failure) => println!("{}: failed: {}", checkpoint.step, failure.message),
            StepEnd::Skipped(reason) => println!("{}: skipped: {reason}", checkpoint.step),
        }
    }
    for message in &history.task.messages {
        println!("said: {}", message.text);
    }
    // That all was undone does not make the task one that succeeded.
    if let TaskEndKind::Failed(failure) = end.kind {
        println!("the task failed: {}", failure.message);
    }
    engine.drain().await?;
    Ok(())
}
