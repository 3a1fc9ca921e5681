//! What follows once writes are durable: states change, and plans go on.

use std::sync::Arc;

use drydock_core::journal::{AttemptRecord, NewTask, StepEnd, TaskEnd, Write};
use drydock_core::{Fence, TaskId};
use tracing::Span;

use super::EventKind;
use super::actor::{Actor, Live, Starting, answer};
use crate::run::{IllegalRecord, Run};

impl Actor {
    pub(super) fn on_committed(&mut self, writes: Vec<Write>) {
        let (mut queued, mut limited, mut parked) = (false, false, false);
        for write in writes {
            match write {
                Write::TaskStarted(task) => self.on_started(task),
                Write::TaskQueued(task) => {
                    self.told_started(task.id);
                    queued = true;
                    limited |= task.limit.is_some();
                }
                Write::StepEnded(task, checkpoint) => {
                    let folded = self.fold(task, |run| run.fold_ended(&checkpoint));
                    if folded.is_some() {
                        let done = matches!(checkpoint.end, StepEnd::Done(_));
                        self.emit(task, || EventKind::StepEnded { step: checkpoint.step, done });
                        self.advance(task);
                    }
                }
                Write::AttemptFailed(task, record) => self.on_failed_attempt(task, record),
                Write::StepWaits(task, record) => {
                    if let Some(slot) = self.fold(task, |run| run.fold_waits(&record)) {
                        if let Some(until) = record.until {
                            self.timers.insert((until, task, slot));
                        }
                        self.emit(task, || EventKind::StepWaits { step: record.step, reason: record.reason });
                        self.advance(task);
                        self.on_children_started(task, slot);
                    }
                }
                Write::StepReopened(task, record) => {
                    if self.fold(task, |run| run.fold_reopened(&record)).is_some() {
                        self.lives.entry(task).and_modify(|live| live.reopened = true);
                        self.advance(task);
                    }
                }
                Write::Marked(task, mark) => self.on_marked(task, mark),
                Write::SignalTaken(task, signal, step) => {
                    if let Some(live) = self.lives.get_mut(&task) {
                        live.run.fold_taken(signal, &step);
                        self.advance(task);
                    }
                }
                Write::LocksFreed(..) => self.ask_locks_again(),
                Write::SlotsFreed(task, step, _) => self.on_slots_freed(task, &step),
                Write::MessageSaid(..) | Write::FactFound(..) | Write::StepProgressed(..) => {}
                Write::TaskEnded(task, fence, end) => self.on_ended(task, fence, &end),
                Write::TaskParked(task, parking) => {
                    self.on_parked(task, parking);
                    parked = true;
                }
            }
        }
        if queued && (limited || !self.leaves_to_others()) {
            // What is under a limit may run here at once, as others do that are started here.
            self.claim_again |= limited && self.claiming > 0;
            self.look();
        } else if parked {
            self.look_after_parking();
        }
    }

    fn on_started(&mut self, task: NewTask) {
        let origin = self.told_started(task.id);
        self.spawning -= usize::from(task.parent.is_some());
        let Some(workflow) = self.workflows.get(&task.workflow).cloned() else { return };
        let run = Run::new(Arc::clone(&workflow.dag), task.input);
        let live = Live::new(run, workflow, Fence::FIRST, task.parent);
        self.adopt(task.id, Live { priority: task.priority, span: origin, ..live }, false);
    }

    fn on_failed_attempt(&mut self, task: TaskId, record: AttemptRecord) {
        if let Some(slot) = self.fold(task, |run| run.fold_failed(&record)) {
            self.timers.insert((record.retry_at, task, slot));
            self.emit(task, || EventKind::StepRetries {
                step: record.step,
                message: record.failure.message,
                at: record.retry_at,
            });
            // A task that is being stopped does not wait for the next attempt.
            self.advance(task);
        }
    }

    /// Whoever started a task hears that it stands. Gives the span in which that was.
    fn told_started(&mut self, task: TaskId) -> Span {
        let Some(Starting { origin, reply }) = self.starting.remove(&task) else { return Span::none() };
        answer(reply, Ok(()));
        origin
    }

    /// Takes a task in, and begins or goes on with it.
    pub(super) fn adopt(&mut self, task: TaskId, live: Live, resumed: bool) {
        let steps_done = live.run.steps_done();
        let live = self.trace(task, live, resumed);
        self.lives.insert(task, live);
        self.emit(task, || EventKind::Taken { resumed, steps_done });
        self.advance(task);
    }

    /// Folds a record into a task's state. A record that cannot be shows a fault of this program; the task fails, and says so.
    fn fold<T>(
        &mut self,
        task: TaskId,
        fold: impl FnOnce(&mut Run) -> Result<T, IllegalRecord>,
    ) -> Option<T> {
        let live = self.lives.get_mut(&task)?;
        match fold(&mut live.run) {
            Ok(value) => Some(value),
            Err(error) => {
                self.give_up(task, format!("a record does not fit the task: {error}"));
                None
            }
        }
    }

    fn on_ended(&mut self, task: TaskId, fence: Option<Fence>, end: &TaskEnd) {
        if self.lives.get(&task).is_some_and(|live| fence != Some(live.fence)) {
            // It was given up twice, and brought back in between.
            return;
        }
        self.tell_watchers(task, end);
        self.emit(task, || EventKind::TaskEnded(end.kind.clone()));
        self.forget_slots(task);
        let early = self.early.remove(&task).flatten();
        let Some(live) = self.lives.remove(&task) else {
            if let Some(claimed) = early {
                self.on_claimed_task(&claimed);
            }
            return;
        };
        live.workflow.meters.ended(&end.kind);
        live.abort();
        for (at, slot) in live.run.timers() {
            self.timers.remove(&(at, task, slot));
        }
        if let Some(parent) = &live.parent {
            self.on_child_ended(task, parent, end);
        }
        if let Some(claimed) = early {
            self.on_claimed_task(&claimed);
        }
        if self.look_again {
            self.look();
        } else if live.workflow.dag.definition().limit.is_some() {
            // Its place is free.
            self.claim_soon();
        }
    }
}
