//! Carrying out what a plan says.

use std::sync::Arc;

use drydock_core::journal::{Decider, StepEnd, TaskEnd};
use drydock_core::{Payload, TaskId, Timestamp};

use super::EventKind;
use super::actor::{Actor, GULP};
use super::conclude::checkpoint;
use super::message::Finished;
use super::parking::Rest;
use crate::class::Class;
use crate::dag::{StepKind, limit};
use crate::outcome::StepError;
use crate::run::{Command, Progress, SlotIndex, StepState, begun};

impl Actor {
    /// Plans a task and carries the commands out.
    pub(super) fn advance(&mut self, task: TaskId) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        if live.rest == Rest::Parking {
            return;
        }
        let now = self.ports.clock.now();
        let mut commands = std::mem::take(&mut self.commands);
        let (fence, mut starts) = (live.fence, 0);
        if self.draining {
            live.run.plan_ending(&mut commands);
        } else {
            live.run.plan(now, &mut commands);
        }
        for command in commands.drain(..) {
            match command {
                Command::Start(slot) if starts < GULP => {
                    starts += 1;
                    self.start(task, slot, now);
                }
                Command::Start(slot) => self.to_start.push_back((task, fence, slot)),
                Command::Skip(slot, reason) => self.record_skip(task, slot, reason, now),
                Command::Refuse(slot, problem) => {
                    self.conclude(Finished::failed(task, slot, StepError::bug(problem), now));
                }
                Command::TakeSignal(slot, signal) => self.take_signal(task, slot, signal),
                Command::AskLocks(slot, names) => self.ask_locks(task, slot, names),
                Command::Obey(signal, order) => self.obey(task, &signal, &order, now),
                Command::Stop => self.stop(task),
                Command::Stuck => self.tell_stuck(task),
                Command::End(kind) => self.record_task_end(task, TaskEnd { kind, at: now }),
            }
        }
        self.commands = commands;
        self.may_rest(task);
    }

    /// Starts some of what a plan with very many starts has left: the items of a large map. Those that are quick end meanwhile, and
    /// all of them are not in memory at once.
    pub(super) fn start_more(&mut self) {
        if self.draining {
            // Whoever has the task next begins them.
            self.to_start.clear();
        }
        let now = self.ports.clock.now();
        for (task, fence, slot) in self.to_start.drain(..self.to_start.len().min(GULP)).collect::<Vec<_>>() {
            if self.lives.get(&task).is_some_and(|live| live.fence == fence) {
                self.start(task, slot, now);
            }
        }
    }

    fn start(&mut self, task: TaskId, slot: SlotIndex, now: Timestamp) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let StepState::Running(progress) = *live.run.step(slot) else { return };
        let workflow = Arc::clone(&live.workflow);
        let spawns = matches!(workflow.dag.steps()[live.run.step_of(slot)].kind, StepKind::Children(_));
        let refused = if progress.deadline.is_some_and(|deadline| now >= deadline) {
            Err(StepError::permanent("its deadline passed").by(Decider::Deadline))
        } else if spawns && !live.run.is_undo(slot) {
            self.spawn_children(task, slot, now)
        } else {
            self.begin(task, slot, progress, now)
        };
        if let Err(error) = refused {
            self.conclude(Finished::failed(task, slot, error, now));
        }
    }

    /// Begins an attempt, once there is a place for it under its limits.
    fn begin(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        progress: Progress,
        now: Timestamp,
    ) -> Result<(), StepError> {
        let Some(live) = self.lives.get(&task) else { return Ok(()) };
        let limits = &live.workflow.dag.steps()[live.run.step_of(slot)].limits;
        if limits.is_empty() {
            self.begin_admitted(task, slot, progress, now);
        } else {
            let limits = limit::resolve(limits, &live.run.input_of(slot))?;
            self.want_slots(task, slot, limits);
        }
        Ok(())
    }

    /// Begins an attempt, once what must be durable before it is.
    pub(super) fn begin_admitted(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        progress: Progress,
        now: Timestamp,
    ) {
        let Some(live) = self.lives.get(&task) else { return };
        let class = live.workflow.dag.steps()[live.run.step_of(slot)].class;
        // A later attempt is in doubt, unless an operator knows that the one before had no effect.
        let sure = progress.attempt <= 1 || !progress.doubt;
        let mark = begun(progress.attempt);
        if class == Class::Irreversible && !live.run.is_undo(slot) && sure && !live.run.has_mark(slot, &mark)
        {
            self.mark(task, slot, &mark, Payload::NULL, now);
        } else {
            self.spawn_attempt(task, slot, progress, progress.doubt);
        }
    }

    /// There is nothing to do for a step.
    fn record_skip(&mut self, task: TaskId, slot: SlotIndex, reason: String, now: Timestamp) {
        let Some(live) = self.lives.get(&task) else { return };
        let StepState::Running(progress) = *live.run.step(slot) else { return };
        let end = checkpoint(live.run.key(slot), &progress, StepEnd::Skipped(reason), now, now);
        self.record_end(task, slot, end);
    }

    /// A task has come to where only a person can help.
    fn tell_stuck(&mut self, task: TaskId) {
        let Some(live) = self.lives.get(&task) else { return };
        live.workflow.meters.tasks_stuck.increment(1);
        let left = live.run.left_to_undo();
        let names: Vec<String> = left.iter().map(ToString::to_string).collect();
        tracing::error!(
            task.id = %task, left = %names.join(", "),
            "an undoing failed for good: the task is stuck, and a person must finish what is left"
        );
        self.emit(task, || EventKind::TaskStuck { left });
    }
}
