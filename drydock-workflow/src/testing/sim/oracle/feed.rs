//! What the feed has to tell, and what it tells.

use std::collections::BTreeMap;

use drydock_core::journal::{FeedCommit, FeedEvent, FeedPlace, Write};
use drydock_core::{Epoch, TaskId};

use super::{Oracle, Rule};

/// The books of the feed.
#[derive(Default)]
pub(super) struct Feed {
    /// Whether it is told anything.
    on: bool,
    /// The commits, by their places.
    commits: BTreeMap<(Epoch, u64), Vec<FeedEvent>>,
    /// Of each task, what it has to tell, in the order of the commits, and how much of it was heard.
    tasks: BTreeMap<TaskId, (Vec<FeedEvent>, usize)>,
}

impl Feed {
    pub(super) fn new(on: bool) -> Self {
        Self { on, ..Self::default() }
    }
}

impl Oracle {
    /// A batch was committed. One that goes to the same place again is not told again.
    pub(in super::super) fn told(&mut self, epoch: Epoch, writes: &[Write], place: Option<FeedPlace>) {
        let Some(FeedPlace { seq, at }) = place else {
            if self.feed.on {
                let what = format!("epoch {epoch} commits something without a place in the feed");
                self.breach(Rule::Told, what);
            }
            return;
        };
        if !self.feed.on {
            let what = format!("epoch {epoch} commits something with a place in a feed that nobody wants");
            self.breach(Rule::Told, what);
        }
        if self.feed.commits.contains_key(&(epoch, seq)) {
            return;
        }
        let events: Vec<FeedEvent> = writes.iter().filter_map(|write| FeedEvent::of(write, at)).collect();
        for event in &events {
            self.feed.tasks.entry(event.task).or_default().0.push(event.clone());
        }
        self.feed.commits.insert((epoch, seq), events);
    }

    /// The feed has a commit.
    pub(in super::super) fn heard(&mut self, commit: FeedCommit) {
        let FeedCommit { epoch, seq, events, .. } = commit;
        match self.feed.commits.remove(&(epoch, seq)) {
            None => {
                let what =
                    format!("the feed tells commit {seq} of epoch {epoch} a second time, or made it up");
                self.breach(Rule::Told, what);
            }
            Some(expected) if expected != events => {
                let what =
                    format!("commit {seq} of epoch {epoch} was {expected:?}, and is told as {events:?}");
                self.breach(Rule::Told, what);
            }
            Some(_) => {}
        }
        for event in events {
            let Some((due, heard)) = self.feed.tasks.get_mut(&event.task) else { continue };
            let next = due.get(*heard).cloned();
            *heard += 1;
            if next.as_ref() != Some(&event) {
                let label = self.label(event.task);
                self.breach(Rule::Told, format!("of {label} the feed tells {event:?} instead of {next:?}"));
            }
        }
    }

    /// The feed has no more.
    pub(in super::super) fn heard_all(&mut self) {
        if let Some((epoch, seq)) = self.feed.commits.keys().next().copied() {
            self.breach(Rule::Told, format!("the feed does not tell commit {seq} of epoch {epoch}"));
        }
    }
}
