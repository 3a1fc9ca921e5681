//! Rows as the engine's checkpoints are, without the engine.

use drydock_core::{Clock as _, Entropy as _, SystemClock, SystemEntropy, Timestamp};
use uuid::Uuid;

use crate::Failure;
use crate::load::{Output, STEPS, name};

/// Rows, column by column.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) tasks: Vec<Uuid>,
    pub(crate) steps: Vec<String>,
    pub(crate) kinds: Vec<i16>,
    pub(crate) attempts: Vec<i64>,
    pub(crate) outputs: Vec<Vec<u8>>,
    pub(crate) times: Vec<Timestamp>,
}

impl Batch {
    /// Space for `rows` rows, with all that is the same in every batch.
    pub(crate) fn of(rows: usize) -> Result<Self, Failure> {
        let mut batch = Self::default();
        for (step, _) in (1..=STEPS).cycle().zip(0..rows) {
            batch.tasks.push(Uuid::nil());
            batch.steps.push(name(step));
            batch.kinds.push(0);
            batch.attempts.push(1);
            batch.outputs.push(serde_json::to_vec(&Output::of(step))?);
            batch.times.push(Timestamp::UNIX_EPOCH);
        }
        Ok(batch)
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Makes new rows of it: of other tasks, and of now.
    pub(crate) fn renew(&mut self) {
        let now = SystemClock.now();
        for task in self.tasks.chunks_mut(STEPS as usize) {
            task.fill(SystemEntropy.uuid_v7(now));
        }
        self.times.fill(now);
    }
}
