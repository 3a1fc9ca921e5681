//! The pure part as tables, and what they share: graphs by name, and records.

mod fold;
mod plan;
mod recover;
mod verdict;

use std::sync::Arc;

use drydock_core::journal::{
    AttemptRecord, Cancellation, Checkpoint, Failure, StepEnd, WaitKind, WaitRecord,
};
use drydock_core::{Disposition, Payload, StepName, Timestamp, WorkflowName};

use super::{Command, Run};
use crate::dag::{Dag, Definition, Input, StepDef, StepKind, StepPolicy};

/// A minute after this many.
fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + chrono::TimeDelta::minutes(minute)
}

fn name(step: &str) -> StepName {
    StepName::new(step).unwrap()
}

/// Steps, each with those that it waits for.
fn definition(steps: &[(&str, &[&str])]) -> Definition {
    let step = |(step, after): &(&str, &[&str])| StepDef {
        name: name(step),
        kind: StepKind::Run,
        input: Input::None,
        after: after.iter().map(|dependency| name(dependency)).collect(),
        policy: StepPolicy::default(),
        executor: None,
    };
    let steps = steps.iter().map(step).collect();
    Definition { name: WorkflowName::new("tested").unwrap(), version: 1, steps, output: None }
}

fn dag(steps: &[(&str, &[&str])]) -> Arc<Dag> {
    Arc::new(Dag::new(definition(steps)).unwrap())
}

fn begun(steps: &[(&str, &[&str])]) -> Run {
    Run::new(dag(steps), Payload::NULL)
}

fn plan(run: &mut Run, minute: i64) -> Vec<Command> {
    let mut commands = Vec::new();
    run.plan(at(minute), &mut commands);
    commands
}

fn failure() -> Failure {
    Failure::new(Disposition::Permanent, "broken".to_owned())
}

fn cancellation(by: &str) -> Cancellation {
    Cancellation { by: by.to_owned(), at: at(0) }
}

fn ended(step: &str, end: StepEnd) -> Checkpoint {
    Checkpoint { step: name(step).into(), attempt: 1, end, started_at: at(0), ended_at: at(1) }
}

fn done(step: &str) -> Checkpoint {
    ended(step, StepEnd::Done(Payload::NULL))
}

fn broken(step: &str) -> Checkpoint {
    ended(step, StepEnd::Failed(failure()))
}

/// Tried again at minute 10.
fn failed(step: &str, attempt: u32) -> AttemptRecord {
    AttemptRecord {
        step: name(step).into(),
        attempt,
        failure: failure(),
        started_at: at(0),
        ended_at: at(1),
        retry_at: at(10),
        deadline: Some(at(60)),
    }
}

/// Asked again at minute 10.
fn waits(step: &str, attempt: u32, kind: WaitKind) -> WaitRecord {
    WaitRecord {
        step: name(step).into(),
        attempt,
        kind,
        on: Vec::new(),
        reason: "a reason".to_owned(),
        since: at(0),
        until: (kind == WaitKind::Timer).then(|| at(10)),
        deadline: Some(at(60)),
        scratch: None,
    }
}
