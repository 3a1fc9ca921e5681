//! Doing what operators order.

use std::collections::BTreeSet;

use drydock_core::journal::{Checkpoint, Message as Line, Request, Signal, Write};
use drydock_core::{StepKey, TaskId, Timestamp};

use super::actor::Actor;
use crate::run::{Obeyed, Order, StepState};

impl Actor {
    /// Carries an order out. It counts as taken with the record of what it came to.
    pub(super) fn obey(&mut self, task: TaskId, signal: &Signal, order: &Order, now: Timestamp) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let obeyed = live.run.obey(order, &signal.sender, now);
        let mut taken_by: Option<StepKey> = None;
        for outcome in obeyed {
            match outcome {
                Obeyed::Reopen(record) => {
                    let opens_only = !matches!(order, Order::Retry { .. });
                    let step = record.step.clone();
                    self.writes.push(Write::StepReopened(task, record));
                    if opens_only {
                        // The step's new end must not share a batch with this: the order is read again when it is durable.
                        if let Some(live) = self.lives.get_mut(&task) {
                            live.run.fold_opens_first(signal.id);
                        }
                        return;
                    }
                    taken_by.get_or_insert(step);
                }
                Obeyed::Again(record) => {
                    taken_by.get_or_insert(record.step.clone());
                    self.writes.push(Write::AttemptFailed(task, record));
                }
                Obeyed::End(slot, end) => {
                    let Some(live) = self.lives.get(&task) else { return };
                    let step = live.run.key(slot);
                    let (attempt, started_at) = match live.run.step(slot) {
                        StepState::Waiting { progress, .. } | StepState::Retrying { progress, .. } => {
                            (progress.attempt, progress.since.unwrap_or(now))
                        }
                        _ => (1, now),
                    };
                    taken_by.get_or_insert(step.clone());
                    let checkpoint = Checkpoint { step, attempt, end, started_at, ended_at: now };
                    self.writes.push(Write::StepEnded(task, checkpoint));
                }
            }
        }
        if taken_by.is_none() {
            self.complain(task, &signal.sender, order, now);
        }
        let Some(live) = self.lives.get(&task) else { return };
        let taken_by = taken_by.unwrap_or_else(|| live.run.key(0));
        self.writes.push(Write::SignalTaken(task, signal.id, taken_by));
    }

    /// Tells that an order came to nothing.
    fn complain(&mut self, task: TaskId, by: &str, order: &Order, at: Timestamp) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let text = format!(
            "the order of {by} came to nothing, for no step is in a state for it: {}",
            serde_json::to_string(order).unwrap_or_default()
        );
        tracing::warn!(task.id = %task, "{text}");
        let seq = live.next_message;
        live.next_message += 1;
        self.writes.push(Write::MessageSaid(task, Line { seq, error: true, text, subject: None, at }));
    }

    /// The store tells which tasks somebody holds; `before` were held when it was asked.
    pub(super) fn on_paused(&mut self, before: Vec<TaskId>, paused: Vec<(TaskId, Request)>) {
        let held: BTreeSet<TaskId> = paused.iter().map(|(task, _)| *task).collect();
        for (task, request) in paused {
            if let Some(live) = self.lives.get_mut(&task) {
                live.run.fold_paused(Some(request));
            }
        }
        let released = before.into_iter().filter(|task| !held.contains(task)).collect::<Vec<_>>();
        self.paused.extend(held);
        for task in released {
            self.paused.remove(&task);
            if let Some(live) = self.lives.get_mut(&task) {
                live.run.fold_paused(None);
                self.advance(task);
            }
        }
    }
}
