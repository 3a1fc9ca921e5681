//! Writes become batches: what goes into the next commit, and when.

use drydock_core::journal::Write;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::actor::{Actor, GULP};
use super::flusher;
use super::message::{Flushed, Message};

/// At most so many bytes of payload go into one commit, and what belongs to the last record in it.
const BATCH_BYTES: usize = 32 << 20;

/// How often a commit is put off for what is ready to run at that very moment.
const GATHERINGS: usize = 3;

impl Actor {
    /// Lets what is ready to run, run: attempts that end without waiting for anything share the commit that is about to begin.
    /// Without this, tasks fall into two camps whose small commits take turns. An idle engine has nothing ready, and commits at
    /// once. Cancel-safe.
    pub(super) async fn gather(&mut self, gulp: &mut Vec<Message>) {
        for _ in 0..GATHERINGS {
            tokio::task::yield_now().await;
            while gulp.len() < GULP
                && let Ok(message) = self.messages.try_recv()
            {
                gulp.push(message);
            }
            if gulp.is_empty() {
                return;
            }
            gulp.drain(..).for_each(|message| self.on_message(message));
        }
    }

    pub(super) fn flush(&mut self, to_flusher: &mpsc::Sender<Vec<Write>>) {
        let rest = self.writes.split_off(self.batch_end());
        let batch = std::mem::replace(&mut self.writes, rest);
        self.flusher_busy = true;
        self.measure();
        // The flusher is idle, so there is room for the batch. If it is gone, this incarnation ends with it.
        if let Err(TrySendError::Full(batch) | TrySendError::Closed(batch)) = to_flusher.try_send(batch) {
            self.writes.splice(0..0, batch);
        }
    }

    /// How many of the writes go into the next batch: not too many, not too heavy, and a task's that belong together, together.
    fn batch_end(&self) -> usize {
        let mut weight = 0;
        for (at, pair) in self.writes.windows(2).enumerate() {
            let [before, next] = pair else { break };
            weight += flusher::weight(before);
            let heavy = weight + flusher::weight(next) > BATCH_BYTES;
            let apart = flusher::owner(before) != flusher::owner(next);
            if (apart && (heavy || at + 1 >= self.options.batch))
                || (heavy && flusher::may_part(before, next))
            {
                return at + 1;
            }
        }
        self.writes.len()
    }

    pub(super) fn on_flushed(&mut self, flushed: Flushed) {
        self.flusher_busy = !flushed.last;
        match flushed.refused {
            None => self.on_committed(flushed.writes),
            Some(error) => self.on_refused(flushed.writes, error),
        }
    }
}
