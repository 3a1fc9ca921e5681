//! A batch.

use drydock_core::Epoch;
use drydock_core::journal::{FeedPlace, JournalError, Write};
use sqlx::AssertSqlSafe;

use super::PgStore;
use super::parts::Parts;
use super::records::arguments;
use super::statements::{self, Present};
use crate::batch::Batch;
use crate::error::journal_error;
use crate::feed::Told;

impl PgStore {
    pub(super) async fn append_batch(
        &self,
        epoch: Epoch,
        writes: &[Write],
        place: Option<FeedPlace>,
    ) -> Result<(), JournalError> {
        let mut batch = Batch::of(writes)?;
        batch.told = place.map(|place| Told::of(writes, place)).transpose()?;
        match self.run_batch(epoch, &batch, Present::Refused).await {
            Ok(fenced) => fenced,
            // Nothing was written. The batch, or a part of it, was sent before.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                self.run_batch(epoch, &batch, Present::Passed).await.map_err(journal_error)?
            }
            Err(error) => Err(journal_error(error)),
        }
    }

    /// The outer result is the database's, the inner one the fence's.
    async fn run_batch(
        &self,
        epoch: Epoch,
        batch: &Batch<'_>,
        present: Present,
    ) -> Result<Result<(), JournalError>, sqlx::Error> {
        let parts = Parts::of(batch);
        let arguments = match arguments(epoch, batch, parts) {
            Ok(arguments) => arguments,
            Err(error) => return Ok(Err(error)),
        };
        let text = AssertSqlSafe(statements::statement(parts, present));
        let alive = self.batches.run(text, arguments).await?;
        Ok(if alive == 0 { Err(JournalError::Fenced { epoch }) } else { Ok(()) })
    }
}
