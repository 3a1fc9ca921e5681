//! An old task as JSON. The fields are described in `docs/retention.md`; there may be more of them with each release.

use drydock_core::Payload;
use drydock_core::journal::{
    ArchivedTask, AttemptRecord, AuditRecord, Checkpoint, FactRecord, Mark, Signal, StepEnd, TaskEnd,
    TaskEndKind, WaitRecord,
};
use serde_json::{Value, json};

/// All that was recorded of a task.
pub(super) fn line(old: &ArchivedTask) -> Value {
    let ArchivedTask { task: records, workflow, version, end, messages, facts, audit } = old;
    let task = &records.task;
    let list = |values: Vec<Value>| Value::Array(values);
    json!({
        "id": task.id.to_string(),
        "workflow": workflow.as_str(),
        "version": version,
        "parent": task.parent.as_ref().map(|parent| json!({
            "task": parent.task.to_string(), "step": parent.step.as_str(), "index": parent.index,
        })),
        "created_at": task.created_at,
        "input": value(&task.input),
        "key": task.key,
        "priority": task.priority,
        "labels": task.labels,
        "limit": task.limit.as_ref().map(|limit| json!({ "name": limit.name, "places": limit.places })),
        "claims": records.fence.get(),
        "cancellation": records.cancellation,
        "end": ended(end),
        "checkpoints": list(records.checkpoints.iter().map(checkpoint).collect()),
        "attempts": list(records.attempts.iter().map(attempt).collect()),
        "waits": list(records.waits.iter().map(wait).collect()),
        "marks": list(records.marks.iter().map(mark).collect()),
        "signals": list(records.signals.iter().map(signal).collect()),
        "messages": messages,
        "facts": list(facts.iter().map(fact).collect()),
        "audit": list(audit.iter().map(asked).collect()),
    })
}

/// JSON as it is, a text as a text, and other bytes as hexadecimal digits.
fn value(payload: &Payload) -> Value {
    if let Ok(json) = payload.decode::<Value>() {
        return json;
    }
    if let Ok(text) = std::str::from_utf8(payload.as_bytes()) {
        return json!({ "text": text });
    }
    let mut digits = String::with_capacity(2 * payload.len());
    for byte in payload.as_bytes() {
        digits
            .extend([byte >> 4, byte & 0xf].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
    }
    json!({ "hex": digits })
}

fn ended(end: &TaskEnd) -> Value {
    match &end.kind {
        TaskEndKind::Completed(output) => {
            json!({ "kind": "completed", "at": end.at, "output": value(output) })
        }
        TaskEndKind::Failed(failure) => json!({ "kind": "failed", "at": end.at, "failure": failure }),
        TaskEndKind::Cancelled(request) => json!({ "kind": "cancelled", "at": end.at, "request": request }),
    }
}

fn checkpoint(it: &Checkpoint) -> Value {
    let (kind, field, what) = match &it.end {
        StepEnd::Done(output) => ("done", "output", value(output)),
        StepEnd::Failed(failure) => ("failed", "failure", json!(failure)),
        StepEnd::Skipped(reason) => ("skipped", "reason", json!(reason)),
    };
    json!({
        "step": it.step.to_string(), "attempt": it.attempt, "started_at": it.started_at, "ended_at": it.ended_at,
        "kind": kind, field: what,
    })
}

fn attempt(it: &AttemptRecord) -> Value {
    json!({
        "step": it.step.to_string(), "attempt": it.attempt, "started_at": it.started_at, "ended_at": it.ended_at,
        "retry_at": it.retry_at, "deadline": it.deadline, "failure": it.failure,
    })
}

fn wait(it: &WaitRecord) -> Value {
    json!({
        "step": it.step.to_string(), "attempt": it.attempt, "kind": it.kind, "on": it.on, "reason": it.reason,
        "since": it.since, "until": it.until, "deadline": it.deadline, "scratch": it.scratch.as_ref().map(value),
    })
}

fn mark(it: &Mark) -> Value {
    json!({ "step": it.step.to_string(), "name": it.name, "at": it.at, "value": value(&it.value) })
}

fn signal(it: &Signal) -> Value {
    json!({
        "id": it.id.to_string(), "name": it.name, "at": it.at, "sender": it.sender, "payload": value(&it.payload),
        "taken_by": it.taken_by.as_ref().map(ToString::to_string),
    })
}

fn fact(it: &FactRecord) -> Value {
    json!({
        "seq": it.seq, "step": it.step.to_string(), "at": it.at, "subject": it.fact.subject,
        "generator": it.fact.generator, "format": it.fact.format, "data": value(&it.fact.data),
    })
}

fn asked(it: &AuditRecord) -> Value {
    json!({ "verb": it.verb, "by": it.request.by, "at": it.request.at, "detail": it.detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_kept_all_the_same() {
        let of = |bytes: &[u8]| value(&Payload::from(bytes.to_vec()));
        assert_eq!(of(b"{\"a\":1}"), json!({ "a": 1 }));
        assert_eq!(of(b"two disks"), json!({ "text": "two disks" }));
        assert_eq!(of(&[0xff, 0x01]), json!({ "hex": "ff01" }));
    }
}
