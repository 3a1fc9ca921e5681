//! A batch, and the submission of tasks.

use std::collections::btree_map::Entry;

use drydock_core::journal::{
    AttemptRecord, Checkpoint, Fact, FactRecord, FeedPlace, Figure, JournalError, Mark, Message, NewTask,
    StepEnd, StepProgress, Subject, TaskEnd, TaskLimit, WaitRecord, Write,
};
use drydock_core::{Epoch, Fence, TaskId};

use super::{Ended, Live, State};
use crate::batch::{Batch, TaskRow, labels_of, storable};
use crate::codec;

impl State {
    pub(super) fn submit(&mut self, tasks: &[NewTask]) -> Vec<TaskId> {
        for row in Batch::submission(tasks).tasks {
            self.create(row.task, Live::default());
        }
        let standing = |task: &NewTask| self.keys.get(&*storable(task.key.as_ref()?)).copied();
        tasks.iter().map(|task| standing(task).unwrap_or(task.id)).collect()
    }

    pub(super) fn append(
        &mut self,
        epoch: Epoch,
        writes: &[Write],
        place: Option<FeedPlace>,
    ) -> Result<(), JournalError> {
        let batch = Batch::of(writes)?;
        self.fence(epoch)?;
        for TaskRow { task, started, .. } in batch.tasks {
            let owner = started.then_some(epoch);
            let fence = if started { Fence::FIRST } else { Fence::UNCLAIMED };
            let started_at = owner.map(|_| task.created_at);
            self.create(task, Live { owner, fence, started_at, ..Live::default() });
        }
        for (id, attempt) in batch.reopened {
            self.reopen_step(id, attempt);
        }
        for (id, checkpoint) in batch.checkpoints {
            self.checkpoints.entry((id, checkpoint.step.clone())).or_insert_with(|| checkpoint.clone());
        }
        for (id, attempt) in batch.attempts {
            let key = (id, attempt.step.clone(), attempt.attempt);
            self.attempts.entry(key).or_insert_with(|| attempt.clone());
        }
        for (id, wait) in batch.waits {
            let reason = storable(&wait.reason).into_owned();
            self.waits.insert((id, wait.step.clone()), WaitRecord { reason, ..wait.clone() });
        }
        for (id, mark) in batch.marks {
            let mark = Mark { name: storable(&mark.name).into_owned(), ..mark.clone() };
            let key = (id, mark.step.clone(), mark.name.clone());
            self.marks.entry(key).or_insert(mark);
        }
        for (id, (signal, step)) in batch.taken {
            self.take_signal(id, signal, step);
        }
        for (id, decided) in batch.unlocked {
            self.unlock(id, decided);
        }
        for (id, (step, ticket)) in batch.vacated {
            let step = step.text();
            self.slots.retain(|(_, task, of), (holder, taken)| {
                (*task, &**of, *holder) != (id, &*step, epoch) || *taken > ticket
            });
        }
        for (id, message) in batch.messages {
            self.messages.entry((id, message.seq)).or_insert_with(|| cleaned(message));
        }
        for (id, record) in batch.facts {
            self.facts.entry((id, record.seq)).or_insert_with(|| cleaned_fact(record));
        }
        for (id, progress) in batch.progress {
            self.progress.insert((id, progress.step.clone()), cleaned_progress(progress));
        }
        for (id, (fence, end)) in batch.ends {
            self.end(epoch, id, fence, end);
        }
        if let Some(place) = place {
            self.tell(epoch, writes, place);
        }
        Ok(())
    }

    /// The failed checkpoint of that attempt is no more.
    fn reopen_step(&mut self, id: TaskId, attempt: &AttemptRecord) {
        let key = (id, attempt.step.clone());
        let failed = |it: &Checkpoint| it.attempt == attempt.attempt && matches!(it.end, StepEnd::Failed(_));
        if self.checkpoints.get(&key).is_some_and(failed) {
            self.checkpoints.remove(&key);
        }
    }

    /// A task is created once, under its id and its key: a repetition, even after its end, does not bring it back to life.
    fn create(&mut self, task: &NewTask, live: Live) {
        let key = task.key.as_ref().map(|key| storable(key).into_owned());
        let taken = key.as_ref().is_some_and(|key| self.keys.contains_key(key));
        if let Entry::Vacant(vacant) = self.tasks.entry(task.id)
            && !taken
        {
            let labels = labels_of(task);
            let labels =
                labels.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let limit = task
                .limit
                .as_ref()
                .map(|it| TaskLimit { name: storable(&it.name).into_owned(), places: it.places });
            vacant.insert(NewTask { key: key.clone(), labels, limit, ..task.clone() });
            self.keys.extend(key.map(|key| (key, task.id)));
            self.live.insert(task.id, live);
        }
    }

    /// Only its owner ends a task, so a repetition finds nothing to end, or a task that was claimed again.
    fn end(&mut self, epoch: Epoch, id: TaskId, decided: Option<Fence>, end: &TaskEnd) {
        let same = |live: &Live| decided.is_none_or(|decided| decided == live.fence);
        if self.live.get(&id).is_some_and(|live| live.owner == Some(epoch) && same(live))
            && let Some(Live { fence, started_at, cancellation, .. }) = self.live.remove(&id)
        {
            self.ends.insert(id, Ended { end: end.clone(), fence, started_at, cancellation });
        }
    }
}

fn cleaned(message: &Message) -> Message {
    let mut message = message.clone();
    message.text = storable(&message.text).into_owned();
    message.subject = message.subject.as_ref().map(cleaned_subject);
    message
}

fn cleaned_subject(subject: &Subject) -> Subject {
    Subject { kind: storable(&subject.kind).into_owned(), name: storable(&subject.name).into_owned() }
}

fn cleaned_fact(record: &FactRecord) -> FactRecord {
    let fact = &record.fact;
    let fact = Fact {
        subject: cleaned_subject(&fact.subject),
        generator: storable(&fact.generator).into_owned(),
        format: storable(&fact.format).into_owned(),
        data: fact.data.clone(),
    };
    FactRecord { fact, ..record.clone() }
}

/// A figure too great for a database stands for its greatest, as there.
fn cleaned_progress(progress: &StepProgress) -> StepProgress {
    let Figure { done, total, text } = &progress.figure;
    let count = |figure: &u64| codec::figure(*figure).unsigned_abs();
    let figure = Figure { done: count(done), total: count(total), text: storable(text).into_owned() };
    StepProgress { figure, ..progress.clone() }
}
