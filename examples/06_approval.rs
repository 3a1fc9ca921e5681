//! Lesson 6: a task that waits for people.
//!
//! Two people must agree before a machine is wiped. Each says so with a *signal*: a name, a payload and a sender, stored with the
//! task. A signal that comes before its step waits is kept until it does; each is taken by one step, once. A wait for a signal
//! costs a row, like any other wait, and the step's deadline ends it when nobody answers.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use drydock::core::{InstanceName, journal::TaskEndKind};
use drydock::store::{MemoryStore, repo::TaskRepo as _};
use drydock::workflow::{
    BuildErrors, Engine, EventKind, Outcome, Step, StepContext, StepError, Workflow, WorkflowBuilder, step_fn,
};

/// What a signal carries.
#[derive(serde::Serialize, serde::Deserialize)]
struct Answer {
    yes: bool,
    why: String,
}

/// Waits for somebody's answer to `question`. The body runs once to ask, and once more when the signal has come.
fn ask(question: &'static str) -> impl Step<Input = (), Output = String> {
    step_fn(move |ctx: StepContext, (): ()| async move {
        let Some(signal) = ctx.signal() else {
            return Ok(Outcome::signal(question, format!("somebody must answer: {question}?")));
        };
        let answer: Answer = signal
            .payload
            .decode()
            .map_err(|error| StepError::permanent(format!("the answer cannot be read: {error}")))?;
        if !answer.yes {
            return Err(StepError::permanent(format!("{} says no: {}", signal.sender, answer.why)));
        }
        Ok(Outcome::Done(format!("{} says yes: {}", signal.sender, answer.why)))
    })
}

/// First the network's people, then the owner, and each within `patience`.
fn wipe(name: &str, patience: Duration) -> Result<Workflow<(), String>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new(name, 1);
    let network = builder.step("ask_network", ask("network")).deadline(patience).run(());
    let owner = builder.step("ask_owner", ask("owner")).deadline(patience).after(&network).run(());
    let wipe = step_fn(|_ctx, (network, owner): (String, String)| async move {
        Ok(Outcome::Done(format!("wiped, because {network}; {owner}")))
    });
    let wiped = builder.step("wipe", wipe).run((&network, &owner));
    builder.output(&wiped)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let patient = wipe("wipe", Duration::from_hours(72))?;
    let hasty = wipe("wipe-now", Duration::from_millis(50))?;
    let store = Arc::new(MemoryStore::new());
    let name = InstanceName::new("lesson-6")?;
    let engine = Engine::builder(store.clone(), name).workflow(&patient).workflow(&hasty).start().await?;

    let mut events = engine.events();
    let task = engine.submit(&patient, &()).await?;
    // Ada answers before she is asked: `ask_owner` has not begun. Her signal waits for it.
    let answer = Answer { yes: true, why: "the machine is spare".to_owned() };
    engine.signal(task, "owner", &answer, "ada").await?;
    // Grace answers when she is asked.
    loop {
        if let EventKind::StepWaits { step, reason } = events.recv().await?.kind {
            println!("{step} waits: {reason}");
            break;
        }
    }
    let answer = Answer { yes: true, why: "its port is closed".to_owned() };
    engine.signal(task, "network", &answer, "grace").await?;
    println!("{}", ending(engine.wait(task).await?.kind)?);

    // All that was said is in the task's history, with who said it and which step took it.
    let history = store.task_history(task).await?.ok_or("the task is not there")?;
    for signal in &history.signals {
        let taken_by = signal.taken_by.as_ref().map_or("nobody".to_owned(), ToString::to_string);
        println!("signal {} by {}, taken by {taken_by}", signal.name, signal.sender);
    }

    // Nobody answers: the deadline fails the step, and with it the task. It would do so after a crash as well.
    let task = engine.submit(&hasty, &()).await?;
    println!("{}", ending(engine.wait(task).await?.kind)?);
    engine.drain().await?;
    Ok(())
}

fn ending(end: TaskEndKind) -> Result<String, serde_json::Error> {
    Ok(match end {
        TaskEndKind::Completed(output) => output.decode()?,
        TaskEndKind::Failed(failure) => format!("failed: {}", failure.message),
        TaskEndKind::Cancelled(request) => format!("cancelled by {}", request.by),
    })
}
