//! The spans of a task: `run`, for as long as an instance has it, and in it a `step` for each attempt.
//!
//! A `run` has no parent, since it may outlive whatever asked for it by days; it follows from the span in which it was asked for, if
//! that was in this process and in this life of it. What holds beyond both are its fields: with `trace.id` all runs of one task are one
//! trace, whichever instance had it, and `parent.trace.id` is the trace of the task whose child it is.
//!
//! Both are of the level `debug`, which a server has switched off unless it is asked for: entering a span for each attempt costs more than counting it.
//! Whoever is not listening pays for a branch: nothing is formatted unless the span is enabled.

use std::future::Future;

use drydock_core::{Epoch, Fence, StepKey, TaskId};
use futures::future::BoxFuture;
use tracing::Span;
use tracing::field::{Empty, display};

/// The fields that spans and log lines may have: one name for each thing, everywhere.
pub const FIELDS: &[&str] = &[
    TASK_ID,
    "task.action",
    TRACE_ID,
    PARENT_TRACE_ID,
    RUN_WORKFLOW,
    RUN_RESUMED,
    STEP_NAME,
    STEP_ATTEMPT,
    CLAIM_EPOCH,
    CLAIM_FENCE,
    "driver.kind",
    "driver.op",
    "request.id",
    "request.marker",
    "actor",
    "outcome",
    "error",
    "duration_ms",
];

/// The spans that there are.
pub const SPANS: &[&str] = &[RUN, STEP, "driver.call", "http.request"];

const RUN: &str = "run";
const STEP: &str = "step";
const TASK_ID: &str = "task.id";
const TRACE_ID: &str = "trace.id";
const PARENT_TRACE_ID: &str = "parent.trace.id";
const RUN_WORKFLOW: &str = "run.workflow";
const RUN_RESUMED: &str = "run.resumed";
const STEP_NAME: &str = "step.name";
const STEP_ATTEMPT: &str = "step.attempt";
const CLAIM_EPOCH: &str = "claim.epoch";
const CLAIM_FENCE: &str = "claim.fence";

/// A task's run on this instance. `origin` is where it was asked for, as far as this process knows.
pub(crate) fn of_run(
    task: TaskId,
    parent: Option<TaskId>,
    workflow: &str,
    (epoch, fence): (Epoch, Fence),
    resumed: bool,
    origin: &Span,
) -> Span {
    let span = tracing::debug_span!(
        parent: None, RUN,
        { TASK_ID } = %task,
        { TRACE_ID } = %trace_id(task),
        { PARENT_TRACE_ID } = Empty,
        { RUN_WORKFLOW } = workflow,
        { RUN_RESUMED } = resumed,
        { CLAIM_EPOCH } = %epoch,
        { CLAIM_FENCE } = %fence,
    );
    if !span.is_disabled() {
        span.follows_from(origin);
        if let Some(parent) = parent {
            span.record(PARENT_TRACE_ID, display(trace_id(parent)));
        }
    }
    span
}

/// An attempt, in its task's run; where attempts are not traced, what a body logs is the run's.
pub(crate) fn of_attempt(run: &Span, task: TaskId, step: &StepKey, attempt: u32, epoch: Epoch) -> Span {
    let span = tracing::debug_span!(
        parent: run, STEP,
        { TASK_ID } = %task,
        { STEP_NAME } = %step,
        { STEP_ATTEMPT } = attempt,
        { CLAIM_EPOCH } = %epoch,
    );
    if span.is_disabled() { run.clone() } else { span }
}

/// Runs a body in a span. Unlike with `Instrument`, what is left of the body is dropped outside it: entering once more for each attempt is what
/// spans cost most.
pub(crate) fn inside<T>(span: Span, mut body: BoxFuture<'_, T>) -> impl Future<Output = T> {
    std::future::poll_fn(move |cx| span.in_scope(|| body.as_mut().poll(cx)))
}

/// A trace's id has 16 bytes, as a task's has.
fn trace_id(task: TaskId) -> impl std::fmt::Display {
    task.as_uuid().simple()
}
