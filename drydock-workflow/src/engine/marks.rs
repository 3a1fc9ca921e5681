//! Marks: what must be durable before a body goes on, or before it begins at all.

use drydock_core::journal::{Mark, Write};
use drydock_core::{Payload, StepKey, TaskId, Timestamp};
use tokio::sync::oneshot;

use super::actor::{Actor, answer};
use super::message::Finished;
use crate::outcome::StepError;
use crate::run::{SlotIndex, StepState, is_begun};

impl Actor {
    /// A body wants a mark of its own.
    pub(super) fn on_mark(
        &mut self,
        task: TaskId,
        step: StepKey,
        name: String,
        value: Payload,
        reply: oneshot::Sender<Result<(), StepError>>,
    ) {
        let under_way = self.lives.get(&task).is_some_and(|live| {
            live.run.slot_of(&step).is_some_and(|slot| live.attempts.contains_key(&slot))
        });
        if !under_way {
            // Its attempt was given up; nobody reads what it says.
            return answer(reply, Err(StepError::cancelled()));
        }
        let limit = self.options.output_limit;
        if value.len() > limit {
            return answer(reply, Err(super::conclude::too_long("a part of it", value.len(), limit)));
        }
        let at = self.ports.clock.now();
        self.writes.push(Write::Marked(task, Mark { step: step.clone(), name: name.clone(), value, at }));
        self.marking.insert((task, step, name), reply);
    }

    /// The engine's own mark. An irreversible step has one before it begins: found without an end, it is not begun again.
    pub(super) fn mark(&mut self, task: TaskId, slot: SlotIndex, name: &str, value: Payload, at: Timestamp) {
        let Some(live) = self.lives.get(&task) else { return };
        let mark = Mark { step: live.run.key(slot), name: name.to_owned(), value, at };
        self.writes.push(Write::Marked(task, mark));
    }

    /// A mark is durable.
    pub(super) fn on_marked(&mut self, task: TaskId, mark: Mark) {
        if let Some(live) = self.lives.get_mut(&task) {
            live.run.fold_marked(&mark);
            if is_begun(&mark.name)
                && let Some(slot) = live.run.slot_of(&mark.step)
                && let StepState::Running(progress) = *live.run.step(slot)
            {
                if live.run.cancellation().is_some() {
                    self.conclude(Finished::failed(task, slot, StepError::cancelled(), mark.at));
                    return;
                }
                self.spawn_attempt(task, slot, progress, false);
                return;
            }
        }
        if let Some(reply) = self.marking.remove(&(task, mark.step, mark.name)) {
            answer(reply, Ok(()));
        }
    }
}
