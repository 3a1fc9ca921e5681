//! Carrying out what a plan says: attempts become tokio tasks, and come back as messages.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::journal::{
    AttemptRecord, Checkpoint, Failure, Message as Line, NewTask, Parent, StepEnd, TaskEnd, TaskEndKind,
    WaitKind, WaitRecord, Write,
};
use drydock_core::{Payload, StepName, TaskId, Timestamp, after};
use futures::FutureExt as _;

use super::actor::Actor;
use super::message::{Finished, Message};
use super::{EventKind, registry::Loaded};
use crate::children;
use crate::dag::{StepIndex, StepKind};
use crate::outcome::{Outcome, StepError, StepResult};
use crate::run::{Command, Progress, StepState, Verdict, judge};
use crate::step::{Inner, Said, StepContext};

impl Actor {
    /// Plans a task and carries the commands out.
    pub(super) fn advance(&mut self, task: TaskId) {
        if self.draining {
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
            Err(StepError::permanent("its deadline passed"))
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
        let inbox = self.inbox.clone();
        let attempt = self.spawned.spawn(async move {
            let said_in = ctx.clone();
            let result = guard(limit, body.run_erased(ctx, input)).await;
            let said = said_in.take_said();
            let finished = Finished { task, step, result, said, started_at: now };
            // A closed inbox means that this incarnation is over; the next owner runs the step again.
            let _over = inbox.send(Message::Finished(finished)).await.is_err();
        });
        live.attempts.push((step, attempt.abort_handle()));
        let (name, attempt) = (&definition.name, progress.attempt);
        self.emit(task, || EventKind::StepStarted { step: name.clone(), attempt });
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
        let workflow = self.code.id_of(child).map_err(StepError::from)?;
        let items = children::items(&live.run.input_of(step))
            .map_err(|error| StepError::bug(format!("its input is not a list: {error}")))?;
        if items.is_empty() {
            let end = Checkpoint {
                step: definition.name.clone(),
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
            step: name.clone(),
            attempt: progress.attempt,
            kind: WaitKind::Children,
            reason: format!("{} child tasks of {child}", items.len()),
            since: progress.since.unwrap_or(now),
            until: None,
            deadline: progress.deadline,
        };
        for (index, input) in (0..).zip(items) {
            let id = TaskId::generate(now, &*self.ports.entropy);
            let parent = Some(Parent { task, step: name.clone(), index });
            self.writes.push(Write::TaskQueued(NewTask { id, parent, workflow, input, created_at: now }));
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
            self.tell_later(async move {
                if let Err(error) = journal.task_cancel(task, &request).await {
                    tracing::warn!(task.id = %task, %error, "the children were not told of the cancellation");
                }
                Message::Look
            });
        }
        self.after_grace(Some(task));
    }

    /// An attempt came back, unless it was given up before.
    pub(super) fn on_finished(&mut self, finished: Finished) {
        if let Some(live) = self.lives.get_mut(&finished.task)
            && let Some(place) = live.attempts.iter().position(|(step, _)| *step == finished.step)
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
        let now = self.ports.clock.now();
        self.record_said(task, said, now);
        let result = match result {
            Ok(Outcome::Done(output)) if output.len() > self.options.output_limit => {
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
                    step: name,
                    attempt: progress.attempt,
                    kind: WaitKind::Timer,
                    reason,
                    since: progress.since.unwrap_or(started_at),
                    until: Some(until),
                    deadline: progress.deadline,
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
                        step: name,
                        attempt: progress.attempt,
                        failure: Failure { disposition: error.disposition, message: error.message },
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

    /// A record can never be stored. An output becomes the step's failure; of anything else, the task cannot go on here.
    pub(super) fn on_rejected(&mut self, writes: Vec<Write>, error: &drydock_core::journal::JournalError) {
        let reason = drydock_core::error_chain(error);
        for write in writes {
            let task = super::flusher::owner(&write);
            tracing::error!(task.id = %task, error = %reason, "a record cannot be stored");
            match write {
                Write::TaskStarted(new) | Write::TaskQueued(new) if new.parent.is_none() => {
                    if let Some(reply) = self.starting.remove(&new.id) {
                        let cause = drydock_core::journal::JournalError::Rejected(reason.clone().into());
                        super::actor::answer(reply, Err(cause.into()));
                    }
                }
                Write::StepEnded(
                    task,
                    Checkpoint { end: StepEnd::Done(_), step, attempt, started_at, ended_at },
                ) => {
                    let message = format!("the store refuses the output of step {step}: {reason}");
                    let failure = Failure { disposition: drydock_core::Disposition::Bug, message };
                    let end = StepEnd::Failed(failure.clone());
                    let failed = Checkpoint { step, attempt, end, started_at, ended_at };
                    self.writes.push(Write::StepEnded(task, failed));
                    let end = TaskEnd { kind: TaskEndKind::Failed(failure), at: ended_at };
                    if self.lives.get(&task).is_some_and(|live| live.run.running() == 1) {
                        self.writes.push(Write::TaskEnded(task, end));
                    }
                }
                Write::TaskEnded(..) | Write::MessageSaid(..) => {}
                _ => {
                    self.lives.remove(&task);
                }
            }
        }
    }
}

fn checkpoint(
    step: StepName,
    progress: &Progress,
    end: StepEnd,
    started_at: Timestamp,
    ended_at: Timestamp,
) -> Checkpoint {
    Checkpoint { step, attempt: progress.attempt, end, started_at, ended_at }
}

fn too_long(len: usize, limit: usize) -> StepError {
    StepError::permanent(format!(
        "its output has {len} bytes, the limit is {limit}: store large data elsewhere and return where it is"
    ))
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
            Err(_) => return Err(StepError::retryable(format!("did not end within {limit:?}"))),
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
