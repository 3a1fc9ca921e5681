//! A children step: which children are to be started, and when their ends are enough. Decided from how many there are, how many
//! were started, and which have ended how; nothing else is known after a crash, and nothing else is needed.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::dag::Rollout;

/// What is known of the children of a step. They are started in the list's order, so a number says which were.
#[derive(Debug, Clone)]
pub struct Children {
    total: u32,
    started: u32,
    /// Those that have ended, and whether they completed.
    ended: BTreeMap<u32, bool>,
    completed: u32,
}

/// What a children step is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Start these.
    Start(Range<u32>),
    /// Cancel these: the others' ends are enough, or theirs cannot help any more.
    Cancel(Vec<u32>),
    /// Wait for more ends.
    Wait,
    /// Nothing is under way any more; the step is done, or fails for this reason.
    Over(Result<(), String>),
}

impl Children {
    /// `started` of `total`, of whose ends nothing is known.
    pub const fn new(total: u32, started: u32) -> Self {
        Self { total, started, ended: BTreeMap::new(), completed: 0 }
    }

    /// How many have been started.
    pub const fn started(&self) -> u32 {
        self.started
    }

    /// How many there are to be.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// How many were started and have not ended.
    pub fn open(&self) -> u32 {
        self.started.saturating_sub(self.ended())
    }

    /// How many have ended.
    pub fn ended(&self) -> u32 {
        u32::try_from(self.ended.len()).unwrap_or(u32::MAX)
    }

    /// All before `end` are started.
    pub fn start(&mut self, end: u32) {
        self.started = self.started.max(end);
    }

    /// A child has ended.
    pub fn end(&mut self, index: u32, completed: bool) {
        let before = self.ended.insert(index, completed);
        self.completed = self.completed + u32::from(completed) - u32::from(before == Some(true));
    }

    /// What is to be done. `stopping`: the task starts nothing new.
    pub fn next(&self, rollout: &Rollout, stopping: bool) -> Next {
        let open = self.open();
        if let Some(reached) = self.quorum(rollout) {
            // What is still under way changes nothing any more.
            return if open == 0 { Next::Over(reached) } else { Next::Cancel(self.under_way()) };
        }
        if let Some(reason) = self.over_budget(rollout) {
            return if open == 0 { Next::Over(Err(reason)) } else { Next::Wait };
        }
        if self.started == self.total {
            return if open == 0 { Next::Over(Ok(())) } else { Next::Wait };
        }
        if stopping {
            let reason = || {
                let Self { started, total, .. } = self;
                format!("only {started} of {total} children were started before the task came to its end")
            };
            return if open == 0 { Next::Over(Err(reason())) } else { Next::Wait };
        }
        let wave = rollout.wave_end(self.ended(), self.total);
        let room = rollout.at_once.map_or(u32::MAX, |n| self.ended().saturating_add(n));
        let end = wave.min(room);
        if end > self.started { Next::Start(self.started..end) } else { Next::Wait }
    }

    /// Whether enough children have completed, or never will; `None` while that is open, or when all must end.
    fn quorum(&self, rollout: &Rollout) -> Option<Result<(), String>> {
        let enough = rollout.quorum()?;
        let possible = self.total - self.failed();
        if self.completed >= enough {
            Some(Ok(()))
        } else if possible < enough {
            let Self { total, .. } = self;
            Some(Err(format!("at most {possible} of {total} children can complete, {enough} must")))
        } else {
            None
        }
    }

    fn over_budget(&self, rollout: &Rollout) -> Option<String> {
        let (failed, allowed) = (self.failed(), rollout.allowed_failures()?);
        (failed > allowed).then(|| {
            let rest = match self.total - self.started {
                0 => String::new(),
                rest => format!(", {rest} were not started"),
            };
            format!("{failed} of {} children did not complete, {allowed} may fail{rest}", self.total)
        })
    }

    fn failed(&self) -> u32 {
        self.ended() - self.completed
    }

    fn under_way(&self) -> Vec<u32> {
        (0..self.started).filter(|index| !self.ended.contains_key(index)).collect()
    }
}
