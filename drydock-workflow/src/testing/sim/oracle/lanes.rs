//! What is under way to the store: several commits of an instance at once, if they are about different tasks.

use std::collections::{BTreeMap, BTreeSet};

use drydock_core::journal::Write;
use drydock_core::{Epoch, TaskId};

use super::{Oracle, Rule};

/// The tasks that the commits under way are about, one set for each commit. Those of dead incarnations stay: nobody hears of them.
#[derive(Default)]
pub(super) struct Lanes(BTreeMap<Epoch, Vec<BTreeSet<TaskId>>>);

impl Oracle {
    /// An instance begins to ask for a commit.
    pub(in super::super) fn sets_out(&mut self, epoch: Epoch, writes: &[Write]) {
        let about = owners(writes);
        let under_way = self.lanes.0.entry(epoch).or_default();
        let (beside, twice) =
            (!under_way.is_empty(), under_way.iter().flatten().find(|task| about.contains(task)).copied());
        under_way.push(about);
        self.tally.beside += u64::from(beside);
        if let Some(task) = twice {
            let label = self.label(task);
            self.breach(
                Rule::OneLane,
                format!("two commits of epoch {epoch} about {label} are under way at once"),
            );
        }
    }

    /// It has an answer.
    pub(in super::super) fn comes_back(&mut self, epoch: Epoch, writes: &[Write]) {
        let about = owners(writes);
        let Some(under_way) = self.lanes.0.get_mut(&epoch) else { return };
        if let Some(place) = under_way.iter().position(|other| *other == about) {
            under_way.swap_remove(place);
        }
    }
}

/// The tasks that a batch is about.
pub(in super::super) fn owners(writes: &[Write]) -> BTreeSet<TaskId> {
    writes.iter().map(Write::owner).collect()
}
