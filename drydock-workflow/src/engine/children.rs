//! Children steps: child tasks are queued, awaited, and what they gave is put together.

use std::sync::Arc;

use drydock_core::journal::{
    Checkpoint, Child, JournalError, NewTask, Parent, StepEnd, TaskEnd, TaskEndKind, WaitKind, WaitRecord,
    Write,
};
use drydock_core::{Payload, StepName, TaskId, Timestamp};

use super::actor::Actor;
use super::claims::odd;
use super::message::{Finished, Message};
use crate::children;
use crate::dag::StepKind;
use crate::outcome::{Outcome, StepError};
use crate::run::{Progress, SlotIndex, StepState};

impl Actor {
    /// Records the children, and that the step waits for them, in one commit.
    pub(super) fn spawn_children(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<(), StepError> {
        let Some(live) = self.lives.get(&task) else { return Ok(()) };
        let definition = &live.workflow.dag.steps()[live.run.step_of(slot)];
        let StepKind::Children(child) = &definition.kind else { return Ok(()) };
        let workflow = self.registry.id_of(child).map_err(StepError::from)?;
        let items = live
            .run
            .input_of(slot)
            .items()
            .map_err(|error| StepError::bug(format!("its input is not a list: {error}")))?;
        if items.is_empty() {
            let end = Checkpoint {
                step: definition.name.clone().into(),
                attempt: progress.attempt,
                end: StepEnd::Done(Payload::from(b"[]".to_vec())),
                started_at: now,
                ended_at: now,
            };
            self.record_end(task, slot, end);
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

    /// All children of a step seem to have ended: reads how.
    pub(super) fn read_children(&self, task: TaskId, step: StepName) {
        let journal = Arc::clone(&self.ports.journal);
        self.tell_later(async move {
            let answer = journal.child_list(task, &step).await;
            Message::Children { task, step, answer }
        });
    }

    pub(super) fn on_children(
        &mut self,
        task: TaskId,
        step: &StepName,
        answer: Result<Vec<Child>, JournalError>,
    ) {
        let expected = self.lives.get(&task).and_then(|live| {
            let index = live.workflow.dag.index_of(step)?;
            live.run.input_of(index).items().ok().map(|items| items.len())
        });
        match self.ports.reach.heard(answer) {
            // Fewer, or not all: a child was counted as ended too early; the next news tells when it has.
            Ok(children)
                if Some(children.len()) == expected && children.iter().all(|child| child.end.is_some()) =>
            {
                self.join_children(task, step, children);
            }
            Ok(_) => {}
            Err(error) => odd(&error, "how children ended could not be read"),
        }
    }

    /// Puts the output of a children step together, from how the children ended.
    fn join_children(&mut self, task: TaskId, name: &StepName, ends: Vec<Child>) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let Some(slot) = live.workflow.dag.index_of(name) else { return };
        let since = match live.run.step(slot) {
            StepState::Waiting { progress, .. } => progress.since,
            _ => None,
        };
        if !live.run.fold_joined(slot) {
            return;
        }
        live.children.retain(|(joined, _)| joined != name);
        // A task that is being cancelled must not look as if its work was done.
        let stopped = live.run.cancellation().is_some()
            && ends
                .iter()
                .any(|child| matches!(&child.end, Some(TaskEnd { kind: TaskEndKind::Cancelled(_), .. })));
        let result = if stopped {
            Err(StepError::cancelled())
        } else {
            children::output(ends)
                .map(Outcome::Done)
                .map_err(|error| StepError::bug(format!("a child's stored output is not JSON: {error}")))
        };
        let started_at = since.unwrap_or_else(|| self.ports.clock.now());
        self.conclude(Finished { task, slot, result, said: Vec::new(), started_at });
    }
}
