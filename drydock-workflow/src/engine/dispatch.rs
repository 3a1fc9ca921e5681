//! Carrying out what a plan says: attempts become tokio tasks, and come back as messages.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::journal::{
    AttemptRecord, Checkpoint, Decider, Failure, JournalError, Message as Line, NewTask, Parent, StepEnd,
    TaskEnd, TaskEndKind, WaitKind, WaitRecord, Write,
};
use drydock_core::{Disposition, Payload, StepName, TaskId, Timestamp, after, error_chain};
use futures::FutureExt as _;

use super::actor::{Actor, Attempt, answer};
use super::message::{Finished, Message};
use super::registry::Loaded;
use super::{EventKind, flusher};
use crate::children;
use crate::dag::{StepIndex, StepKind};
use crate::outcome::{Outcome, StepError, StepResult};
use crate::run::{Command, Progress, StepState, Verdict, judge};
use crate::step::{Inner, Said, StepContext};

impl Actor {
    /// Plans a task and carries the commands out.
    pub(super) fn advance(&mut self, task: TaskId) {
        let Some(live) = self.lives.get(&task) else { return };
        if self.draining && !live.run.is_ending() {
            return;
        }
        let now = self.ports.clock.now();
        let mut commands = std::mem::take(&mut self.commands);
        if let Some(live) = self.lives.get_mut(&task) {
            live.run.plan(now, &mut commands);
        }
        for command in commands.drain(..) {
            match command {
                Command::Start(step) => self.start(task, step, now),
                Command::Stop => self.stop(task),
                Command::End(kind) => self.writes.push(Write::TaskEnded(task, TaskEnd { kind, at: now })),
            }
        }
        self.commands = commands;
    }

