//! Writes become batches: what goes into the next commit, and when.

use drydock_core::journal::Write;

use super::actor::{Actor, GULP};
use super::flusher;
use super::lanes::Lanes;
use super::message::{Flushed, Message};

/// At most so many bytes of payload go into one commit, and what belongs to the last record in it.
const BATCH_BYTES: usize = 32 << 20;

/// How often a commit is put off for what is ready to run at that very moment.
const GATHERINGS: usize = 3;

/// From so many writes on, half of what is here is enough for a commit. Below, a second commit costs more than is gained by it.
pub(super) const HALF: usize = 64;

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

    /// Whether there is enough for another commit: anything, while none is under way; beside one that is, as much as repays it.
    pub(super) fn is_enough(&self, lanes: &Lanes) -> bool {
        let least = if lanes.are_idle() { 1 } else { self.half };
        lanes.have_room() && self.writes.len() >= least && lanes.sendable(&self.writes, least) >= least
    }

    /// Commits what has gathered; of much, half. Then the store and this instance need not take turns: while the one half is being
    /// written, the steps run that follow from the other. Beside another commit, all that is not about the same tasks.
    pub(super) async fn flush(&mut self, lanes: &mut Lanes) {
        let enough = if lanes.are_idle() { self.half(0) } else { self.writes.len() };
        self.send(enough, lanes).await;
    }

    /// Commits what gathered while this answer was under way, before the answer is looked at. But if that is little, it waits for
    /// what follows from the answer: of halves that come to differ, the smaller would only get smaller. Nor is it urgent while the
    /// store has another commit to do.
    pub(super) async fn flush_before(&mut self, answer: &Flushed, lanes: &mut Lanes) {
        let half = self.half(answer.writes.len());
        let is_orderly = answer.last && answer.refused.is_none() && lanes.are_idle();
        if is_orderly && self.writes.len() >= self.half && self.writes.len() >= half / 2 {
            self.send(half, lanes).await;
        }
    }

    /// Half of the writes that are here and of those that will follow from `answered` ones; or all, if they are few.
    fn half(&self, answered: usize) -> usize {
        let all = self.writes.len() + answered;
        if all < 2 * self.half { all } else { all.div_ceil(2) }
    }

    /// Commits about `enough` writes. Cancel-safe: nothing is lost, and nothing is sent twice.
    async fn send(&mut self, enough: usize, lanes: &mut Lanes) {
        let carried = |write: &mut Write| lanes.carry(write.owner());
        // Those about tasks that are under way by another lane wait behind the others: a task's own keep their order.
        let waiting: Vec<Write> = self.writes.extract_if(.., carried).collect();
        let mut rest = self.writes.split_off(self.batch_end(enough.min(self.options.batch)));
        rest.extend(waiting);
        let batch = std::mem::replace(&mut self.writes, rest);
        self.measure();
        if let Err(batch) = lanes.send(batch) {
            self.writes.splice(0..0, batch);
        }
        // A flusher was woken by this thread and runs on it next, and on no other: it must not wait for all that follows here, while
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
            let apart = before.owner() != next.owner();
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
