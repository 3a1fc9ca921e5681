//! What the store has accepted, write by write.

use drydock_core::journal::{NewTask, StepEnd, TaskEnd, TaskEndKind, Write};
use drydock_core::{Disposition, Epoch, TaskId};

use super::{Oracle, Rule};

impl Oracle {
    /// Tasks were queued from outside.
    pub(in super::super) fn submitted(&mut self, tasks: &[NewTask]) {
        for task in tasks {
            self.created(task, None);
        }
    }

    /// A batch was committed.
    pub(in super::super) fn committed(&mut self, epoch: Epoch, writes: &[Write]) {
        if !self.is_alive(epoch) {
            self.breach(Rule::RetiredEpoch, format!("a commit of the retired epoch {epoch} was accepted"));
        }
        for write in writes {
            match write {
                Write::TaskStarted(task) | Write::TaskQueued(task) => {
                    let here = matches!(write, Write::TaskStarted(_));
                    if let Some(parent) = &task.parent
                        && !self.tasks.contains_key(&task.id)
                    {
                        self.needs_owner(epoch, parent.task, write);
                        self.child_starts(task);
                        self.tally.started_here += u64::from(here);
                    }
                    self.created(task, here.then_some(epoch));
                }
                Write::StepEnded(task, _)
                | Write::AttemptFailed(task, _)
                | Write::StepReopened(task, _)
                | Write::StepWaits(task, _)
                | Write::Marked(task, _)
                | Write::SignalTaken(task, ..)
                | Write::LocksFreed(task, _)
                | Write::SlotsFreed(task, ..)
                | Write::MessageSaid(task, _)
                | Write::FactFound(task, _)
                | Write::StepProgressed(task, _) => self.about(epoch, *task, write),
                Write::TaskEnded(task, fence, end) => {
                    // One that came late: the task was brought back, and taken again.
                    let given = self.tasks.get(task).and_then(|it| it.given.keys().next_back());
                    if fence.is_none_or(|fence| given.is_none_or(|given| *given == fence)) {
                        self.ended(epoch, *task, end, write);
                    }
                }
                Write::TaskParked(task, parking) => self.parked(epoch, *task, parking),
            }
        }
    }

    /// A commit was refused because its epoch is over.
    pub(in super::super) fn refused(&mut self, epoch: Epoch) {
        self.tally.refused += 1;
        self.note(|| format!("a commit of epoch {epoch} is refused"));
    }

    fn about(&mut self, epoch: Epoch, id: TaskId, write: &Write) {
        match write {
            // Given back again and again: each time it counts.
            Write::LocksFreed(_, fence) => self.unlocked(id, *fence),
            Write::SlotsFreed(_, step, ticket) => self.vacated(epoch, id, step, *ticket),
            _ => {}
        }
        // A repetition changes nothing.
        if self.tasks.get(&id).is_none_or(|task| task.accepted.contains(write)) {
            return;
        }
        self.needs_owner(epoch, id, write);
        let label = self.label(id);
        if let Write::StepEnded(_, checkpoint) = write {
            self.tally.checkpoints += 1;
            self.tally.undone += u64::from(checkpoint.step.is_undo());
            let ends = self.tasks.get_mut(&id).map(|task| &mut task.ends);
            if ends.is_some_and(|ends| ends.insert(checkpoint.step.clone(), checkpoint.clone()).is_some()) {
                let what = format!("{} of {label} was ended a second time", checkpoint.step);
                self.breach(Rule::OneCheckpoint, what);
            }
        }
        if let Write::StepReopened(_, reopened) = write
            && let Some(ends) = self.tasks.get_mut(&id).map(|task| &mut task.ends)
            && ends
                .get(&reopened.step)
                .is_some_and(|it| it.attempt == reopened.attempt && matches!(it.end, StepEnd::Failed(_)))
        {
            ends.remove(&reopened.step);
        }
        if let Write::SignalTaken(_, signal, step) = write {
            self.signal_taken(id, *signal, step);
        }
        if let Write::AttemptFailed(_, failed) = write {
            let key = (&failed.step, failed.attempt);
            let same = |earlier: &Write| matches!(earlier, Write::AttemptFailed(_, it) if (&it.step, it.attempt) == key);
            if self.tasks.get(&id).is_some_and(|task| task.accepted.iter().any(same)) {
                let what = format!("attempt {} of {} of {label} failed twice", failed.attempt, failed.step);
                self.breach(Rule::OneAttempt, what);
            }
        }
        self.note(|| format!("epoch {epoch} commits {} of {label}", brief(write)));
        if let Some(task) = self.tasks.get_mut(&id) {
            task.accepted.push(write.clone());
        }
    }

