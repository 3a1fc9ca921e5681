//! The records of a batch as arguments. The statements take columns, not rows: one array for each.

use std::borrow::Cow;

use drydock_core::journal::JournalError;
use drydock_core::{Epoch, Payload, TaskId};
use sqlx::postgres::{PgArguments, PgHasArrayType};
use sqlx::{Encode, Postgres, Type};

use super::parts::{Part, Parts};
use crate::batch::{Batch, TaskRow, claims, counted, labels, storable};
use crate::codec::{self, Coded};

/// The arguments of a batch's statement, in the order of its parts.
pub(super) fn arguments(epoch: Epoch, batch: &Batch<'_>, parts: Parts) -> Result<PgArguments, JournalError> {
    let mut columns = Arrays::default();
    columns.one(epoch.get())?;
    for part in parts.iter() {
        match part {
            Part::Tasks => {
                columns.tasks(&batch.tasks)?;
                columns.array(batch.tasks.iter().map(|row| row.started))?;
                columns.array(batch.tasks.iter().map(|row| row.ended))?;
            }
            Part::SpecialTasks => {
                columns.tasks(&batch.tasks)?;
                columns.array(batch.tasks.iter().map(|row| row.started))?;
                columns.array(batch.tasks.iter().map(|row| row.ended))?;
                columns.array(batch.tasks.iter().map(TaskRow::key))?;
                columns.array(batch.tasks.iter().map(|row| row.task.priority))?;
                columns.array(batch.tasks.iter().map(TaskRow::limit_name))?;
                columns.array(batch.tasks.iter().map(TaskRow::limit_places))?;
            }
            Part::ShortLives => {}
            Part::Labels => {
                columns.array(labels(&batch.tasks).map(|(row, ..)| row.task.id.as_uuid()))?;
                columns.array(labels(&batch.tasks).map(|(_, name, _)| name))?;
                columns.array(labels(&batch.tasks).map(|(.., value)| value))?;
            }
            Part::Checkpoints => columns.checkpoints(batch)?,
            Part::Attempts => columns.attempts(batch)?,
            Part::Reopened => columns.reopened(batch)?,
            Part::Waits => columns.waits(batch)?,
            Part::Marks => columns.marks(batch)?,
            Part::Taken => columns.taken(batch)?,
            Part::Unlocked => {
                columns.ids(&batch.unlocked)?;
                columns.array(batch.unlocked.iter().map(|(_, decided)| claims(*decided)))?;
            }
            Part::Vacated => {
                columns.ids(&batch.vacated)?;
                columns.array(batch.vacated.iter().map(|(_, (step, _))| step.text()))?;
                columns.array(batch.vacated.iter().map(|(_, (_, ticket))| *ticket))?;
            }
            Part::Messages => columns.messages(batch)?,
            Part::Facts => columns.facts(batch)?,
            Part::Progress => columns.progress(batch)?,
            Part::Ends => columns.ends(batch)?,
            Part::Parked => columns.parked(batch)?,
            Part::Told => columns.told(batch)?,
        }
    }
    Ok(columns.finish())
}

/// The arguments of a statement, column by column.
#[derive(Default)]
pub(super) struct Arrays(PgArguments);

impl Arrays {
    pub(super) fn finish(self) -> PgArguments {
        self.0
    }

