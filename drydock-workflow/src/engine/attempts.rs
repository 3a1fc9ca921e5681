//! Attempts: bodies that run, and come back as messages.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock_core::journal::Decider;
use drydock_core::{Payload, TaskId, Timestamp};
use futures::FutureExt as _;

use super::EventKind;
use super::actor::Actor;
use super::crew::{Hold, Job};
use super::desk::Desk;
use super::message::Finished;
use crate::class::Class;
use crate::context::{Inner, StepContext};
use crate::observe;
use crate::outcome::{StepError, StepResult};
use crate::run::{Progress, SlotIndex};

/// An attempt that is under way.
pub(super) struct Attempt {
    pub(super) started_at: Timestamp,
    pub(super) ctx: StepContext,
}

impl Actor {
    pub(super) fn spawn_attempt(&mut self, task: TaskId, slot: SlotIndex, progress: Progress, doubt: bool) {
        let now = self.ports.clock.now();
        let Some(live) = self.lives.get_mut(&task) else { return };
        let workflow = Arc::clone(&live.workflow);
        let step = live.run.step_of(slot);
        let definition = &workflow.dag.steps()[step];
        let bodies = &workflow.bodies[step];
        let body = if live.run.is_undo(slot) { &bodies.undo } else { &bodies.run };
        let Some(body) = body.clone() else { return };
        // What undoes or tidies up is not stopped by the task's cancellation.
        let cancel = if live.run.is_work(slot) { &live.cancel } else { &live.gone };
        let key = live.run.key(slot);
        let ctx = StepContext::new(Inner {
            task,
            key: key.clone(),
            attempt: progress.attempt,
            fence: live.fence,
            since: progress.since.unwrap_or(now),
            now,
            deadline: progress.deadline,
            replayed: progress.replayed,
            class: if live.run.is_undo(slot) { Class::Replayable } else { definition.class },
            doubt,
            note: live.run.note_of(slot),
            cancel: cancel.clone(),
            told: Mutex::default(),
            fact_limit: self.options.output_limit,
            marks: Mutex::default(),
            desk: Desk::new(self.inbox.clone()),
            hold: Hold::default(),
        });
        let input = live.run.input_of(slot);
        let left = progress.deadline.map(|deadline| (deadline - now).to_std().unwrap_or_default());
        let limit = match (definition.policy.timeout, left) {
            (Some(timeout), Some(left)) => Some(timeout.min(left)),
            (timeout, left) => timeout.or(left),
        };
        workflow.meters.steps_started.increment(1);
        let span = observe::of_attempt(&live.span, task, &key, progress.attempt, self.epoch);
        live.attempts.insert(slot, Attempt { started_at: now, ctx: ctx.clone() });
        let given = ctx.clone();
        let body =
            Box::pin(async move { guard(limit, observe::inside(span, body.run_erased(given, input))).await });
        self.to_begin.push(Job { slot, ctx, body, started_at: now });
        let attempt = progress.attempt;
        self.emit(task, || EventKind::StepStarted { step: key, attempt });
    }

    /// An attempt came back, unless it was given up before.
    pub(super) fn on_finished(&mut self, finished: Finished) {
        if let Some(live) = self.lives.get_mut(&finished.task)
            && live.attempts.remove(&finished.slot).is_some()
        {
            self.conclude(finished);
        }
    }
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
