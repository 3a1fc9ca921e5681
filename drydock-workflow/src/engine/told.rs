//! What bodies tell while they run: put on record, and how far they are shown to whoever listens.

use drydock_core::TaskId;
use drydock_core::journal::{FactRecord, Figure, Message as Line, StepProgress, Write};
use drydock_core::{StepKey, Timestamp};

use super::EventKind;
use super::actor::Actor;
use super::message::Message;
use crate::context::StepContext;
use crate::telling::{Said, Told};

impl Actor {
    /// A body has told how far it is, or did so a while ago.
    pub(super) fn on_progressed(&mut self, ctx: StepContext) {
        let task = ctx.task();
        let Some(live) = self.lives.get(&task) else { return };
        // What is heard of an attempt that is over is on record already.
        let under_way = live.run.slot_of(ctx.key()).and_then(|slot| live.attempts.get(&slot));
        if !under_way.is_some_and(|attempt| attempt.ctx.is(&ctx)) {
            return;
        }
        let Some(look) = ctx.look_at_progress(self.options.progress) else { return };
        if let Some(figure) = look.show {
            self.emit(task, || EventKind::StepProgressed { step: ctx.key().clone(), figure });
        }
        if let Some(figure) = look.record {
            let at = self.ports.clock.now();
            self.record_progress(task, ctx.key().clone(), figure, at);
        }
        if let Some(again) = look.again {
            self.tell_later(async move {
                tokio::time::sleep(again).await;
                Message::Progressed(ctx)
            });
        }
    }

    /// Records what a run of a body has told, beside what came of it.
    pub(super) fn record_told(&mut self, task: TaskId, step: &StepKey, mut told: Told, at: Timestamp) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let figure = told.unrecorded();
        for Said { error, text, subject } in told.said {
            let seq = live.next_message;
            live.next_message += 1;
            self.writes.push(Write::MessageSaid(task, Line { seq, error, text, subject, at }));
        }
        for fact in told.facts {
            let seq = live.next_fact;
            live.next_fact += 1;
            self.writes.push(Write::FactFound(task, FactRecord { seq, step: step.clone(), fact, at }));
        }
        if let Some(figure) = figure {
            self.record_progress(task, step.clone(), figure, at);
        }
    }

    fn record_progress(&mut self, task: TaskId, step: StepKey, figure: Figure, at: Timestamp) {
        self.writes.push(Write::StepProgressed(task, StepProgress { step, figure, at }));
    }
}