    fn start(&mut self, task: TaskId, step: StepIndex, now: Timestamp) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let StepState::Running(progress) = *live.run.step(step) else { return };
        let workflow = Arc::clone(&live.workflow);
        let definition = &workflow.dag.steps()[step];
        let conclusion = if progress.deadline.is_some_and(|deadline| now >= deadline) {
            Err(StepError::permanent("its deadline passed").by(Decider::Deadline))
        } else {
            match &definition.kind {
                StepKind::Run => {
                    self.spawn_attempt(task, step, progress, now, &workflow);
                    Ok(())
                }
                StepKind::Children(_) => self.spawn_children(task, step, &progress, now),
            }
        };
        if let Err(error) = conclusion {
            self.conclude(Finished { task, step, result: Err(error), said: Vec::new(), started_at: now });
        }
    }

    fn spawn_attempt(
        &mut self,
        task: TaskId,
        step: StepIndex,
        progress: Progress,
        now: Timestamp,
        workflow: &Loaded,
    ) {
        let Some(body) = workflow.bodies[step].clone() else { return };
        let Some(live) = self.lives.get_mut(&task) else { return };
        let definition = &workflow.dag.steps()[step];
        let ctx = StepContext::new(Inner {
            task,
            step: definition.name.clone(),
            attempt: progress.attempt,
            epoch: self.epoch,
            since: progress.since.unwrap_or(now),
            now,
            deadline: progress.deadline,
            replayed: progress.replayed,
            cancel: live.cancel.clone(),
            said: Mutex::default(),
        });
        let input = live.run.input_of(step);
        let left = progress.deadline.map(|deadline| (deadline - now).to_std().unwrap_or_default());
        let limit = match (definition.policy.timeout, left) {
            (Some(timeout), Some(left)) => Some(timeout.min(left)),
            (timeout, left) => timeout.or(left),
        };
        let (inbox, all) = (self.inbox.clone(), self.all.clone());
        let told = ctx.clone();
        let attempt = self.spawned.spawn(async move {
            let said_in = ctx.clone();
            let result = tokio::select! {
                biased;
                () = all.cancelled() => return,
                result = guard(limit, body.run_erased(ctx, input)) => result,
            };
            let said = said_in.take_said();
            let finished = Finished { task, step, result, said, started_at: now };
            // A closed inbox means that this incarnation is over; the next owner runs the step again.
            let _over = inbox.send(Message::Finished(finished)).await.is_err();
        });
        live.attempts.push(Attempt { step, started_at: now, ctx: told, handle: attempt.abort_handle() });
        let (name, attempt) = (&definition.name, progress.attempt);
        self.emit(task, || EventKind::StepStarted { step: name.clone().into(), attempt });
    }

    /// Records the children, and that the step waits for them, in one commit.
    fn spawn_children(
        &mut self,
        task: TaskId,
        step: StepIndex,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<(), StepError> {
        let Some(live) = self.lives.get(&task) else { return Ok(()) };
        let definition = &live.workflow.dag.steps()[step];
        let StepKind::Children(child) = &definition.kind else { return Ok(()) };
        let workflow = self.registry.id_of(child).map_err(StepError::from)?;
        let items = children::items(&live.run.input_of(step))
            .map_err(|error| StepError::bug(format!("its input is not a list: {error}")))?;
        if items.is_empty() {
            let end = Checkpoint {
                step: definition.name.clone().into(),
                attempt: progress.attempt,
                end: StepEnd::Done(Payload::from(b"[]".to_vec())),
                started_at: now,
                ended_at: now,
            };
            self.record_end(task, step, end);
            return Ok(());
        }
        let name = definition.name.clone();
        let wait = WaitRecord {
            step: name.clone().into(),
            attempt: progress.attempt,
            kind: WaitKind::Children,
            on: Vec::new(),
            reason: format!("{} child tasks of {child}", items.len()),
            since: progress.since.unwrap_or(now),
            until: None,
            deadline: progress.deadline,
            scratch: None,
        };
        for (index, input) in (0..).zip(items) {
            let id = TaskId::generate(now, &*self.ports.entropy);
            let parent = Parent { task, step: name.clone(), index };
            self.writes.push(Write::TaskQueued(NewTask::new(id, workflow, input, now).child_of(parent)));
        }
        self.writes.push(Write::StepWaits(task, wait));
        Ok(())
    }

    /// Tells attempts and children that the task is being cancelled.
    fn stop(&mut self, task: TaskId) {
        let Some(live) = self.lives.get(&task) else { return };
        live.cancel.cancel();
        if let Some(request) = live.run.cancellation().cloned()
            && live.run.awaits_children()
        {
            // The request reached the children that were there then; this reaches those that came in between.
            let journal = Arc::clone(&self.ports.journal);
            let again = self.options.poll;
            self.tell_later(async move {
                while let Err(error) = journal.task_cancel(task, &request).await {
                    tracing::warn!(
                        task.id = %task, error = %error_chain(&error), "the children were not told of the cancellation; trying again"
                    );
                    tokio::time::sleep(again).await;
                }
                Message::Look
            });
        }
        self.after_grace(Some(task));
    }

    /// An attempt came back, unless it was given up before.
    pub(super) fn on_finished(&mut self, finished: Finished) {
        if let Some(live) = self.lives.get_mut(&finished.task)
            && let Some(place) = live.attempts.iter().position(|attempt| attempt.step == finished.step)
        {
            live.attempts.swap_remove(place);
            self.conclude(finished);
        }
    }

    /// An attempt is over: its record goes to the flusher, its consequences wait for the commit.
    pub(super) fn conclude(&mut self, finished: Finished) {
        let Finished { task, step, result, said, started_at } = finished;
        let Some(live) = self.lives.get(&task) else { return };
        let StepState::Running(progress) = *live.run.step(step) else { return };
        let definition = &live.workflow.dag.steps()[step];
        let (name, retry) = (definition.name.clone(), definition.policy.retry);
        // What children give together is not this step's own to keep short.
        let limited = definition.kind == StepKind::Run;
        let now = self.ports.clock.now();
        self.record_said(task, said, now);
        let result = match result {
            Ok(Outcome::Done(output)) if limited && output.len() > self.options.output_limit => {
                Err(too_long(output.len(), self.options.output_limit))
            }
            result => result,
        };
        match result {
            Ok(Outcome::Done(output)) => {
                self.record_end(
                    task,
                    step,
                    checkpoint(name, &progress, StepEnd::Done(output), started_at, now),
                );
            }
            Ok(Outcome::Wait { wait, reason }) => {
                let asked = after(now, wait);
                let until = progress.deadline.map_or(asked, |deadline| deadline.min(asked));
                let record = WaitRecord {
                    step: name.into(),
                    attempt: progress.attempt,
                    kind: WaitKind::Timer,
                    on: Vec::new(),
                    reason,
                    since: progress.since.unwrap_or(started_at),
                    until: Some(until),
                    deadline: progress.deadline,
                    scratch: None,
                };
                self.writes.push(Write::StepWaits(task, record));
            }
            Err(error) => match judge(&retry, &progress, &error, now, self.ports.entropy.fraction()) {
                Verdict::Over(failure) => {
                    let end = StepEnd::Failed(failure);
                    self.record_end(task, step, checkpoint(name, &progress, end, started_at, now));
                }
                Verdict::Again(retry_at) => {
                    let record = AttemptRecord {
                        step: name.into(),
                        attempt: progress.attempt,
                        failure: Failure::new(error.disposition, error.message).decided_by(error.decided_by),
                        started_at,
                        ended_at: now,
                        retry_at,
                        deadline: progress.deadline,
                    };
                    self.writes.push(Write::AttemptFailed(task, record));
                }
            },
        }
    }

    /// Records a step's end, and in the same commit the task's, if that is what follows.
    fn record_end(&mut self, task: TaskId, step: StepIndex, checkpoint: Checkpoint) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let end = match &checkpoint.end {
            StepEnd::Done(output) => live.run.end_with(step, Ok(output)),
            StepEnd::Failed(failure) => live.run.end_with(step, Err(failure)),
            StepEnd::Skipped(_) => live.run.end_with(step, Ok(&Payload::NULL)),
        };
        let at = checkpoint.ended_at;
        self.writes.push(Write::StepEnded(task, checkpoint));
        if let Some(kind) = end {
            self.writes.push(Write::TaskEnded(task, TaskEnd { kind, at }));
        }
    }

    /// Puts the output of a children step together, from how the children ended.
    pub(super) fn join_children(
        &mut self,
        task: TaskId,
        name: &StepName,
        ends: Vec<drydock_core::journal::ChildEnd>,
    ) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let Some(step) = live.workflow.dag.index_of(name) else { return };
        let since = match live.run.step(step) {
            StepState::Waiting { progress, .. } => progress.since,
            _ => None,
        };
        if !live.run.fold_joined(step) {
            return;
        }
        live.children.retain(|(joined, _)| joined != name);
        let result = children::output(ends)
            .map(Outcome::Done)
            .map_err(|error| StepError::bug(format!("a child's stored output is not JSON: {error}")));
        let started_at = since.unwrap_or_else(|| self.ports.clock.now());
        self.conclude(Finished { task, step, result, said: Vec::new(), started_at });
    }

    fn record_said(&mut self, task: TaskId, said: Vec<Said>, at: Timestamp) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        for Said { error, text, subject } in said {
            let seq = live.next_message;
            live.next_message += 1;
            self.writes.push(Write::MessageSaid(task, Line { seq, error, text, subject, at }));
        }
    }

    /// One task's records can never be stored. An output becomes its step's failure; with anything else the task cannot go on.
    pub(super) fn on_refused(&mut self, writes: Vec<Write>, error: JournalError) {
        let reason = error_chain(&error);
        let Some(task) = writes.first().map(flusher::owner) else { return };
        tracing::error!(task.id = %task, error = %reason, "records of a task cannot be stored");
        if let Some(reply) = self.starting.remove(&task) {
            answer(reply, Err(error.into()));
            return;
        }
        let is_end = |write: &Write| matches!(write, Write::TaskEnded(..));
        if writes.iter().all(is_end) {
            // Not even the task's failure can be stored.
            self.fatal = Some(error.into());
            return;
        }
        let failed: Vec<Write> =
            writes.into_iter().filter_map(|write| without_output(write, &reason)).collect();
        match self.lives.get_mut(&task) {
            Some(live) if !failed.is_empty() => {
                live.run.reopen();
                self.writes.extend(failed);
            }
            Some(_) | None => self.give_up(task, format!("the store refuses a record of the task: {reason}")),
        }
    }

    /// Ends a task that cannot go on, whatever is under way.
    pub(super) fn give_up(&mut self, task: TaskId, message: String) {
        if let Some(live) = self.lives.remove(&task) {
            live.cancel.cancel();
            live.attempts.iter().for_each(|attempt| attempt.handle.abort());
        }
        tracing::error!(task.id = %task, "{message}");
        let kind = TaskEndKind::Failed(Failure::new(Disposition::Bug, message).decided_by(Decider::Engine));
        self.writes.push(Write::TaskEnded(task, TaskEnd { kind, at: self.ports.clock.now() }));
    }
}

