//! Histories, and where their steps stand.

use drydock_core::journal::{Cancellation, Checkpoint, StepEnd, TaskEnd, TaskEndKind, WaitKind};
use drydock_core::{Disposition, Payload, StepName, TaskId, Timestamp};
use drydock_store::repo::{TaskRecord, TaskStatus};
use drydock_workflow::{Outcome, StepContext, Undo, WorkflowBuilder, step_fn};

use super::*;

fn at(second: u32) -> Timestamp {
    format!("2026-03-01T12:00:{second:02}Z").parse().unwrap()
}

fn name(text: &str) -> StepName {
    StepName::new(text).unwrap()
}

/// `a`, then `b`, of a task that an instance has.
fn history() -> TaskHistory {
    let nothing = || step_fn(|_: StepContext, (): ()| async move { Ok(Outcome::Done(())) });
    let mut builder = WorkflowBuilder::<()>::new("two", 1);
    let a = builder.step("a", nothing()).run(());
    builder.step("b", nothing()).run(&a);
    let workflow = builder.build().unwrap();
    TaskHistory {
        task: TaskRecord {
            id: "0190b2c8-0000-7000-8000-000000000001".parse::<TaskId>().unwrap(),
            parent: None,
            workflow: workflow.name().clone(),
            version: 1,
            input: Payload::NULL,
            key: None,
            priority: 0,
            labels: std::collections::BTreeMap::new(),
            status: TaskStatus::Running,
            created_at: at(0),
            started_at: Some(at(0)),
            updated_at: None,
            cancellation: None,
            pause: None,
            end: None,
            children: Vec::new(),
            messages: Vec::new(),
        },
        definition: serde_json::to_string(workflow.definition()).unwrap(),
        checkpoints: Vec::new(),
        attempts: Vec::new(),
        waits: Vec::new(),
        marks: Vec::new(),
        signals: Vec::new(),
        audit: Vec::new(),
        progress: Vec::new(),
    }
}

fn failure() -> Failure {
    Failure::new(Disposition::Retryable, "busy".to_owned())
}

fn ended(step: &str, end: StepEnd) -> Checkpoint {
    Checkpoint { step: name(step).into(), attempt: 2, end, started_at: at(1), ended_at: at(2) }
}

fn attempt(number: u32, retry_at: Timestamp) -> AttemptRecord {
    AttemptRecord {
        step: name("a").into(),
        attempt: number,
        failure: failure(),
        started_at: at(1),
        ended_at: at(2),
        retry_at,
        deadline: None,
    }
}

fn wait(number: u32, kind: WaitKind, until: Option<Timestamp>) -> WaitRecord {
    WaitRecord {
        step: name("a").into(),
        attempt: number,
        kind,
        on: vec![],
        reason: "the power".to_owned(),
        since: at(3),
        until,
        deadline: None,
        scratch: None,
    }
}

/// The steps at 12:00:30.
fn steps(history: &TaskHistory) -> [Step; 2] {
    steps_of(history, at(30)).unwrap().try_into().unwrap()
}

fn statuses(history: &TaskHistory) -> [StepStatus; 2] {
    steps(history).map(|step| step.status)
}

#[test]
fn steps_start_when_those_before_them_are_done() {
    use StepStatus::{Done, Failed, Pending, Ready, Running, Unfinished};
    let mut history = history();
    assert_eq!(statuses(&history), [Running, Pending]);
    history.task.status = TaskStatus::Queued;
    assert_eq!(statuses(&history), [Ready, Pending]);
    history.checkpoints = vec![ended("a", StepEnd::Done(Payload::NULL))];
    assert_eq!(statuses(&history), [Done, Ready]);
    history.task.status = TaskStatus::Running;
    assert_eq!(statuses(&history), [Done, Running]);
    history.task.cancellation = Some(Cancellation { by: "ann".to_owned(), at: at(3) });
    history.task.status = TaskStatus::Terminating;
    assert_eq!(statuses(&history), [Done, Pending]);
    history.task.status = TaskStatus::Terminated;
    assert_eq!(statuses(&history), [Done, Unfinished]);
    history.checkpoints = vec![ended("a", StepEnd::Failed(failure()))];
    history.task.status = TaskStatus::Complete;
    history.task.end = Some(TaskEnd { kind: TaskEndKind::Failed(failure()), at: at(4) });
    assert_eq!(statuses(&history), [Failed, Unfinished]);
}

#[test]
fn a_step_that_ended_says_when_and_how() {
    for (end, error) in [(StepEnd::Done(Payload::NULL), None), (StepEnd::Failed(failure()), Some(failure()))]
    {
        let mut history = history();
        history.checkpoints = vec![ended("a", end)];
        // What came before its end does not matter any more.
        history.attempts = vec![attempt(1, at(40))];
        history.waits = vec![wait(2, WaitKind::Timer, Some(at(40)))];
        let [a, _] = steps(&history);
        assert_eq!((a.attempt, a.started, a.ended, a.waits), (2, Some(at(1)), Some(at(2)), None));
        assert_eq!(a.error, error);
    }
}

