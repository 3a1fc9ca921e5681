//! Children steps: child tasks are queued, watched, cancelled when others were enough, and what they gave is put together. What is
//! to be done is decided in `run/children.rs`.

use std::sync::Arc;

use drydock_core::journal::{
    Cancellation, Child, ClaimedTask, JournalError, NewTask, Parent, TaskEnd, TaskEndKind, WaitKind,
    WaitRecord, Write,
};
use drydock_core::{Payload, StepKey, StepName, TaskId, Timestamp};
use uuid::Uuid;

use super::actor::{Actor, Live};
use super::brood::{Brood, Started};
use super::claims::odd;
use super::message::{Finished, Message};
use super::reach::Call;
use super::registry::Numbered;
use crate::children;
use crate::dag::{Rollout, StepKind};
use crate::outcome::{Outcome, StepError, StepResult};
use crate::run::{Next, SlotIndex, StepState};
use crate::telling::Told;

impl Actor {
    /// Begins a children step.
    pub(super) fn spawn_children(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        now: Timestamp,
    ) -> Result<(), StepError> {
        let Some(live) = self.lives.get_mut(&task) else { return Ok(()) };
        let items = live.run.input_of(slot).items();
        let items = items.map_err(|error| StepError::bug(format!("its input is not a list: {error}")))?;
        let brood = Brood::new(items);
        let first = brood.children.next(live.rollout(slot), false);
        match first {
            Next::Start(range) => {
                live.broods.insert(slot, brood);
                self.start_children(task, slot, range.end)
            }
            // There is nobody to wait for.
            Next::Cancel(_) | Next::Wait | Next::Over(Ok(())) => {
                let result = Ok(Outcome::Done(Payload::list(&[])));
                self.conclude(Finished { task, slot, result, told: Told::default(), started_at: now });
                Ok(())
            }
            Next::Over(Err(reason)) => Err(StepError::permanent(reason)),
        }
    }

    /// Records further children, up to `end` and no more than half a commit's worth, and that the step waits for them, in one commit. So the
    /// first of many run while the next are being started, and nobody's commit waits behind all of them.
    fn start_children(&mut self, task: TaskId, slot: SlotIndex, end: u32) -> Result<(), StepError> {
        let now = self.ports.clock.now();
        let Some(live) = self.lives.get(&task) else { return Ok(()) };
        let definition = &live.workflow.dag.steps()[slot];
        let StepKind::Children(child) = &definition.kind else { return Ok(()) };
        let (StepState::Running(progress) | StepState::Waiting { progress, .. }) = *live.run.step(slot)
        else {
            return Ok(());
        };
        let Numbered { id: workflow, limit } = self.registry.number_of(child).map_err(StepError::from)?;
        let Some(begin) = live.broods.get(&slot).map(|brood| brood.children.started()) else { return Ok(()) };
        let portion = u32::try_from(self.options.batch.div_ceil(2)).unwrap_or(u32::MAX);
        let end = end.min(begin.saturating_add(portion));
        // Under a limit they have to be claimed, for only the store knows whether there is a place; and after a failed attempt they
        // may be there already.
        let free = limit.is_none() && progress.attempt == 1;
        let here = begin + if free { self.share(live, workflow, end.saturating_sub(begin)) } else { 0 };
        let priority = definition.priority.unwrap_or(live.priority);
        let (name, child, plain) = (definition.name.clone(), child.clone(), definition.rollout.is_plain());
        let brood = self.lives.get_mut(&task).and_then(|live| live.broods.get_mut(&slot));
        let Some(brood) = brood else { return Ok(()) };
        brood.children.start(end);
        brood.starting = true;
        self.spawning += (begin..here).len();
        for index in begin..end {
            let input = usize::try_from(index).ok().and_then(|index| brood.items.get(index)).cloned();
            let (id, parent) = (child_id(task, &name, index), Parent { task, step: name.clone(), index });
            let new = NewTask::new(id, workflow, input.unwrap_or(Payload::NULL), now);
            let new = new.child_of(parent).priority(priority).limit(limit.clone());
            self.writes.push(if index < here { Write::TaskStarted(new) } else { Write::TaskQueued(new) });
        }
        let total = brood.children.total();
        let (reason, scratch) = if plain && end == total {
            (format!("{total} child tasks of {child}"), None)
        } else {
            let scratch = Payload::encode(&Started { started: end }).ok();
            (format!("child tasks of {child}: {end} of {total} were started"), scratch)
        };
        let wait = WaitRecord {
            step: name.into(),
            attempt: progress.attempt,
            kind: WaitKind::Children,
            on: Vec::new(),
            reason,
            since: progress.since.unwrap_or(now),
            until: None,
            deadline: progress.deadline,
            scratch,
        };
        self.writes.push(Write::StepWaits(task, wait));
        Ok(())
    }

