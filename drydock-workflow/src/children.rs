//! What a children step gives: how each child ended.

use drydock_core::Payload;
use drydock_core::TaskId;
use drydock_core::journal::{Cancellation, ChildEnd, Failure, TaskEndKind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// How one child ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildResult<O> {
    /// The child.
    pub task: TaskId,
    /// Its place in the list, from 0.
    pub index: u32,
    /// Its end.
    pub end: ChildOutcome<O>,
}

/// The end of a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildOutcome<O> {
    /// It completed with this output.
    Completed(O),
    /// It failed.
    Failed(Failure),
    /// It was cancelled.
    Cancelled(Cancellation),
}

/// The output of a children step.
pub(crate) fn output(mut ends: Vec<ChildEnd>) -> Result<Payload, serde_json::Error> {
    ends.sort_by_key(|end| end.index);
    let results: Vec<ChildResult<Box<RawValue>>> = ends
        .into_iter()
        .map(|child| {
            let end = match child.end.kind {
                TaskEndKind::Completed(output) => ChildOutcome::Completed(output.decode()?),
                TaskEndKind::Failed(failure) => ChildOutcome::Failed(failure),
                TaskEndKind::Cancelled(request) => ChildOutcome::Cancelled(request),
            };
            Ok(ChildResult { task: child.task, index: child.index, end })
        })
        .collect::<Result<_, serde_json::Error>>()?;
    Payload::encode(&results)
}
