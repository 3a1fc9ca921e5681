//! The records of a batch: what happened to steps.

use drydock_core::journal::{AttemptRecord, Checkpoint, FactRecord, Mark, Message, StepProgress, WaitRecord};
use drydock_core::{Epoch, Payload, TaskId};

use super::parts::{
    ATTEMPTS, CHECKPOINTS, FACTS, MARKS, MESSAGES, PROGRESS, REOPENED, TAKEN, UNLOCK, UNQUEUE, VACATED, WAITS,
};
use super::row::micros;
use super::statements::Script;
use crate::batch::{Batch, claims, storable};
use crate::codec;

/// Writes all records of `batch`.
pub(super) fn record(script: &mut Script, epoch: Epoch, batch: &Batch<'_>) {
    script.say_rows(&REOPENED, &batch.reopened, |to, (id, attempt)| {
        to.add(id.as_uuid());
        to.add(attempt.step.text());
        to.add(i64::from(attempt.attempt));
    });
    script.say_rows(&CHECKPOINTS, &batch.checkpoints, checkpoint);
    script.say_rows(&ATTEMPTS, &batch.attempts, attempt);
    script.say_rows(&WAITS, &batch.waits, wait);
    script.say_rows(&MARKS, &batch.marks, mark);
    script.say_rows(&TAKEN, &batch.taken, |to, (id, (signal, step))| {
        to.add(id.as_uuid());
        to.add(signal.as_uuid());
        to.add(step.text());
    });
    for statement in [&UNLOCK, &UNQUEUE] {
        script.say_rows(statement, &batch.unlocked, |to, (id, decided)| {
            to.add(id.as_uuid());
            to.add(claims(*decided));
        });
    }
    script.say_rows(&VACATED, &batch.vacated, |to, (id, (step, ticket))| {
        to.add(id.as_uuid());
        to.add(step.text());
        to.add(epoch.get());
        to.add(*ticket);
    });
    script.say_rows(&MESSAGES, &batch.messages, message);
    script.say_rows(&FACTS, &batch.facts, fact);
    script.say_rows(&PROGRESS, &batch.progress, progress);
}

fn checkpoint(to: &mut Script, (id, checkpoint): &(TaskId, &Checkpoint)) {
    let (kind, output) = match codec::step_end(&checkpoint.end) {
        Ok(coded) => coded,
        Err(problem) => return to.fail(problem),
    };
    to.add(id.as_uuid());
    to.add(checkpoint.step.text());
    to.add(kind);
    to.add(i64::from(checkpoint.attempt));
    to.add(micros(checkpoint.started_at));
    to.add(micros(checkpoint.ended_at));
    to.add(output);
}

fn attempt(to: &mut Script, (id, attempt): &(TaskId, &AttemptRecord)) {
    to.add(id.as_uuid());
    to.add(attempt.step.text());
    to.add(i64::from(attempt.attempt));
    to.add(micros(attempt.started_at));
    to.add(micros(attempt.ended_at));
    to.add(micros(attempt.retry_at));
    to.add(attempt.deadline.map(micros));
    match codec::json(&attempt.failure) {
        Ok(failure) => to.add(failure),
        Err(problem) => to.fail(problem),
    }
}

fn wait(to: &mut Script, (id, wait): &(TaskId, &WaitRecord)) {
    to.add(id.as_uuid());
    to.add(wait.step.text());
    to.add(codec::wait_kind(wait.kind));
    to.add(i64::from(wait.attempt));
    to.add(micros(wait.since));
    to.add(wait.until.map(micros));
    to.add(wait.deadline.map(micros));
    to.add(storable(&wait.reason));
    match codec::names(&wait.on) {
        Ok(names) => to.add(names),
        Err(problem) => to.fail(problem),
    }
    to.add(wait.scratch.as_ref().map(Payload::as_bytes));
}

fn mark(to: &mut Script, (id, mark): &(TaskId, &Mark)) {
    to.add(id.as_uuid());
    to.add(mark.step.text());
    to.add(storable(&mark.name));
    to.add(micros(mark.at));
    to.add(mark.value.as_bytes());
}

fn message(to: &mut Script, (id, message): &(TaskId, &Message)) {
    let subject = message.subject.as_ref();
    to.add(id.as_uuid());
    to.add(i64::from(message.seq));
    to.add(i64::from(message.error));
    to.add(micros(message.at));
    to.add(subject.map(|subject| storable(&subject.kind)));
    to.add(subject.map(|subject| storable(&subject.name)));
    to.add(storable(&message.text));
}

fn fact(to: &mut Script, (id, record): &(TaskId, &FactRecord)) {
    let fact = &record.fact;
    to.add(id.as_uuid());
    to.add(i64::from(record.seq));
    to.add(micros(record.at));
    to.add(record.step.text());
    to.add(storable(&fact.subject.kind));
    to.add(storable(&fact.subject.name));
    to.add(storable(&fact.generator));
    to.add(storable(&fact.format));
    to.add(fact.data.as_bytes());
}

fn progress(to: &mut Script, (id, progress): &(TaskId, &StepProgress)) {
    to.add(id.as_uuid());
    to.add(progress.step.text());
    to.add(codec::figure(progress.figure.done));
    to.add(codec::figure(progress.figure.total));
    to.add(storable(&progress.figure.text));
    to.add(micros(progress.at));
}
