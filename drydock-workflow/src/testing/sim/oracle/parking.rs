//! Tasks that sleep: let go with nothing under way, and given to nobody before something wakes them.

use drydock_core::journal::Parking;
use drydock_core::{Epoch, TaskId};

use super::{Oracle, Rule, Task};

impl Oracle {
    /// An instance lets a task go. From others, and by an older claim, the store takes no notice.
    pub(super) fn parked(&mut self, epoch: Epoch, id: TaskId, parking: &Parking) {
        let label = self.label(id);
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let claim = task.given.keys().next_back();
        if task.owner != Some(epoch) || task.end.is_some() || claim != Some(&parking.fence) {
            return;
        }
        let seen = u64::try_from(task.sent.len()).is_ok_and(|sent| sent == parking.signals);
        let awake = !seen || task.cancelled || task.paused;
        task.owner = None;
        task.settled = !parking.doubt;
        task.asleep = (!awake).then_some(parking.wake_at);
        let running: Vec<String> = task.bodies.iter().map(|body| body.step.to_string()).collect();
        self.tally.parked += 1;
        self.note(|| {
            let how = if awake { ", and is queued again" } else { "" };
            format!("epoch {epoch} lets {label} sleep{how}")
        });
        if !running.is_empty() && !self.thawing && self.paused.is_empty() {
            let what = format!("{label} sleeps while bodies of {} run", running.join(", "));
            self.breach(Rule::Asleep, what);
        }
    }

    /// A task was given to an instance; whether that is told that it was begun before.
    pub(super) fn awakened(&mut self, id: TaskId) -> bool {
        let Some(task) = self.tasks.get_mut(&id) else { return false };
        let settled = std::mem::replace(&mut task.settled, false);
        let resumed = std::mem::replace(&mut task.started, true) && !settled;
        // When a time has come is for the clock of the instance to say.
        if task.asleep.take() == Some(None) {
            let what = format!("{} was given out although nothing has woken it", task.label);
            self.breach(Rule::Asleep, what);
        }
        resumed
    }
}

impl Task {
    /// Whether it waits for an instance.
    pub(super) const fn is_queued(&self) -> bool {
        self.owner.is_none() && self.end.is_none() && self.asleep.is_none()
    }
}