#[test]
fn a_step_that_did_not_end_is_where_its_newest_record_says() {
    use StepStatus::{Retrying, Running, Waiting};
    let timer = |number, second| vec![wait(number, WaitKind::Timer, Some(at(second)))];
    let children = vec![wait(1, WaitKind::Children, None)];
    let table = [
        (vec![], timer(1, 40), Waiting, 1, Some(Some(at(40)))),
        (vec![], timer(1, 20), Running, 1, None),
        (vec![], children, Waiting, 1, Some(None)),
        (vec![attempt(1, at(40))], vec![], Retrying, 2, Some(Some(at(40)))),
        (vec![attempt(2, at(40)), attempt(1, at(20))], vec![], Retrying, 3, Some(Some(at(40)))),
        (vec![attempt(1, at(20))], vec![], Running, 2, None),
        (vec![attempt(1, at(40))], timer(1, 50), Retrying, 2, Some(Some(at(40)))),
        (vec![attempt(1, at(20))], timer(2, 50), Waiting, 2, Some(Some(at(50)))),
    ];
    for (attempts, waits, status, number, until) in table {
        let history = TaskHistory { attempts, waits, ..history() };
        let [a, _] = steps(&history);
        assert_eq!((a.status, a.attempt, a.waits.map(|it| it.until)), (status, number, until), "{history:?}");
        assert_eq!(a.error.is_some(), !history.attempts.is_empty());
    }
}

#[test]
fn a_workflow_that_cannot_be_read_is_an_error() {
    assert!(steps_of(&TaskHistory { definition: "{".to_owned(), ..history() }, at(0)).is_err());
}

/// A list, a map over it with an undo, and a step that fails.
fn mapped() -> TaskHistory {
    let mut builder = WorkflowBuilder::<()>::new("mapped", 1);
    let list = step_fn(|_: StepContext, (): ()| async move { Ok(Outcome::Done(vec![1_u32])) });
    let list = builder.step("list", list).run(());
    let wipe = step_fn(|_: StepContext, _: u32| async move { Ok(Outcome::Done(())) });
    let undo = step_fn(|_: StepContext, _: Undo<u32, ()>| async move { Ok(Outcome::Done(())) });
    builder.map("wipe", wipe).undo(undo).run(&list);
    let other = step_fn(|_: StepContext, (): ()| async move { Ok(Outcome::Done(())) });
    builder.step("other", other).run(());
    let definition = serde_json::to_string(builder.build().unwrap().definition()).unwrap();
    TaskHistory { definition, ..history() }
}

fn told(history: &TaskHistory) -> Vec<String> {
    let word = |step: Step| {
        let why = step.waits.map(|waits| format!(": {}", waits.reason)).unwrap_or_default();
        format!("{} {:?}{why}", step.key, step.status)
    };
    steps_of(history, at(30)).unwrap().into_iter().map(word).collect()
}

fn gave(key: &str, output: &str) -> Checkpoint {
    let output = Payload::from(output.as_bytes().to_vec());
    Checkpoint { step: key.parse().unwrap(), ..ended("a", StepEnd::Done(output)) }
}

#[test]
fn a_map_is_told_in_one_line_and_its_undoing_once_there_is_one() {
    let mut history = mapped();
    assert_eq!(told(&history), ["list Running", "wipe Pending", "other Running"]);
    history.checkpoints.push(gave("list", "[1,2,3]"));
    assert_eq!(told(&history)[1], "wipe Running: 0 of 3 items are done");
    history.checkpoints.push(gave("wipe[1]", "null"));
    assert_eq!(told(&history)[1], "wipe Running: 1 of 3 items are done");
    let mut done = history.clone();
    done.checkpoints.extend([gave("wipe[0]", "null"), gave("wipe[2]", "null")]);
    assert_eq!(told(&done)[1], "wipe Done");
    let mut empty = mapped();
    empty.checkpoints.push(gave("list", "[]"));
    assert_eq!(told(&empty)[1], "wipe Done");

    history.checkpoints.push(ended("other", StepEnd::Failed(failure())));
    let failed = [
        "list Done",
        "wipe Pending: 1 of 3 items are done",
        "undo:wipe Running: 0 of 1 items are done",
        "other Failed",
    ];
    assert_eq!(told(&history), failed);
    history.checkpoints.push(gave("undo:wipe[1]", "null"));
    assert_eq!(told(&history)[2], "undo:wipe Done");
}
