//! Limits on how many steps, or tasks, are under way.

use drydock_core::journal::{Crowd, JournalError, SlotAnswer, SlotWish, TaskLimit};
use drydock_core::{Epoch, TaskId};

use super::State;
use crate::places::{Slots, Wish};

impl State {
    pub(super) fn take_slots(
        &mut self,
        epoch: Epoch,
        wishes: &[SlotWish],
    ) -> Result<Vec<SlotAnswer>, JournalError> {
        self.fence(epoch)?;
        let wishes = Wish::all(wishes)?;
        let owner = |task: &TaskId| self.live.get(task).and_then(|live| live.owner);
        let mut slots = Slots::default();
        slots.tasks.extend(Wish::tasks(&wishes).into_iter().filter(|task| owner(task) == Some(epoch)));
        for ((name, task, step), (holder, _)) in &self.slots {
            if owner(task) == Some(*holder) {
                *slots.taken.entry(name.clone()).or_default() += 1;
            }
            if *holder == epoch {
                slots.own.insert((name.clone(), *task, step.clone()));
            }
        }
        let (answers, granted) = slots.grant(&wishes);
        for (slot, ticket) in granted {
            let taken = self.slots.entry(slot).or_insert((epoch, ticket));
            *taken = (epoch, if taken.0 == epoch { taken.1.max(ticket) } else { ticket });
        }
        Ok(answers)
    }

    /// The tasks that have a place under `limit`, the first that were asked for first.
    pub(super) fn crowd(&self, limit: Option<&TaskLimit>) -> Crowd {
        let Some(limit) = limit else { return Crowd::default() };
        let owned = self.live.iter().filter(|(_, live)| live.owner.is_some());
        let tasks = owned.filter_map(|(id, _)| self.tasks.get(id));
        let mut under: Vec<_> = tasks
            .filter(|task| task.limit.as_ref().is_some_and(|it| it.name == limit.name))
            .map(|task| (task.created_at, task.id))
            .collect();
        under.sort_unstable();
        let some = under.iter().take(Crowd::SHOWN).map(|(_, id)| *id).collect();
        Crowd { size: u64::try_from(under.len()).unwrap_or(u64::MAX), some }
    }

    /// The check that an instance passes first that acts for one of its tasks.
    pub(super) fn own(&self, epoch: Epoch, task: TaskId) -> Result<(), JournalError> {
        self.fence(epoch)?;
        let owns = self.live.get(&task).is_some_and(|live| live.owner == Some(epoch));
        if owns { Ok(()) } else { Err(JournalError::Fenced { epoch }) }
    }
}
