//! The pure part as tables, and what they share: graphs by name, and records.

mod children;
mod ending;
mod fold;
mod gate;
mod map;
mod plan;
mod recover;
mod replay;
mod unwind;
mod verdict;

use std::sync::Arc;

use drydock_core::journal::{
    AttemptRecord, Cancellation, Checkpoint, ClaimedTask, Failure, NewTask, StepEnd, TaskEndKind, WaitKind,
    WaitRecord,
};
use drydock_core::{
    Disposition, Payload, StepName, SystemEntropy, TaskId, Timestamp, WorkflowId, WorkflowName,
};

use super::{Command, Run};
use crate::dag::{Dag, Definition, Input, StepDef, StepKind, Unwind};

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
        after: after.iter().map(|dependency| name(dependency)).collect(),
        ..StepDef::new(name(step), StepKind::Run, Input::None)
    };
    let steps = steps.iter().map(step).collect();
    let name = WorkflowName::new("tested").unwrap();
    Definition { name, version: 1, steps, output: None, unwind: Unwind::default(), limit: None }
}

fn dag(steps: &[(&str, &[&str])]) -> Arc<Dag> {
    Arc::new(Dag::new(definition(steps)).unwrap())
}

fn begun(steps: &[(&str, &[&str])]) -> Run {
    Run::new(dag(steps), Payload::NULL)
}

/// What is planned, in words.
fn told(run: &mut Run, minute: i64) -> Vec<String> {
    let mut commands = Vec::new();
    run.plan(at(minute), &mut commands);
    let end = |kind: TaskEndKind| match kind {
        TaskEndKind::Completed(output) => format!("completed {}", text(&output)),
        TaskEndKind::Failed(failure) => format!("failed: {}", failure.message),
        TaskEndKind::Cancelled(request) => format!("cancelled by {}", request.by),
    };
    let word = |command| match command {
        Command::Start(slot) => format!("start {}", run.key(slot)),
        Command::Skip(slot, reason) => format!("skip {}: {reason}", run.key(slot)),
        Command::Refuse(slot, problem) => format!("refuse {}: {problem}", run.key(slot)),
        Command::TakeSignal(slot, _) => format!("take a signal {}", run.key(slot)),
        Command::AskLocks(slot, names) => {
            let whose = slot.map_or_else(|| "again".to_owned(), |slot| run.key(slot).to_string());
            format!("ask for locks {whose}: {}", names.join(", "))
        }
        Command::Obey(signal, _) => format!("obey {}", signal.name),
        Command::Stop => "stop".to_owned(),
        Command::Stuck => "stuck".to_owned(),
        Command::End(kind) => end(kind),
    };
    commands.into_iter().map(word).collect()
}

fn text(payload: &Payload) -> String {
    String::from_utf8(payload.as_bytes().to_vec()).unwrap()
}

fn json(text: &str) -> Payload {
    text.as_bytes().to_vec().into()
}

/// The slot of a key.
fn slot(run: &Run, key: &str) -> usize {
    run.slot_of(&key.parse().unwrap()).unwrap()
}

/// A task that was begun, with these records.
fn claimed() -> ClaimedTask {
    let (id, workflow) = (TaskId::generate(at(0), &SystemEntropy), WorkflowId::new(1));
    let task = NewTask::new(id, workflow, Payload::NULL, at(0));
    ClaimedTask { resumed: true, ..ClaimedTask::new(task) }
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

fn ended(key: &str, end: StepEnd) -> Checkpoint {
    Checkpoint { step: key.parse().unwrap(), attempt: 1, end, started_at: at(0), ended_at: at(1) }
}

fn done(key: &str) -> Checkpoint {
    gave(key, "null")
}

fn gave(key: &str, output: &str) -> Checkpoint {
    ended(key, StepEnd::Done(json(output)))
}

fn broken(step: &str) -> Checkpoint {
    ended(step, StepEnd::Failed(failure()))
}

/// Tried again at minute 10.
fn failed(step: &str, attempt: u32) -> AttemptRecord {
    AttemptRecord {
        step: step.parse().unwrap(),
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
        step: step.parse().unwrap(),
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
