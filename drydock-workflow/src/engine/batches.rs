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

/// From so many writes on, half of what is here is enough for a commit. Below, a second commit costs more than is gained by it.
const HALF: usize = 64;

impl Actor {
    /// Lets what is ready to run, run: attempts that end without waiting for anything share the commit that is about to begin.
    /// Without this, tasks fall into many camps whose small commits take turns. An idle engine has nothing ready, and commits at
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

    /// Commits what has gathered; of much, half. Then the store and this instance need not take turns: while the one half is being
    /// written, the steps run that follow from the other.
    pub(super) async fn flush(&mut self, to_flusher: &mpsc::Sender<Vec<Write>>) {
        self.send(self.half(0), to_flusher).await;
    }

    /// Commits what gathered while this answer was under way, before the answer is looked at. But if that is little, it waits for
    /// what follows from the answer: of halves that come to differ, the smaller would only get smaller.
    pub(super) async fn flush_before(&mut self, answer: &Flushed, to_flusher: &mpsc::Sender<Vec<Write>>) {
        let half = self.half(answer.writes.len());
        let is_orderly = answer.last && answer.refused.is_none();
        if is_orderly && self.writes.len() >= HALF && self.writes.len() >= half / 2 {
            self.send(half, to_flusher).await;
        }
    }

    /// Half of the writes that are here and of those that will follow from `answered` ones; or all, if they are few.
    fn half(&self, answered: usize) -> usize {
        let all = self.writes.len() + answered;
        if all < 2 * HALF { all } else { all.div_ceil(2) }
    }

    /// Commits about `enough` writes. Cancel-safe: nothing is lost, and nothing is sent twice.
    async fn send(&mut self, enough: usize, to_flusher: &mpsc::Sender<Vec<Write>>) {
        let rest = self.writes.split_off(self.batch_end(enough.min(self.options.batch)));
        let batch = std::mem::replace(&mut self.writes, rest);
        self.flusher_busy = true;
        self.measure();
        // The flusher is idle, so there is room for the batch. If it is gone, this incarnation ends with it.
        if let Err(TrySendError::Full(batch) | TrySendError::Closed(batch)) = to_flusher.try_send(batch) {
            self.writes.splice(0..0, batch);
        }
        // The flusher was woken by this thread and runs on it next, and on no other: it must not wait for all that follows here, while
        // the store has nothing to do.
        tokio::task::yield_now().await;
    }

    /// How many of the writes go into the next batch: `enough` or a few more, not too heavy, and a task's that belong together, together.
    fn batch_end(&self, enough: usize) -> usize {
        let mut weight = 0;
        for (at, pair) in self.writes.windows(2).enumerate() {
            let [before, next] = pair else { break };
            weight += flusher::weight(before);
            let heavy = weight + flusher::weight(next) > BATCH_BYTES;
            let apart = flusher::owner(before) != flusher::owner(next);
            if (apart && (heavy || at + 1 >= enough)) || (heavy && flusher::may_part(before, next)) {
                return at + 1;
            }
        }
        self.writes.len()
    }

    pub(super) fn on_flushed(&mut self, flushed: Flushed) {
        match flushed.refused {
            None => self.on_committed(flushed.writes),
            Some(error) => self.on_refused(flushed.writes, error),
        }
    }
}