    /// The children whose start was under way are there, and the step waits for them.
    pub(super) fn on_children_started(&mut self, task: TaskId, slot: SlotIndex) {
        let brood = self.lives.get_mut(&task).and_then(|live| live.broods.get_mut(&slot));
        let Some(brood) = brood else { return };
        if std::mem::take(&mut brood.starting) && brood.known {
            self.lead_children(task, slot);
        }
    }

    /// A child that this instance had has ended.
    pub(super) fn on_child_ended(&mut self, child: TaskId, parent: &Parent, end: &TaskEnd) {
        let limit = self.options.output_limit;
        let Some(live) = self.lives.get_mut(&parent.task) else { return };
        let Some(slot) = live.workflow.dag.index_of(&parent.step) else { return };
        let Some(brood) = live.broods.get_mut(&slot) else { return };
        let child = Child { index: parent.index, task: child, end: Some(end.clone()) };
        brood.children.end(child.index, ended_as(&child, |kind| matches!(kind, TaskEndKind::Completed(_))));
        brood.keep(child, limit);
        if brood.known {
            let open = brood.children.open() > 0;
            self.lead_children(parent.task, slot);
            if open {
                self.ask_news_soon();
            }
        } else {
            self.ask_news();
        }
    }

    /// Does what is to be done now with a step's children.
    fn lead_children(&mut self, task: TaskId, slot: SlotIndex) {
        let draining = self.draining;
        let Some(live) = self.lives.get_mut(&task) else { return };
        let rollout = &live.workflow.dag.steps()[slot].rollout;
        let Some(brood) = live.broods.get_mut(&slot) else { return };
        if brood.starting {
            // One portion at a time; and the step's end must not overtake its wait.
            return;
        }
        match brood.children.next(rollout, live.run.is_stopping()) {
            Next::Start(_) if draining => {}
            Next::Start(range) => {
                if let Err(error) = self.start_children(task, slot, range.end) {
                    self.give_up(task, format!("further children cannot be started: {}", error.message));
                }
            }
            Next::Cancel(open) => self.cancel_children(task, slot, &open),
            Next::Wait => {}
            Next::Over(verdict) => match brood.all_kept() {
                Some(ends) => self.join_children(task, slot, verdict, ends),
                // What they gave is in the store.
                None => self.read_children(task, slot),
            },
        }
    }

    /// Asks for the end of children that are not needed any more.
    fn cancel_children(&mut self, task: TaskId, slot: SlotIndex, open: &[u32]) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let name = &live.workflow.dag.steps()[slot].name;
        let ids: Vec<TaskId> = open.iter().map(|index| child_id(task, name, *index)).collect();
        let by = format!("step {name} of task {task}: the others' ends are enough");
        let Some(brood) = live.broods.get_mut(&slot) else { return };
        if std::mem::replace(&mut brood.cancelled, true) {
            return;
        }
        let request = Cancellation { by, at: self.ports.clock.now() };
        let (journal, reach) = (Arc::clone(&self.ports.journal), self.ports.reach.clone());
        let again = self.options.poll;
        self.tell_later(async move {
            for id in ids {
                while reach.heard(Call::Cancel, journal.task_cancel(id, &request).await).is_err() {
                    tokio::time::sleep(again).await;
                }
            }
            Message::Look
        });
    }

    /// How many children of a task are open, as the store says: reads how the others ended where that may matter.
    pub(super) fn on_open_children(&mut self, task: TaskId, open: u64) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        if std::mem::replace(&mut live.open_children, open) > open && open > 0 {
            self.ask_news_soon();
        }
        let Some(live) = self.lives.get(&task) else { return };
        // Children are counted by parent: with several such steps, one may be done while another is not.
        let several = live.broods.len() > 1;
        let expected: u64 = live.broods.values().map(|brood| u64::from(brood.children.open())).sum();
        for (slot, brood) in &live.broods {
            let plain = live.rollout(*slot).is_plain();
            // Nothing is to be decided before the last has ended.
            let only_waits = plain && brood.children.started() == brood.children.total();
            let unknown = !brood.known && !only_waits;
            if open == 0 || unknown || (several && plain) || (!plain && open < expected) {
                self.read_children(task, *slot);
            }
        }
    }

    /// Reads how the children of a step ended.
    fn read_children(&self, task: TaskId, slot: SlotIndex) {
        let Some(live) = self.lives.get(&task) else { return };
        let step = live.workflow.dag.steps()[slot].name.clone();
        let journal = Arc::clone(&self.ports.journal);
        self.tell_later(async move {
            let answer = journal.child_list(task, &step).await;
            Message::Children { task, slot, answer }
        });
    }

    pub(super) fn on_children(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        answer: Result<Vec<Child>, JournalError>,
    ) {
        let ends = match self.ports.reach.heard(Call::Read, answer) {
            Ok(children) => children.into_iter().filter(|child| child.end.is_some()).collect::<Vec<_>>(),
            Err(error) => return odd(&error, "how children ended could not be read"),
        };
        let Some(live) = self.lives.get_mut(&task) else { return };
        let Some(brood) = live.broods.get_mut(&slot) else { return };
        for child in &ends {
            brood
                .children
                .end(child.index, ended_as(child, |kind| matches!(kind, TaskEndKind::Completed(_))));
        }
        brood.known = true;
        // Fewer: the answer is older than what is known here; the next news asks again.
        let all = u32::try_from(ends.len()) == Ok(brood.children.ended());
        let stopping = live.run.is_stopping();
        let Some(brood) = live.broods.get(&slot) else { return };
        match brood.children.next(live.rollout(slot), stopping) {
            Next::Over(verdict) if all && !brood.starting => self.join_children(task, slot, verdict, ends),
            Next::Over(_) => {}
            Next::Start(_) | Next::Cancel(_) | Next::Wait => self.lead_children(task, slot),
        }
    }

    /// Ends a children step, with how the children ended.
    fn join_children(
        &mut self,
        task: TaskId,
        slot: SlotIndex,
        verdict: Result<(), String>,
        ends: Vec<Child>,
    ) {
        let Some(live) = self.lives.get_mut(&task) else { return };
        let since = match live.run.step(slot) {
            StepState::Waiting { progress, .. } => progress.since,
            _ => None,
        };
        if !live.run.fold_joined(slot) {
            return;
        }
        live.broods.remove(&slot);
        // A task that is being cancelled must not look as if its work was done.
        let stopped = live.run.cancellation().is_some()
            && (verdict.is_err()
                || ends.iter().any(|it| ended_as(it, |kind| matches!(kind, TaskEndKind::Cancelled(_)))));
        let result = if stopped { Err(StepError::cancelled()) } else { together(verdict, ends) };
        let started_at = since.unwrap_or_else(|| self.ports.clock.now());
        self.conclude(Finished { task, slot, result, told: Told::default(), started_at });
    }
}

