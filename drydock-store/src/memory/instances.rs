//! Joining, renewing and retiring.

use std::time::Duration;

use drydock_core::journal::{InstanceBeat, JournalError, Offers};
use drydock_core::{Epoch, InstanceName};

use super::{Instance, State};

impl State {
    pub(super) fn join(&mut self, name: &InstanceName, lease: Duration, offers: &Offers) -> Epoch {
        let earlier: Vec<Epoch> = self
            .instances
            .iter()
            .filter(|(_, it)| it.alive && it.name == *name)
            .map(|(epoch, _)| *epoch)
            .collect();
        for epoch in earlier {
            self.leave(epoch);
        }
        let epoch = Epoch::new(self.instances.keys().next_back().map_or(0, |last| last.get()) + 1);
        self.instances.insert(
            epoch,
            Instance {
                name: name.clone(),
                // To the millisecond, as it is stored elsewhere.
                lease: Duration::from_millis(u64::try_from(lease.as_millis()).unwrap_or(u64::MAX)),
                offers: offers.clone(),
                beat: 0,
                alive: true,
            },
        );
        epoch
    }

    pub(super) fn renew(&mut self, epoch: Epoch) -> Result<(), JournalError> {
        self.fence(epoch)?;
        if let Some(instance) = self.instances.get_mut(&epoch) {
            instance.beat += 1;
        }
        Ok(())
    }

    pub(super) fn beats(&self) -> Vec<InstanceBeat> {
        let alive = self.instances.iter().filter(|(_, instance)| instance.alive);
        alive
            .map(|(epoch, it)| InstanceBeat {
                epoch: *epoch,
                name: it.name.clone(),
                beat: it.beat,
                lease: it.lease,
                offers: it.offers.clone(),
            })
            .collect()
    }

    pub(super) fn retire(&mut self, epoch: Epoch, beat: i64) -> bool {
        let stands_still = self.instances.get(&epoch).is_some_and(|it| it.alive && it.beat == beat);
        if stands_still {
            self.leave(epoch);
        }
        stands_still
    }

    pub(super) fn leave(&mut self, epoch: Epoch) {
        if let Some(instance) = self.instances.get_mut(&epoch) {
            instance.alive = false;
        }
        self.slots.retain(|_, (holder, _)| *holder != epoch);
        for live in self.live.values_mut().filter(|live| live.owner == Some(epoch)) {
            live.owner = None;
        }
    }
}
