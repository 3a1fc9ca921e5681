//! Lesson 10: a task that begins if and only if your own transaction commits.
//!
//! A shop keeps its orders in the database where the engine keeps its tasks. The order's row and the start of its task go into one
//! transaction: never an order that nobody ships, never a shipment without an order. The task has a *key*, so that an order which is
//! placed twice is shipped once. Postgres has the same: `PgStore::submit_in`.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use drydock::core::{InstanceName, TaskId, journal::TaskEndKind};
use drydock::store::{SqliteConnection, SqliteStore, repo::TaskRepo as _};
use drydock::workflow::{BuildErrors, Engine, Outcome, Workflow, WorkflowBuilder, step_fn};
use sqlx::Connection as _;

fn ship() -> Result<Workflow<String, String>, BuildErrors> {
    let mut builder = WorkflowBuilder::<String>::new("ship", 1);
    let what = builder.input();
    let ship = step_fn(|_ctx, what: String| async move { Ok(Outcome::Done(format!("shipped {what}"))) });
    let shipped = builder.step("ship", ship).run(&what);
    builder.output(&shipped)
}

/// Places an order: a row of the shop's, and a task, both in the caller's transaction. Gives the task that stands for the order.
async fn place(
    tx: &mut SqliteConnection,
    engine: &Engine,
    workflow: &Workflow<String, String>,
    number: i64,
    what: &str,
) -> Result<TaskId, Box<dyn Error>> {
    sqlx::query("INSERT INTO orders VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .bind(number)
        .bind(what)
        .execute(&mut *tx)
        .await?;
    // `build` makes the task without starting it. `submit_in` gives the tasks that stand: the first of each key.
    let task = engine.task(workflow, &what.to_owned()).key(format!("order-{number}")).build()?;
    let standing = SqliteStore::submit_in(tx, &[task]).await?;
    Ok(standing[0])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shop.db");
    let store = Arc::new(SqliteStore::open(&file).await?);
    store.migrate().await?;
    let workflow = ship()?;
    let name = InstanceName::new("lesson-10")?;
    let engine = Engine::builder(store.clone(), name).workflow(&workflow).start().await?;

    // The shop's own connection to the same database.
    let mut shop = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await?;
    sqlx::query("CREATE TABLE orders (number INTEGER PRIMARY KEY, what TEXT)").execute(&mut shop).await?;

    // The customer goes away in the midst of it: neither the row nor the task ever was.
    let mut tx = shop.begin_with("BEGIN IMMEDIATE").await?;
    let never = place(&mut tx, &engine, &workflow, 1, "a sextant").await?;
    tx.rollback().await?;
    let there = store.task_get(never).await?.is_some();
    println!("rolled back: {} orders, the task is there: {there}", orders(&mut shop).await?);

    // The order is placed. The engine would find its task with the next poll; told to look, it finds it now.
    let mut tx = shop.begin_with("BEGIN IMMEDIATE").await?;
    let first = place(&mut tx, &engine, &workflow, 2, "a compass").await?;
    tx.commit().await?;
    engine.look();
    if let TaskEndKind::Completed(output) = engine.wait(first).await?.kind {
        println!(
            "committed: {} order, the task says: {}",
            orders(&mut shop).await?,
            output.decode::<String>()?
        );
    }

    // The browser sends it again. It has the same key, so the task is the one that was.
    let mut tx = shop.begin_with("BEGIN IMMEDIATE").await?;
    let again = place(&mut tx, &engine, &workflow, 2, "a compass").await?;
    tx.commit().await?;
    println!("placed again: {}", if again == first { "the same task" } else { "another task" });
    shop.close().await?;
    engine.drain().await?;
    Ok(())
}

async fn orders(shop: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(shop).await
}
