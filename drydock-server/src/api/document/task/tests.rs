//! The task document, as tables.

use drydock_core::journal::{Cancellation, Failure, Parent, Subject};
use drydock_core::task::Action;
use drydock_core::{Disposition, NodeName, Payload, StepName, TaskId, Timestamp, WorkflowName};
use drydock_orchestrator::NodeJob;
use serde_json::json;

use super::*;

const TASK: &str = "0190b2c8-0000-7000-8000-000000000001";
const OTHER: &str = "0190b2c8-0000-7000-8000-000000000002";

fn at(second: u32) -> Timestamp {
    format!("2026-03-01T12:00:{second:02}Z").parse().unwrap()
}

fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

fn input(node: Option<&str>) -> TaskInput {
    let job = |node| NodeJob { node: NodeName::new(node).unwrap(), design_digest: "00".to_owned() };
    TaskInput {
        action: Action::DeployNodes,
        design_ref: "https://host/site".parse().unwrap(),
        node_filter: None,
        created_by: "ann".to_owned(),
        job: node.map(job),
    }
}

fn record(node: Option<&str>) -> TaskRecord {
    TaskRecord {
        id: id(TASK),
        parent: None,
        workflow: WorkflowName::new("deploy_nodes").unwrap(),
        version: 1,
        input: Payload::encode(&input(node)).unwrap(),
        key: None,
        priority: 0,
        labels: std::collections::BTreeMap::new(),
        status: repo::TaskStatus::Queued,
        created_at: at(0),
        started_at: None,
        updated_at: None,
        cancellation: None,
        pause: None,
        end: None,
        children: Vec::new(),
        messages: Vec::new(),
    }
}

fn ended(kind: TaskEndKind) -> TaskEnd {
    TaskEnd { kind, at: at(9) }
}

fn failed() -> TaskEndKind {
    TaskEndKind::Failed(Failure::new(Disposition::Permanent, "no".to_owned()))
}

#[test]
fn a_task_that_nobody_has_taken_is_queued_and_incomplete() {
    let document = serde_json::to_value(TaskDocument::of(&record(None))).unwrap();
    let result = json!({
        "kind": "Status", "apiVersion": "v1.0", "metadata": {}, "message": null, "reason": null,
        "status": "incomplete", "successes": [], "failures": [], "links": [],
        "details": {"errorCount": 0, "messageList": []},
    });
    let expected = json!({
        "kind": "Task", "apiVersion": "v1", "task_id": TASK, "action": "deploy_nodes", "parent_task_id": null,
        "design_ref": "https://host/site", "status": "queued", "node_filter": null, "subtask_id_list": [],
        "created": "2026-03-01 12:00:00+00:00", "created_by": "ann", "updated": null, "terminated": null,
        "terminated_by": null, "terminate": false, "retry": 0, "result": result,
    });
    assert_eq!(document, expected);
}

#[test]
fn status_and_result_follow_the_task_through_its_life() {
    let request = Cancellation { by: "bob".to_owned(), at: at(5) };
    let done = TaskEndKind::Completed(Payload::encode(&TaskResult::default()).unwrap());
    let cancelled = TaskEndKind::Cancelled(request.clone());
    let table = [
        (repo::TaskStatus::Queued, None, None, "queued", "incomplete"),
        (repo::TaskStatus::Running, None, None, "running", "incomplete"),
        (repo::TaskStatus::Terminating, None, Some(request.clone()), "terminating", "incomplete"),
        (repo::TaskStatus::Complete, Some(ended(done)), None, "complete", "incomplete"),
        (repo::TaskStatus::Complete, Some(ended(failed())), None, "complete", "failure"),
        (repo::TaskStatus::Terminated, Some(ended(cancelled)), Some(request), "terminated", "failure"),
    ];
    for (status, end, cancellation, word, result) in table {
        let asked = cancellation.is_some();
        let task = TaskRecord { status, end, cancellation, ..record(Some("n1")) };
        let document = serde_json::to_value(TaskDocument::of(&task)).unwrap();
        assert_eq!((&document["status"], &document["result"]["status"]), (&json!(word), &json!(result)));
        assert_eq!(document["terminate"], asked);
        let (when, by) = if asked {
            (json!("2026-03-01 12:00:05+00:00"), json!("bob"))
        } else {
            (Value::Null, Value::Null)
        };
        assert_eq!((&document["terminated"], &document["terminated_by"]), (&when, &by));
    }
}