    /// Only its owner ends a task: from others, the store takes no notice.
    fn ended(&mut self, epoch: Epoch, id: TaskId, end: &TaskEnd, write: &Write) {
        let label = self.label(id);
        let Some(task) = self.tasks.get_mut(&id) else { return };
        if task.owner != Some(epoch) || task.end.is_some() {
            return;
        }
        task.owner = None;
        task.end = Some(end.clone());
        self.unlocked(id, None);
        let Some(task) = self.tasks.get(&id) else { return };
        let running: Vec<String> = task.bodies.iter().map(|body| body.step.to_string()).collect();
        self.note(|| format!("epoch {epoch} commits {} of {label}", brief(write)));
        let completed = matches!(end.kind, TaskEndKind::Completed(_));
        self.tally.failed += u64::from(matches!(end.kind, TaskEndKind::Failed(_)));
        self.tally.cancelled += u64::from(matches!(end.kind, TaskEndKind::Cancelled(_)));
        if let TaskEndKind::Failed(failure) = &end.kind
            && failure.disposition == Disposition::Bug
        {
            self.breach(Rule::Sound, format!("{label} fails: {}", failure.message));
        }
        let wrong = self.tasks.get(&id).and_then(|task| self.ends_of(task)?.may_end(completed));
        if let Some((rule, what)) = wrong {
            self.breach(rule, format!("{label} ends {what}"));
        }
        if !running.is_empty() && !self.thawing && self.paused.is_empty() {
            let what = format!("{label} ended while bodies of {} run", running.join(", "));
            self.breach(Rule::Complete, what);
        }
        let TaskEndKind::Completed(output) = &end.kind else { return };
        let expected = self.tasks.get(&id).and_then(|task| task.expected.clone());
        if let Some(expected) = expected
            && expected != *output
        {
            let text = |it: &drydock_core::Payload| String::from_utf8_lossy(it.as_bytes()).into_owned();
            let what = format!("{label} completed with {} instead of {}", text(output), text(&expected));
            self.breach(Rule::Output, what);
        }
    }

    fn needs_owner(&mut self, epoch: Epoch, task: TaskId, write: &Write) {
        if self.owner(task) != Some(epoch) {
            let (label, owner) = (self.label(task), self.owner(task));
            let owner = owner.map_or("nobody".to_owned(), |owner| format!("epoch {owner}"));
            let what = format!("epoch {epoch} commits {} of {label}, which {owner} has", brief(write));
            self.breach(Rule::OneOwner, what);
        }
    }
}

/// A write in a few words.
fn brief(write: &Write) -> String {
    match write {
        Write::TaskStarted(task) | Write::TaskQueued(task) => match &task.parent {
            Some(parent) => format!("child {} of {}", parent.index, parent.step),
            None => "the start".to_owned(),
        },
        Write::StepEnded(_, it) => match it.end {
            StepEnd::Done(_) => format!("the end of {}", it.step),
            StepEnd::Failed(_) => format!("the failure of {}", it.step),
            StepEnd::Skipped(_) => format!("the skipping of {}", it.step),
        },
        Write::AttemptFailed(_, it) => format!("failed attempt {} of {}", it.attempt, it.step),
        Write::StepWaits(_, it) => format!("the wait of {}", it.step),
        Write::StepReopened(_, it) => format!("the reopening of {}", it.step),
        Write::Marked(_, it) => format!("mark {:?} of {}", it.name, it.step),
        Write::SignalTaken(_, _, step) => format!("a signal for {step}"),
        Write::LocksFreed(..) => "the locks given back".to_owned(),
        Write::SlotsFreed(_, step, _) => format!("the places of {step} given back"),
        Write::MessageSaid(_, it) => format!("message {}", it.seq),
        Write::FactFound(_, it) => format!("fact {}", it.seq),
        Write::StepProgressed(_, it) => format!("the progress of {}", it.step),
        Write::TaskParked(..) => "the sleep".to_owned(),
        Write::TaskEnded(_, _, end) => match end.kind {
            TaskEndKind::Completed(_) => "the end".to_owned(),
            TaskEndKind::Failed(_) => "the failure".to_owned(),
            TaskEndKind::Cancelled(_) => "the cancellation".to_owned(),
        },
    }
}
