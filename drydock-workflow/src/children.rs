//! What a children step gives: how each child ended.

use drydock_core::Payload;
use drydock_core::TaskId;
use drydock_core::journal::{Cancellation, Child, Failure, TaskEndKind};
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
pub(crate) fn output(mut ends: Vec<Child>) -> Result<Payload, serde_json::Error> {
    ends.sort_by_key(|end| end.index);
    let results: Vec<ChildResult<Box<RawValue>>> = ends
        .into_iter()
        .filter_map(|Child { index, task, end }| {
            let end = match end?.kind {
                TaskEndKind::Completed(output) => output.decode().map(ChildOutcome::Completed),
                TaskEndKind::Failed(failure) => Ok(ChildOutcome::Failed(failure)),
                TaskEndKind::Cancelled(request) => Ok(ChildOutcome::Cancelled(request)),
            };
            Some(end.map(|end| ChildResult { task, index, end }))
        })
        .collect::<Result<_, serde_json::Error>>()?;
    Payload::encode(&results)
}
