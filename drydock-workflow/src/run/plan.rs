//! What is to be done next: pure, and told only once.

use drydock_core::journal::{Failure, TaskEndKind};
use drydock_core::{Payload, StepName, Timestamp, after};

use super::{Command, Progress, Run, StepState};
use crate::dag::StepIndex;

impl Run {
    /// Appends what is to be done now to `commands`. A step that is to be started counts as running from here on.
    pub fn plan(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        if self.ended {
            return;
        }
        if self.failure.is_some() || self.cancellation.is_some() {
            self.plan_stop(commands);
            return;
        }
        for step in std::mem::take(&mut self.ready) {
            if let StepState::Ready(progress) = &self.steps[step] {
                let started = self.begin(step, *progress, now);
                self.steps[step] = StepState::Running(started);
                self.running += 1;
                commands.push(Command::Start(step));
            }
        }
        if self.unfinished == 0 {
            self.ended = true;
            commands.push(Command::End(TaskEndKind::Completed(self.output())));
        }
    }

    /// The task's end, if ending `step` in this way ends the task: so that both can be recorded in one commit.
    /// From then on nothing more is planned.
    pub fn end_with(&mut self, step: StepIndex, output: Result<&Payload, &Failure>) -> Option<TaskEndKind> {
        let quiet = self.running == 1 && self.parents == 0 && !self.ended;
        if !quiet || self.cancellation.is_some() || self.failure.is_some() {
            return None;
        }
        let end = match output {
            Err(failure) => TaskEndKind::Failed(named(&self.dag.steps()[step].name, failure)),
            Ok(output) if self.unfinished == 1 => TaskEndKind::Completed(self.output_with(step, output)),
            Ok(_) => return None,
        };
        self.ended = true;
        Some(end)
    }

    /// The end that [`Run::end_with`] gave cannot be recorded: the task goes on to another.
    pub fn reopen(&mut self) {
        self.ended = false;
    }

    /// Nothing new begins; what is under way ends first.
    fn plan_stop(&mut self, commands: &mut Vec<Command>) {
        self.ready.clear();
        let busy = self.running > 0 || self.parents > 0;
        if busy {
            if self.cancellation.is_some() && !self.told_to_stop {
                self.told_to_stop = true;
                commands.push(Command::Stop);
            }
            return;
        }
        self.ended = true;
        let end = match (&self.cancellation, &self.failure) {
            (Some(request), _) => TaskEndKind::Cancelled(request.clone()),
            (None, Some((step, failure))) => TaskEndKind::Failed(named(step, failure)),
            (None, None) => return,
        };
        commands.push(Command::End(end));
    }

    fn begin(&self, step: StepIndex, progress: Progress, now: Timestamp) -> Progress {
        let limit = self.dag.steps()[step].policy.deadline;
        Progress {
            attempt: progress.attempt.max(1),
            since: progress.since.or(Some(now)),
            deadline: progress.deadline.or_else(|| limit.map(|limit| after(now, limit))),
            replayed: progress.replayed,
        }
    }

    fn output(&self) -> Payload {
        self.dag.definition().output.as_ref().map_or(Payload::NULL, |source| self.value(source))
    }

    fn output_with(&self, last: StepIndex, output: &Payload) -> Payload {
        match &self.dag.definition().output {
            Some(crate::dag::Source::Step(name)) if *name == self.dag.steps()[last].name => output.clone(),
            Some(_) | None => self.output(),
        }
    }
}

/// A task's failure says which step failed.
fn named(step: &StepName, failure: &Failure) -> Failure {
    Failure { message: format!("step {step}: {}", failure.message), ..failure.clone() }
}
