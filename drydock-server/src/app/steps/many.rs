//! A map, or its undoing: what its items have come to, in one row.

use drydock_core::StepKey;

use super::{Records, Step, StepStatus, Waits};

/// In which order the items' states are told: what is wrong first, then what goes on.
const ORDER: [StepStatus; 7] = [
    StepStatus::Failed,
    StepStatus::Unfinished,
    StepStatus::Running,
    StepStatus::Ready,
    StepStatus::Retrying,
    StepStatus::Waiting,
    StepStatus::Pending,
];

impl Records<'_> {
    pub(super) fn many(&self, blank: Step) -> Step {
        let keys = self.run.as_ref().map(|run| run.parts_of(&blank.key)).unwrap_or_default();
        match self.ended(&blank) {
            // It was skipped, or had no list to begin with.
            Some(ended) => ended,
            None if keys.is_empty() && self.is_empty_map(&blank.key) => {
                Step { status: StepStatus::Done, ..blank }
            }
            None if keys.is_empty() => self.open(blank),
            None => self.together(blank, keys),
        }
    }

    fn is_empty_map(&self, key: &StepKey) -> bool {
        self.run.as_ref().is_some_and(|run| run.has_ended_well(key))
    }

    fn together(&self, blank: Step, keys: Vec<StepKey>) -> Step {
        let items: Vec<Step> = keys.into_iter().map(|key| self.one(Step { key, ..blank.clone() })).collect();
        let over = |item: &&Step| item.status.is_over();
        let (all, done) = (items.len(), items.iter().filter(over).count());
        let worst = ORDER.into_iter().find(|status| items.iter().any(|item| item.status == *status));
        let status = worst.unwrap_or(StepStatus::Done);
        let ended = matches!(status, StepStatus::Done | StepStatus::Failed);
        Step {
            status,
            attempt: items.iter().map(|item| item.attempt).max().unwrap_or(0),
            started: items.iter().filter_map(|item| item.started).min(),
            ended: items.iter().filter_map(|item| item.ended).max().filter(|_| ended),
            waits: (!ended).then(|| Waits {
                reason: format!("{done} of {all} items are done"),
                until: items.iter().filter_map(|item| item.waits.as_ref()?.until).min(),
            }),
            error: items.iter().find_map(|item| item.error.clone().filter(|_| item.status == status)),
            ..blank
        }
    }
}
