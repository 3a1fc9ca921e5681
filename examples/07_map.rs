//! Lesson 7: a list that is known only when the task runs, a step that may be skipped, and the workflow's picture.
//!
//! How many disks a machine has is found out by its first step. A *map* runs one step for each: `wipe[0]`, `wipe[1]` …, each with
//! its own checkpoint, attempts and waits. A *condition* is an earlier step's answer to whether another one runs.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use drydock::core::{InstanceName, journal::StepEnd};
use drydock::store::{MemoryStore, repo::TaskRepo as _};
use drydock::workflow::{BuildErrors, Engine, Gate, Outcome, Workflow, WorkflowBuilder, step_fn};

/// A machine: how many disks it has, and the version of its firmware.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Machine {
    disks: u32,
    firmware: u32,
}

fn clean() -> Result<Workflow<Machine, String>, BuildErrors> {
    let mut builder = WorkflowBuilder::<Machine>::new("clean", 1);
    let machine = builder.input();

    let find = step_fn(|_ctx, machine: Machine| async move {
        Ok(Outcome::Done((0..machine.disks).map(|n| format!("sd{n}")).collect::<Vec<String>>()))
    });
    let wipe = step_fn(|_ctx, disk: String| async move { Ok(Outcome::Done(format!("{disk} is empty"))) });
    let is_old = step_fn(|_ctx, machine: Machine| async move {
        Ok(Outcome::Done(match machine.firmware {
            ..7 => Gate::Open,
            version => Gate::closed(format!("its firmware {version} is new enough")),
        }))
    });
    let update = step_fn(|_ctx, _machine: Machine| async move { Ok(Outcome::Done(7)) });
    let report = step_fn(|_ctx, (wiped, updated): (Vec<String>, Option<u32>)| async move {
        let firmware = updated.map_or("as it was".to_owned(), |version| format!("now {version}"));
        Ok(Outcome::Done(format!("{}; firmware {firmware}", wiped.join(", "))))
    });

    // `disks` is a list, and so is what the map gives, in the same order. At most two disks are wiped at once.
    let disks = builder.step("find_disks", find).run(&machine);
    let wiped = builder.map("wipe", wipe).at_once(2).run(&disks);
    // A step that may be skipped gives an `Option`: whoever is wired to it must say what it does without.
    let old = builder.step("firmware_is_old", is_old).run(&machine);
    let updated = builder.step("update_firmware", update).when(&old).run(&machine);
    let text = builder.step("report", report).run((&wiped, &updated));
    builder.output(&text)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let workflow = clean()?;
    println!("{}", workflow.dag().to_text());
    println!("{}", workflow.dag().to_mermaid());

    let store = Arc::new(MemoryStore::new());
    let name = InstanceName::new("lesson-7")?;
    let engine = Engine::builder(store.clone(), name).workflow(&workflow).start().await?;
    for machine in [Machine { disks: 3, firmware: 5 }, Machine { disks: 1, firmware: 9 }] {
        println!("disks: {}, firmware: {}", machine.disks, machine.firmware);
        let task = engine.submit(&workflow, &machine).await?;
        engine.wait(task).await?;

        let mut history = store.task_history(task).await?.ok_or("the task is not there")?;
        // Steps that do not wait for each other end in any order.
        history.checkpoints.sort_by(|a, b| a.step.cmp(&b.step));
        for checkpoint in history.checkpoints {
            match checkpoint.end {
                StepEnd::Done(output) => {
                    println!("  {}: {}", checkpoint.step, String::from_utf8_lossy(output.as_bytes()));
                }
                StepEnd::Skipped(reason) => println!("  {}: skipped, because {reason}", checkpoint.step),
                StepEnd::Failed(failure) => println!("  {}: failed: {}", checkpoint.step, failure.message),
            }
        }
    }
    engine.drain().await?;
    Ok(())
}
