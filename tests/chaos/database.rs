//! The database under attack: what is still open in it, and all that it knows at the end.

use std::sync::Arc;

use drydock::core::TaskId;
use drydock::store::repo::{TaskHistory, TaskQuery};
use drydock::store::{DatabaseUrl, Store, migrate, open};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::Failure;

/// How many tasks have not ended: rows of the table that holds the living.
pub(crate) async fn live(url: &str) -> Result<i64, Failure> {
    const COUNT: &str = "SELECT count(*) FROM live";
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await?;
        Ok(sqlx::query_scalar(COUNT).fetch_one(&mut connection).await?)
    } else {
        let mut connection = SqliteConnectOptions::new().filename(url).connect().await?;
        Ok(sqlx::query_scalar(COUNT).fetch_one(&mut connection).await?)
    }
}

/// Prepares a new database.
pub(crate) async fn prepare(url: &str) -> Result<(), Failure> {
    let url: DatabaseUrl = url.parse()?;
    Ok(migrate(&url).await?)
}

/// All tasks with all their records.
pub(crate) async fn histories(url: &str) -> Result<Vec<TaskHistory>, Failure> {
    let url: DatabaseUrl = url.parse()?;
    let store: Arc<dyn Store> = open(&url).await?;
    let mut found = Vec::new();
    let mut after: Option<TaskId> = None;
    loop {
        let query = TaskQuery { after, limit: Some(500), ..TaskQuery::default() };
        let page = store.task_list(&query).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.id);
        for task in &page {
            found.push(store.task_history(task.id).await?.ok_or("a task that was listed is not there")?);
        }
    }
}