impl Live {
    fn rollout(&self, slot: SlotIndex) -> &Rollout {
        &self.workflow.dag.steps()[slot].rollout
    }

    /// After a takeover: the children of all steps that wait for some.
    pub(super) fn find_broods(&mut self, claimed: &ClaimedTask) {
        for wait in claimed.waits.iter().filter(|wait| wait.kind == WaitKind::Children) {
            if let Some(slot) = self.run.slot_of(&wait.step)
                && matches!(self.run.step(slot), StepState::Waiting { kind: WaitKind::Children, .. })
            {
                let started = wait.scratch.as_ref().and_then(|kept| kept.decode::<Started>().ok());
                let items = self.run.input_of(slot).items().unwrap_or_default();
                self.broods.insert(slot, Brood::found(items, started));
            }
        }
    }
}

fn together(verdict: Result<(), String>, ends: Vec<Child>) -> StepResult<Payload> {
    verdict.map_err(StepError::permanent)?;
    children::output(ends)
        .map(Outcome::Done)
        .map_err(|error| StepError::bug(format!("a child's stored output is not JSON: {error}")))
}

/// The id of a child: always the same, so that it is never started twice, and can be named without asking the store. It sorts
/// right after its parent: its first half is the moment after the parent's (RFC 9562 section 5.7: 48 bits of milliseconds, 4 of
/// version, 12 below the millisecond).
fn child_id(parent: TaskId, step: &StepName, index: u32) -> TaskId {
    let key = StepKey::item(step.clone(), index);
    let (moment, _) = parent.as_uuid().as_u64_pair();
    let (millis, version, below) = (moment >> 16, moment & 0xf000, moment & 0x0fff);
    let next = (((millis & 0xffff_ffff_ffff) << 12) | below).wrapping_add(1);
    let moment = ((next >> 12) << 16) | version | (next & 0x0fff);
    let (_, rest) = Uuid::new_v5(&parent.as_uuid(), key.text().as_bytes()).as_u64_pair();
    TaskId::from_uuid(Uuid::from_u64_pair(moment, rest))
}

/// Whether a child has ended, and in such a way.
fn ended_as(child: &Child, so: impl Fn(&TaskEndKind) -> bool) -> bool {
    matches!(&child.end, Some(TaskEnd { kind, .. }) if so(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_one_id_of_its_own_right_after_its_parents() {
        let step = StepName::new("all").unwrap();
        // The last moment of a millisecond, and of the year 10889.
        for parent in ["0190b2c8-0000-7fff-bfff-ffffffffffff", "ffffffff-fffe-7fff-8000-000000000000"] {
            let parent: TaskId = parent.parse().unwrap();
            let ids: Vec<TaskId> = (0..100).map(|index| child_id(parent, &step, index)).collect();
            assert!(ids.iter().all(|id| *id > parent), "{ids:?}");
            assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
            assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
            assert_eq!(ids[3], child_id(parent, &step, 3));
            assert!(child_id(ids[0], &step, 0) > ids[0]);
        }
    }
}
