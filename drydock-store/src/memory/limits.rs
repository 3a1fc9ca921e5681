//! Limits on how many steps are under way.

use drydock_core::journal::JournalError;
use drydock_core::{Epoch, StepKey, TaskId};

use super::State;
use crate::batch::limits;

impl State {
    pub(super) fn take_slots(
        &mut self,
        epoch: Epoch,
        task: TaskId,
        step: &StepKey,
        asked: &[(String, u32)],
    ) -> Result<bool, JournalError> {
        self.own(epoch, task)?;
        let asked = limits(asked);
        for (name, capacity) in &asked {
            let held = self.slots.get(&(name.clone(), task, step.clone())) == Some(&epoch);
            let of_live = |(of, task, _): &(String, TaskId, StepKey), epoch: &Epoch| {
                of == name && self.live.get(task).is_some_and(|live| live.owner == Some(*epoch))
            };
            let taken = self.slots.iter().filter(|(slot, epoch)| of_live(slot, epoch)).count();
            if !held && u32::try_from(taken).is_ok_and(|taken| taken >= *capacity) {
                return Ok(false);
            }
        }
        for name in asked.into_keys() {
            self.slots.insert((name, task, step.clone()), epoch);
        }
        Ok(true)
    }

    /// The check that an instance passes first that acts for one of its tasks.
    pub(super) fn own(&self, epoch: Epoch, task: TaskId) -> Result<(), JournalError> {
        self.fence(epoch)?;
        let owns = self.live.get(&task).is_some_and(|live| live.owner == Some(epoch));
        if owns { Ok(()) } else { Err(JournalError::Fenced { epoch }) }
    }
}
