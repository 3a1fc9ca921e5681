//! Lesson 5: a step that is done elsewhere, by a worker in Python.
//!
//! The engine puts the step's attempts into a queue; the queue stands behind HTTP; `workers/checksum.py` takes from it. A worker
//! that falls silent loses its job to another, and one that comes too late is refused.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::process::{Command, Stdio};
use std::sync::Arc;

use drydock::core::{ExecutorName, InstanceName, SecretString, journal::TaskEndKind};
use drydock::store::MemoryStore;
use drydock::store::repo::{FactQuery, TaskRepo as _};
use drydock::workflow::executor::WorkQueue;
use drydock::workflow::{BuildErrors, Engine, Workflow, WorkflowBuilder};
use drydock_server::api::{Access, workers};
use serde_json::json;

/// The step's types are this program's; what it does is the worker's.
fn checksum() -> Result<Workflow<String, String>, BuildErrors> {
    let mut builder = WorkflowBuilder::<String>::new("checksum", 1);
    let text = builder.input();
    let job = json!({"algorithm": "sha256"});
    let digest = builder.external::<String, String>("digest", "checksums", job).run(&text);
    builder.output(&digest)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (workflow, store, queue) = (checksum()?, Arc::new(MemoryStore::new()), WorkQueue::default());
    let name = ExecutorName::new("checksums")?;
    let engine = Engine::builder(store.clone(), InstanceName::new("lesson-5")?)
        .workflow(&workflow)
        .executor(name.clone(), queue.clone())
        .start()
        .await?;

    // Workers come over HTTP, and show a token.
    let queues = workers::Queues::new().queue(name, queue).token(SecretString::from("swordfish"));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let server = format!("http://{}", listener.local_addr()?);
    let serving = axum::serve(listener, workers::router(queues, Access::ThisMachine));

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/workers/checksum.py");
    let mut worker = Command::new("python3")
        .args([script, &server, "checksums"])
        .env("WORKER_TOKEN", "swordfish")
        .stdin(Stdio::null())
        .spawn()?;

    let task = engine.submit(&workflow, &"What was engraved\nin the hull\n".to_owned()).await?;
    let end = tokio::select! {
        end = engine.wait(task) => end?,
        broken = serving.into_future() => return Ok(broken?),
    };
    worker.kill()?;
    worker.wait()?;

    let record = store.task_get(task).await?.ok_or("the task is not there")?;
    for message in record.messages {
        println!("said: {}", message.text);
    }
    for found in store.fact_list(&FactQuery::of_task(task)).await?.facts {
        let fact = found.record.fact;
        println!("found by {}: {}", fact.generator, String::from_utf8_lossy(fact.data.as_bytes()));
    }
    match end.kind {
        TaskEndKind::Completed(digest) => println!("digest: {}", digest.decode::<String>()?),
        other => println!("{other:?}"),
    }
    Ok(())
}