#[test]
fn the_result_of_an_action_is_what_its_workflow_gave() {
    let mut result = TaskResult { message: Some("done".to_owned()), ..TaskResult::default() };
    result.success("n1");
    result.failure("n2");
    let end = Some(ended(TaskEndKind::Completed(Payload::encode(&result).unwrap())));
    let document = TaskDocument::of(&TaskRecord { end, ..record(None) });
    assert_eq!(document.result.status, ActionResult::PartialSuccess);
    assert_eq!(
        (document.result.successes, document.result.failures),
        (vec!["n1".to_owned()], vec!["n2".to_owned()])
    );
    assert_eq!(document.result.message.as_deref(), Some("done"));
}

#[test]
fn messages_say_what_they_are_about_and_a_failure_is_the_last_of_them() {
    let message = |seq, error, subject: Option<(&str, &str)>| Message {
        seq,
        error,
        text: format!("text {seq}"),
        subject: subject.map(|(kind, name)| Subject { kind: kind.to_owned(), name: name.to_owned() }),
        at: at(seq),
    };
    let messages = vec![
        message(0, false, None),
        message(1, true, Some(("network", "pxe"))),
        message(2, false, Some(("node", "n1"))),
        message(3, false, Some(("document", ""))),
    ];
    for (node, kind, name) in [(None, "task", TASK), (Some("n1"), "node", "n1")] {
        let task = TaskRecord { end: Some(ended(failed())), messages: messages.clone(), ..record(node) };
        let details = TaskDocument::of(&task).result.details;
        let told: Vec<_> = details
            .message_list
            .iter()
            .map(|it| (it.error, it.context_type.as_str(), it.context.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (false, "task", TASK),
                (true, "network", "pxe"),
                (false, "node", "n1"),
                (false, "document", "NA"),
                (true, kind, name)
            ]
        );
        assert_eq!((details.error_count, details.message_list[4].message.as_str()), (2, "no"));
        assert_eq!(details.message_list[4].ts, "2026-03-01 12:00:09+00:00");
    }
}

#[test]
fn a_child_names_its_parent_and_a_parent_its_children() {
    let parent = Parent { task: id(OTHER), step: StepName::new("each").unwrap(), index: 0 };
    let task = TaskRecord { parent: Some(parent), children: vec![id(TASK), id(OTHER)], ..record(Some("n1")) };
    let document = TaskDocument::of(&task);
    assert_eq!(document.parent_task_id.as_deref(), Some(OTHER));
    assert_eq!(document.subtask_id_list, [TASK, OTHER]);
}

#[test]
fn a_task_of_another_workflow_is_named_after_it() {
    for (end, result) in [
        (None, ActionResult::Incomplete),
        (Some(ended(TaskEndKind::Completed(Payload::NULL))), ActionResult::Success),
        (Some(ended(failed())), ActionResult::Failure),
    ] {
        let document = TaskDocument::of(&TaskRecord { input: Payload::NULL, end, ..record(None) });
        assert_eq!(
            (document.action.as_str(), document.design_ref, document.created_by),
            ("deploy_nodes", None, None)
        );
        assert_eq!(document.result.status, result);
    }
}

#[test]
fn what_the_server_writes_its_client_reads() {
    let task = TaskRecord { end: Some(ended(failed())), ..record(Some("n1")) };
    let document = TaskDocument::of(&task);
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(serde_json::from_str::<TaskDocument>(&text).unwrap(), document);
}
