//! Lesson 3: the program is killed in the middle of a step, and its next life goes on from there.
//!
//! The parent runs itself as a child. In the first life the child stops for ever inside its second step, and is killed there
//! (`SIGKILL`: no destructor runs, nothing is tidied). The second life opens the same file.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use drydock::core::{InstanceName, journal::StepEnd};
use drydock::store::SqliteStore;
use drydock::store::repo::{TaskHistory, TaskQuery, TaskRepo as _};
use drydock::workflow::{
    BuildErrors, Engine, Outcome, StepContext, StepResult, Workflow, WorkflowBuilder, step_fn,
};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [file, life] => tokio::runtime::Runtime::new()?.block_on(live(Path::new(file), life.parse()?)),
        _ => parent(),
    }
}

fn parent() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("lesson.db");
    let this = std::env::current_exe()?;

    let mut first = Command::new(&this).arg(&file).arg("1").stdout(Stdio::piped()).spawn()?;
    let stdout = first.stdout.take().ok_or("the child has no output")?;
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        if line.contains("install") {
            first.kill()?;
            break;
        }
    }
    first.wait()?;
    println!("killed");

    let second = Command::new(&this).arg(&file).arg("2").status()?;
    if second.success() { Ok(()) } else { Err("the second life failed".into()) }
}

/// One life of the child.
async fn live(file: &Path, life: u32) -> Result<(), Failure> {
    let workflow = provision(life)?;
    let store = Arc::new(SqliteStore::open(file).await?);
    store.migrate().await?;
    // An instance of the same name takes over at once. One of another name would wait until the lease of the dead one is over.
    let name = InstanceName::new("lesson-3")?;
    let engine = Engine::builder(store.clone(), name).workflow(&workflow).start().await?;
    let task = match store.task_list(&TaskQuery::default()).await?.first() {
        None => engine.submit(&workflow, &()).await?,
        Some(known) => known.id,
    };
    engine.wait(task).await?;
    let history = store.task_history(task).await?.ok_or("the task is not there")?;
    print(&history);
    engine.drain().await?;
    Ok(())
}

/// Three steps, one after the other. Each says in which life it ran, and stores that as its output.
fn provision(life: u32) -> Result<Workflow<(), ()>, BuildErrors> {
    let mut builder = WorkflowBuilder::<()>::new("provision", 1);
    let allocate = builder.step("allocate", step_fn(move |ctx, (): ()| work(ctx, life))).run(());
    let install = builder.step("install", step_fn(move |ctx, _: u32| work(ctx, life))).run(&allocate);
    builder.step("announce", step_fn(move |ctx, _: u32| work(ctx, life))).run(&install);
    builder.build()
}

async fn work(ctx: StepContext, life: u32) -> StepResult<u32> {
    // True when the step may have had its effect already: then a real step looks at the world before it acts.
    let again = if ctx.may_have_run() { ", which may have run before" } else { "" };
    println!("life {life}: step {}{again}", ctx.step());
    if life == 1 && ctx.step().as_str() == "install" {
        std::future::pending::<()>().await;
    }
    Ok(Outcome::Done(life))
}

fn print(history: &TaskHistory) {
    for checkpoint in &history.checkpoints {
        if let StepEnd::Done(life) = &checkpoint.end {
            let life = String::from_utf8_lossy(life.as_bytes());
            println!("checkpoint of {}: made in life {life}", checkpoint.step);
        }
    }
}