    fn one<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, value: T) -> Result<(), JournalError> {
        sqlx::Arguments::add(&mut self.0, value).map_err(JournalError::Rejected)
    }

    fn array<'t, T>(&mut self, values: impl Iterator<Item = T>) -> Result<(), JournalError>
    where
        T: Encode<'t, Postgres> + Type<Postgres> + PgHasArrayType,
    {
        self.one(values.collect::<Vec<T>>())
    }

    fn ids<'a, T: 'a>(&mut self, rows: &'a [(TaskId, T)]) -> Result<(), JournalError> {
        self.array(rows.iter().map(|(id, _)| id.as_uuid()))
    }

    /// A kind and its bytes are two columns, which do not stand side by side: the bytes wait in what is returned.
    fn kinds<'a>(
        &mut self,
        coded: impl Iterator<Item = Result<Coded<'a>, JournalError>>,
    ) -> Result<Vec<Cow<'a, [u8]>>, JournalError> {
        let (kinds, bytes): (Vec<i16>, Vec<_>) = coded.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        self.one(kinds)?;
        Ok(bytes)
    }

    fn bytes(&mut self, bytes: &[Cow<'_, [u8]>]) -> Result<(), JournalError> {
        self.array(bytes.iter().map(|bytes| &**bytes))
    }

    pub(super) fn tasks(&mut self, rows: &[TaskRow<'_>]) -> Result<(), JournalError> {
        let parents = || rows.iter().map(|row| row.task.parent.as_ref());
        self.array(rows.iter().map(|row| row.task.id.as_uuid()))?;
        self.array(parents().map(|parent| parent.map(|parent| parent.task.as_uuid())))?;
        self.array(parents().map(|parent| parent.map(|parent| parent.step.as_str())))?;
        self.array(parents().map(|parent| parent.map(|parent| i64::from(parent.index))))?;
        self.array(rows.iter().map(|row| row.task.workflow.get()))?;
        self.array(rows.iter().map(|row| row.task.created_at))?;
        self.array(rows.iter().map(|row| row.task.input.as_bytes()))
    }

    fn checkpoints(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.checkpoints;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        let outputs = self.kinds(rows.iter().map(|(_, it)| codec::step_end(&it.end)))?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.attempt)))?;
        self.array(rows.iter().map(|(_, it)| it.started_at))?;
        self.array(rows.iter().map(|(_, it)| it.ended_at))?;
        self.bytes(&outputs)
    }

    fn attempts(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.attempts;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.attempt)))?;
        self.array(rows.iter().map(|(_, it)| it.started_at))?;
        self.array(rows.iter().map(|(_, it)| it.ended_at))?;
        self.array(rows.iter().map(|(_, it)| it.retry_at))?;
        self.array(rows.iter().map(|(_, it)| it.deadline))?;
        let failures = rows.iter().map(|(_, it)| codec::json(&it.failure));
        self.one(failures.collect::<Result<Vec<_>, _>>()?)
    }

    fn reopened(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.reopened;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.attempt)))
    }

    fn waits(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.waits;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        self.array(rows.iter().map(|(_, it)| codec::wait_kind(it.kind)))?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.attempt)))?;
        self.array(rows.iter().map(|(_, it)| it.since))?;
        self.array(rows.iter().map(|(_, it)| it.until))?;
        self.array(rows.iter().map(|(_, it)| it.deadline))?;
        self.array(rows.iter().map(|(_, it)| storable(&it.reason)))?;
        let names = rows.iter().map(|(_, it)| codec::names(&it.on));
        self.one(names.collect::<Result<Vec<_>, _>>()?)?;
        self.array(rows.iter().map(|(_, it)| it.scratch.as_ref().map(Payload::as_bytes)))
    }

    fn marks(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.marks;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        self.array(rows.iter().map(|(_, it)| storable(&it.name)))?;
        self.array(rows.iter().map(|(_, it)| it.at))?;
        self.array(rows.iter().map(|(_, it)| it.value.as_bytes()))
    }

    fn taken(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.taken;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, (signal, _))| signal.as_uuid()))?;
        self.array(rows.iter().map(|(_, (_, step))| step.text()))
    }

    fn messages(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.messages;
        let subjects = || rows.iter().map(|(_, it)| it.subject.as_ref());
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.seq)))?;
        self.array(rows.iter().map(|(_, it)| it.error))?;
        self.array(rows.iter().map(|(_, it)| it.at))?;
        self.array(subjects().map(|subject| subject.map(|subject| storable(&subject.kind))))?;
        self.array(subjects().map(|subject| subject.map(|subject| storable(&subject.name))))?;
        self.array(rows.iter().map(|(_, it)| storable(&it.text)))
    }

    fn facts(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.facts;
        let facts = || rows.iter().map(|(_, it)| &it.fact);
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.seq)))?;
        self.array(rows.iter().map(|(_, it)| it.at))?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        self.array(facts().map(|fact| storable(&fact.subject.kind)))?;
        self.array(facts().map(|fact| storable(&fact.subject.name)))?;
        self.array(facts().map(|fact| storable(&fact.generator)))?;
        self.array(facts().map(|fact| storable(&fact.format)))?;
        self.array(facts().map(|fact| fact.data.as_bytes()))
    }

    fn progress(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.progress;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        self.array(rows.iter().map(|(_, it)| codec::figure(it.figure.done)))?;
        self.array(rows.iter().map(|(_, it)| codec::figure(it.figure.total)))?;
        self.array(rows.iter().map(|(_, it)| storable(&it.figure.text)))?;
        self.array(rows.iter().map(|(_, it)| it.at))
    }

    fn told(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let Some(told) = &batch.told else { return Ok(()) };
        self.one(told.seq)?;
        self.one(told.at)?;
        self.one(&*told.body)
    }

    fn parked(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.parked;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| counted(it.fence.get())))?;
        self.array(rows.iter().map(|(_, it)| counted(it.signals)))?;
        self.array(rows.iter().map(|(_, it)| it.wake_at))?;
        self.array(rows.iter().map(|(_, it)| it.doubt))
    }

    fn ends(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.ends;
        self.ids(rows)?;
        let outputs = self.kinds(rows.iter().map(|(_, (_, it))| codec::task_end(&it.kind)))?;
        self.array(rows.iter().map(|(_, (_, it))| it.at))?;
        self.bytes(&outputs)?;
        self.array(rows.iter().map(|(_, (fence, _))| claims(*fence)))
    }
}
