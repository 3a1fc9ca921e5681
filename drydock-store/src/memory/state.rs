//! One task, whole.

use drydock_core::journal::{ClaimedTask, Crowd, HeldLock, JournalError, StepProgress, TaskState};
use drydock_core::{Fence, TaskId};

use super::State;
use super::claims::of;
use crate::repo::cancellation_of;

impl State {
    pub(super) fn read(&self, id: TaskId) -> Result<Option<TaskState>, JournalError> {
        let (Some(task), Some(claimed)) = (self.tasks.get(&id), self.with_records(id)) else {
            return Ok(None);
        };
        let workflow = self.workflow_of(task)?;
        let (live, ended) = (self.live.get(&id), self.ends.get(&id));
        let end = ended.map(|ended| ended.end.clone());
        let recorded = live.map(|it| &it.cancellation).or(ended.map(|it| &it.cancellation));
        let started = live.map(|it| it.started_at).or(ended.map(|it| it.started_at)).flatten();
        let fence = live.map(|it| it.fence).or(ended.map(|it| it.fence));
        let mut state = TaskState {
            task: ClaimedTask {
                resumed: started.is_some() && !live.is_some_and(|live| live.settled),
                fence: fence.unwrap_or(Fence::UNCLAIMED),
                cancellation: cancellation_of(recorded.cloned().flatten(), end.as_ref()),
                pause: live.and_then(|live| live.pause.clone()),
                ..claimed
            },
            workflow: workflow.name.clone(),
            version: workflow.version,
            owner: live.and_then(|live| live.owner),
            asleep: live.is_some_and(|live| live.sleep.is_some()),
            end,
            progress: self.progress_of(id),
            locks: Vec::new(),
            queues: Vec::new(),
            obstacles: Vec::new(),
            crowd: Crowd::default(),
        };
        if live.is_some() {
            state.crowd = self.crowd(task.limit.as_ref());
            let held = self.locks.iter().filter(|(_, (holder, _))| *holder == id);
            state.locks =
                held.map(|(lock, (_, since))| HeldLock { lock: lock.clone(), since: *since }).collect();
            let queue = self.lock_queue.iter().filter(|((_, waiter), _)| *waiter == id);
            state.queues =
                queue.map(|((lock, _), since)| HeldLock { lock: lock.clone(), since: *since }).collect();
            let names: Vec<String> = state.queues.iter().map(|queue| queue.lock.clone()).collect();
            state.obstacles = self.obstacles(id, &names);
        }
        Ok(Some(state))
    }

    /// How far its steps are, by the text of their keys.
    fn progress_of(&self, id: TaskId) -> Vec<StepProgress> {
        let mut progress = of(id, &self.progress, |(task, _)| *task);
        progress.sort_by(|a, b| a.step.text().cmp(&b.step.text()));
        progress
    }

    /// A task with its records, and nothing of its life.
    pub(super) fn with_records(&self, id: TaskId) -> Option<ClaimedTask> {
        let messages = self.messages.keys().filter(|(task, _)| *task == id).map(|(_, seq)| seq + 1).max();
        let facts = self.facts.keys().filter(|(task, _)| *task == id).map(|(_, seq)| seq + 1).max();
        let mut claimed = ClaimedTask {
            checkpoints: of(id, &self.checkpoints, |(task, _)| *task),
            attempts: of(id, &self.attempts, |(task, _, _)| *task),
            waits: of(id, &self.waits, |(task, _)| *task),
            marks: of(id, &self.marks, |(task, _, _)| *task),
            signals: self.signals_of(id),
            messages: messages.unwrap_or(0),
            facts: facts.unwrap_or(0),
            ..ClaimedTask::new(self.tasks.get(&id)?.clone())
        };
        claimed.checkpoints.sort_by(|a, b| a.step.text().cmp(&b.step.text()));
        claimed.attempts.sort_by(|a, b| (a.step.text(), a.attempt).cmp(&(b.step.text(), b.attempt)));
        claimed.waits.sort_by(|a, b| a.step.text().cmp(&b.step.text()));
        claimed.marks.sort_by(|a, b| (a.step.text(), a.at, &a.name).cmp(&(b.step.text(), b.at, &b.name)));
        Some(claimed)
    }
}
