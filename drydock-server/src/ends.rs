//! The log's line for each task that ends here.

use std::sync::Arc;

use drydock_core::task::ActionResult;
use drydock_core::{TaskId, error_chain};
use drydock_store::Store;
use drydock_store::repo::TaskRecord;
use drydock_workflow::{Event, EventKind};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::api::document::TaskDocument;

/// Logs a line for each task that ends and that no other task started; until `stop`, and then what has ended by then.
pub(crate) async fn tell(mut events: Receiver<Event>, store: Arc<dyn Store>, stop: CancellationToken) {
    loop {
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            () = stop.cancelled() => return,
        };
        match event {
            Ok(Event { task, kind: EventKind::TaskEnded(_), .. }) => tell_end(task, &*store).await,
            Ok(_) => {}
            Err(RecvError::Lagged(lost)) => {
                tracing::debug!(lost, "the log is behind: it misses the ends of some tasks");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

async fn tell_end(id: TaskId, store: &dyn Store) {
    match store.task_get(id).await {
        Ok(Some(task)) if task.parent.is_none() => log(&task),
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(task.id = %id, error = %error_chain(&error), "a task has ended; how cannot be read");
        }
    }
}

fn log(task: &TaskRecord) {
    let TaskDocument { action, result, .. } = TaskDocument::of(task);
    let took = task.end.as_ref().and_then(|end| (end.at - task.created_at).to_std().ok()).unwrap_or_default();
    let (id, result_word, duration_ms) = (task.id, result.status.as_str(), took.as_millis());
    if result.status == ActionResult::Success {
        tracing::info!(
            task.id = %id, task.action = action, outcome = result_word, duration_ms,
            "task {id} ended: {action}: {result_word}"
        );
    } else {
        let (failures, why) = (result.failures.join(" "), result.message.unwrap_or_default());
        tracing::warn!(
            task.id = %id, task.action = action, outcome = result_word, duration_ms, failures, why,
            "task {id} ended: {action}: {result_word}"
        );
    }
}
