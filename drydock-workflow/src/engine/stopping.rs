//! Stopping: tasks that are cancelled, gracefully and then hard, and the instance's own end.

use std::sync::Arc;

use drydock_core::TaskId;

use super::actor::Actor;
use super::attempts::Attempt;
use super::message::{Finished, Message};
use super::reach::Call;
use crate::outcome::StepError;

impl Actor {
    /// Tells attempts and children that the task is being cancelled.
    pub(super) fn stop(&mut self, task: TaskId) {
        let Some(live) = self.lives.get(&task) else { return };
        live.cancel.cancel();
        self.leave_queues(task);
        let Some(live) = self.lives.get(&task) else { return };
        if let Some(request) = live.run.cancellation().cloned()
            && live.run.awaits_children()
        {
            // The request reached the children that were there then; this reaches those that came in between.
            let (journal, reach) = (Arc::clone(&self.ports.journal), self.ports.reach.clone());
            let again = self.options.poll;
            self.tell_later(async move {
                while reach.heard(Call::Cancel, journal.task_cancel(task, &request).await).is_err() {
                    tokio::time::sleep(again).await;
                }
                Message::Look
            });
        }
        self.after_grace(Some(task));
    }

    pub(super) fn on_drain(&mut self) {
        if std::mem::replace(&mut self.draining, true) {
            return;
        }
        self.after_grace(None);
    }

    /// Tells the actor when the grace period is over, for a task or for all.
    fn after_grace(&mut self, task: Option<TaskId>) {
        let grace = self.options.grace;
        self.tell_later(async move {
            tokio::time::sleep(grace).await;
            Message::GraceOver(task)
        });
    }

    /// Drops the attempts that are still under way: of one cancelled task, or of all when the instance stops. Only the first
    /// leaves a record; what a stopping instance drops, the next owner does again.
    pub(super) fn on_grace_over(&mut self, task: Option<TaskId>) {
        let Some(task) = task else {
            let attempts = self.lives.values().flat_map(|live| live.attempts.values());
            attempts.for_each(|attempt| attempt.ctx.hold().stop());
            self.lives.clear();
            self.drained = true;
            return;
        };
        let Some(live) = self.lives.get_mut(&task) else { return };
        // What undoes or tidies up has all the time that its policy gives.
        let run = &live.run;
        let stopped: Vec<_> = live.attempts.extract_if(.., |slot, _| run.is_work(*slot)).collect();
        for (slot, Attempt { started_at, ctx }) in stopped {
            tracing::warn!(
                task.id = %task, step.name = %ctx.key(), "a step went on after its grace period and is dropped"
            );
            ctx.hold().stop();
            let (result, told) = (Err(StepError::cancelled()), ctx.take_told());
            self.conclude(Finished { task, slot, result, told, started_at });
        }
    }
}