/// The end of a step whose output the store refuses, as a failure; nothing for other records.
fn without_output(write: Write, reason: &str) -> Option<Write> {
    let Write::StepEnded(task, Checkpoint { step, attempt, end: StepEnd::Done(_), started_at, ended_at }) =
        write
    else {
        return None;
    };
    let message = format!("the store refuses its output: {reason}");
    let end = StepEnd::Failed(Failure::new(Disposition::Bug, message).decided_by(Decider::Engine));
    Some(Write::StepEnded(task, Checkpoint { step, attempt, end, started_at, ended_at }))
}

fn checkpoint(
    step: StepName,
    progress: &Progress,
    end: StepEnd,
    started_at: Timestamp,
    ended_at: Timestamp,
) -> Checkpoint {
    Checkpoint { step: step.into(), attempt: progress.attempt, end, started_at, ended_at }
}

fn too_long(len: usize, limit: usize) -> StepError {
    StepError::permanent(format!(
        "its output has {len} bytes, the limit is {limit}: store large data elsewhere and return where it is"
    ))
    .by(Decider::Engine)
}

/// Runs a body within its time; a panic is a failure like any other, only that nobody tries it again.
async fn guard(
    limit: Option<Duration>,
    body: impl Future<Output = StepResult<Payload>>,
) -> StepResult<Payload> {
    let body = AssertUnwindSafe(body).catch_unwind();
    let ended = match limit {
        None => body.await,
        Some(limit) => match tokio::time::timeout(limit, body).await {
            Ok(ended) => ended,
            Err(_) => {
                return Err(
                    StepError::retryable(format!("did not end within {limit:?}")).by(Decider::Timeout)
                );
            }
        },
    };
    ended.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(StepError::bug(format!("panicked: {text}")))
    })
}
