//! From how a task ended to its result in the words of v1.0.

use drydock_core::journal::{TaskEnd, TaskEndKind};
use drydock_core::task::{ActionResult, TaskResult};

use crate::TaskInput;

/// What a task came to; [`ActionResult::Incomplete`] while it has not ended. A child that failed or was cancelled counts its
/// node among the failures.
pub fn task_result(input: &TaskInput, end: Option<&TaskEnd>) -> TaskResult {
    let (message, reason) = match end.map(|end| &end.kind) {
        None => return TaskResult::default(),
        Some(TaskEndKind::Completed(output)) => match output.decode::<TaskResult>() {
            Ok(result) => return result,
            Err(error) => (format!("the stored result cannot be read: {error}"), "bug".to_owned()),
        },
        Some(TaskEndKind::Failed(failure)) => {
            (failure.message.clone(), failure.disposition.as_str().to_owned())
        }
        Some(TaskEndKind::Cancelled(request)) => {
            (format!("cancelled by {}", request.by), "cancelled".to_owned())
        }
    };
    let mut result = TaskResult {
        status: ActionResult::Failure,
        message: Some(message),
        reason: Some(reason),
        ..TaskResult::default()
    };
    if let Some(job) = &input.job {
        result.failure(job.node.as_str());
    }
    result
}
