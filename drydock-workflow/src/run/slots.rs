//! Where a task's steps stand, slot by slot: one for each step of the workflow, and one for each item of a map and for each
//! undoing, once these have come to be. Records find their slot by key; everything else goes by number.

use std::collections::HashMap;
use std::ops::Range;

use drydock_core::StepKey;

use super::{Progress, StepState};
use crate::dag::{Dag, StepIndex, StepKind};

/// A slot of a task. The first are the workflow's steps, in their order; only for speed inside one process: records name keys.
pub type SlotIndex = usize;

/// One thing that has a state of its own, and records under its own key.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) step: StepIndex,
    /// The item, of a map.
    pub(super) item: Option<u32>,
    pub(super) undo: bool,
    pub(super) state: StepState,
}

impl Slot {
    /// Whether it is a step of the workflow, and not one of the many that a step may come to.
    pub(super) const fn is_step(&self) -> bool {
        self.item.is_none() && !self.undo
    }
}

/// Which slots belong together: the items of a map, the undoings of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct GroupKey {
    pub(super) step: StepIndex,
    pub(super) undo: bool,
}

/// Slots that belong together, of which only some may be under way at once.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) slots: Range<SlotIndex>,
    /// None before it is still to begin.
    next: SlotIndex,
    /// How many have begun and not ended.
    active: usize,
    limit: usize,
    /// How many have not ended well.
    pub(super) open: usize,
}

impl Group {
    fn at(&self, place: u32) -> Option<SlotIndex> {
        self.slots.clone().nth(usize::try_from(place).ok()?)
    }
}

#[derive(Debug)]
pub(super) struct Slots {
    table: Vec<Slot>,
    groups: HashMap<GroupKey, Group>,
    /// Groups that may have room for another slot.
    roomy: Vec<GroupKey>,
}

impl Slots {
    /// One blocked slot for each step.
    pub(super) fn new(count: usize) -> Self {
        let slot = |step| Slot { step, item: None, undo: false, state: StepState::Blocked };
        Self { table: (0..count).map(slot).collect(), groups: HashMap::new(), roomy: Vec::new() }
    }

    pub(super) fn get(&self, slot: SlotIndex) -> &Slot {
        &self.table[slot]
    }

    pub(super) fn state(&self, slot: SlotIndex) -> &StepState {
        &self.table[slot].state
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (SlotIndex, &Slot)> {
        self.table.iter().enumerate()
    }

    /// Replaces a slot's state, and keeps count of what is under way in its group.
    pub(super) fn set(&mut self, slot: SlotIndex, state: StepState) {
        let entry = &mut self.table[slot];
        let (was, is) = (entry.state.is_under_way(), state.is_under_way());
        entry.state = state;
        if was == is || entry.is_step() {
            return;
        }
        let key = GroupKey { step: entry.step, undo: entry.undo };
        if let Some(group) = self.groups.get_mut(&key) {
            if is {
                group.active += 1;
            } else {
                group.active -= 1;
                self.roomy.push(key);
            }
        }
    }

    /// Adds `count` slots that belong together, at most `limit` of them under way at once.
    pub(super) fn add_group(&mut self, key: GroupKey, count: usize, limit: Option<u32>, of_map: bool) {
        let first = self.table.len();
        let items = (0..u32::try_from(count).unwrap_or(u32::MAX)).map(|item| of_map.then_some(item));
        let GroupKey { step, undo } = key;
        self.table.extend(items.map(|item| Slot { step, item, undo, state: StepState::Blocked }));
        let slots = first..self.table.len();
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        self.groups.insert(key, Group { next: first, open: slots.len(), slots, active: 0, limit });
    }

    pub(super) fn group(&self, key: GroupKey) -> Option<&Group> {
        self.groups.get(&key)
    }

    pub(super) fn group_mut(&mut self, key: GroupKey) -> Option<&mut Group> {
        self.groups.get_mut(&key)
    }

    /// Makes all blocked slots of a group ready; they begin as there is room.
    pub(super) fn open_group(&mut self, key: GroupKey, progress: Progress) {
        let Some(group) = self.groups.get(&key) else { return };
        for slot in &mut self.table[group.slots.clone()] {
            if slot.state == StepState::Blocked {
                slot.state = StepState::Ready(progress);
            }
        }
        self.roomy.push(key);
    }

    /// The next slot of a group that may begin, if one may.
    pub(super) fn next_with_room(&mut self) -> Option<(SlotIndex, Progress)> {
        while let Some(key) = self.roomy.last() {
            if let Some(group) = self.groups.get_mut(key) {
                while group.active < group.limit && group.next < group.slots.end {
                    let slot = group.next;
                    group.next += 1;
                    // What has begun before comes back by itself.
                    if let StepState::Ready(progress @ Progress { attempt: 0, .. }) = self.table[slot].state {
                        return Some((slot, progress));
                    }
                }
            }
            self.roomy.pop();
        }
        None
    }

    /// Nothing more of any group begins.
    pub(super) fn close_groups(&mut self) {
        self.roomy.clear();
        for group in self.groups.values_mut() {
            group.next = group.slots.end;
        }
    }

    pub(super) fn find(&self, dag: &Dag, key: &StepKey) -> Option<SlotIndex> {
        let step = dag.index_of(key.name())?;
        let of_map = matches!(dag.steps()[step].kind, StepKind::Map { .. });
        let group = self.groups.get(&GroupKey { step, undo: key.is_undo() });
        match (key.is_undo(), key.index()) {
            (false, None) => Some(step),
            (true, None) if !of_map => group?.at(0),
            (_, Some(item)) if of_map => group?.at(item),
            _ => None,
        }
    }

    pub(super) fn key(&self, dag: &Dag, slot: SlotIndex) -> StepKey {
        let Slot { step, item, undo, .. } = &self.table[slot];
        let name = dag.steps()[*step].name.clone();
        let work = item.map_or_else(|| StepKey::new(name.clone()), |item| StepKey::item(name.clone(), item));
        if *undo { work.undoing() } else { work }
    }
}

impl StepState {
    /// Whether it has begun and not ended. What is ready to go on, after a wait or for another attempt, has begun.
    const fn is_under_way(&self) -> bool {
        match self {
            Self::Running(_) | Self::Waiting { .. } | Self::Retrying { .. } => true,
            Self::Ready(progress) => progress.attempt > 0,
            Self::Blocked | Self::Mapping | Self::Mapped | Self::Done(_) | Self::Skipped | Self::Failed => {
                false
            }
        }
    }
}
