//! The feed.

use drydock_core::Epoch;
use drydock_core::Timestamp;
use drydock_core::journal::{FeedCommit, FeedCursor, FeedEvent, FeedPage, FeedPlace, JournalError, Write};

use super::State;
use crate::feed::{Teller, page, place, positions};

impl State {
    /// Tells what was written. The first at a place stands.
    pub(super) fn tell(&mut self, epoch: Epoch, writes: &[Write], at: FeedPlace) {
        self.turns += 1;
        let turn = self.turns;
        self.events.entry((epoch, at.seq)).or_insert_with(|| {
            let events = writes.iter().filter_map(|write| FeedEvent::of(write, at.at)).collect();
            (turn, FeedCommit { epoch, seq: at.seq, at: at.at, events })
        });
    }

    fn tellers(&self, floor: Epoch) -> Vec<Teller> {
        let past = self.instances.iter().filter(|(epoch, _)| **epoch > floor);
        past.map(|(epoch, instance)| Teller {
            epoch: *epoch,
            alive: instance.alive,
            trimmed: self.trimmed.get(epoch).map_or(0, |(seq, _)| *seq),
            trimmed_at: self.trimmed.get(epoch).map(|(_, at)| *at),
        })
        .collect()
    }

    pub(super) fn feed(&self, after: &FeedCursor, limit: usize) -> Result<FeedPage, JournalError> {
        let tellers = self.tellers(after.floor());
        let (read, positions) = positions(after, &tellers)?;
        let mut commits: Vec<_> = positions
            .into_iter()
            .flat_map(|(epoch, seq)| self.events.range((epoch, seq + 1)..=(epoch, u64::MAX)).take(limit))
            .map(|(_, told)| told)
            .collect();
        commits.sort_by_key(|(turn, commit)| (*turn, commit.epoch));
        commits.truncate(limit);
        page(read, &tellers, commits.into_iter().map(|(_, commit)| commit.clone()).collect(), limit)
    }

    pub(super) fn feed_since(&self, time: Timestamp) -> Result<FeedCursor, JournalError> {
        let tellers = self.tellers(Epoch::new(0));
        let places: Vec<_> = tellers
            .iter()
            .map(|teller| {
                let told = || self.events.range((teller.epoch, 0)..=(teller.epoch, u64::MAX));
                let first = told().find(|(_, (_, commit))| commit.at >= time);
                let last = told().next_back().map_or(teller.trimmed, |((_, seq), _)| *seq);
                (first.map_or(last, |((_, seq), _)| seq - 1), first.is_none())
            })
            .collect();
        place(&tellers, &places, time)
    }

    pub(super) fn trim(&mut self, before: Timestamp) -> u64 {
        for ((epoch, seq), (_, commit)) in &self.events {
            if commit.at < before {
                self.trimmed.insert(*epoch, (*seq, commit.at));
            }
        }
        let whole = self.events.len();
        let trimmed = &self.trimmed;
        self.events.retain(|(epoch, seq), _| trimmed.get(epoch).is_none_or(|(last, _)| seq > last));
        u64::try_from(whole - self.events.len()).unwrap_or(u64::MAX)
    }
}
