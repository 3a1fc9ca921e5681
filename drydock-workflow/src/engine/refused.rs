//! Records that the store refuses, and tasks that cannot go on.

use drydock_core::journal::{
    Checkpoint, Decider, Failure, JournalError, StepEnd, TaskEnd, TaskEndKind, Write,
};
use drydock_core::{Disposition, TaskId, error_chain};

use super::actor::{Actor, Starting, answer};

impl Actor {
    /// One task's records can never be stored. If outputs are among them, each becomes its step's failure, and what else there was is
    /// tried again; without outputs the task cannot go on.
    pub(super) fn on_refused(&mut self, writes: Vec<Write>, error: JournalError) {
        let reason = error_chain(&error);
        let Some(task) = writes.first().map(Write::owner) else { return };
        tracing::error!(task.id = %task, error = %reason, "records of a task cannot be stored");
        if let Some(Starting { reply, .. }) = self.starting.remove(&task) {
            answer(reply, Err(error.into()));
            return;
        }
        if writes.iter().all(|write| matches!(write, Write::TaskParked(..))) {
            return self.stay_awake(task);
        }
        let is_end = |write: &Write| matches!(write, Write::TaskEnded(..));
        if writes.iter().all(is_end) {
            // Not even the task's failure can be stored.
            self.fatal = Some(error.into());
            return;
        }
        if let Some(live) = self.lives.get_mut(&task)
            && writes.iter().any(has_output)
        {
            live.run.reopen();
            let others = writes.into_iter().filter(|write| !is_end(write));
            self.writes.extend(others.map(|write| without_output(write, &reason)));
            return;
        }
        let is_child = |write: &&Write| matches!(write, Write::TaskStarted(task) if task.parent.is_some());
        self.spawning -= writes.iter().filter(is_child).count();
        self.give_up(task, format!("the store refuses a record of the task: {reason}"));
    }

    /// Ends a task that cannot go on, whatever is under way.
    pub(super) fn give_up(&mut self, task: TaskId, message: String) {
        let live = self.lives.remove(&task);
        self.early.entry(task).or_default();
        if let Some(live) = &live {
            live.abort();
        }
        tracing::error!(task.id = %task, "{message}");
        let kind = TaskEndKind::Failed(Failure::new(Disposition::Bug, message).decided_by(Decider::Engine));
        let end = TaskEnd { kind, at: self.ports.clock.now() };
        self.writes.push(Write::TaskEnded(task, live.map(|live| live.fence), end));
    }
}

fn has_output(write: &Write) -> bool {
    matches!(write, Write::StepEnded(_, Checkpoint { end: StepEnd::Done(_), .. }))
}

/// The end of a step whose output the store refuses, as a failure; other records as they are.
fn without_output(write: Write, reason: &str) -> Write {
    match write {
        Write::StepEnded(task, Checkpoint { end: StepEnd::Done(_), step, attempt, started_at, ended_at }) => {
            let message = format!("the store refuses its output: {reason}");
            let end = StepEnd::Failed(Failure::new(Disposition::Bug, message).decided_by(Decider::Engine));
            Write::StepEnded(task, Checkpoint { step, attempt, end, started_at, ended_at })
        }
        other => other,
    }
}
