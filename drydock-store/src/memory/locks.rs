//! Exclusive locks.

use drydock_core::journal::{JournalError, LockAnswer, LockClaim, Obstacle};
use drydock_core::{Epoch, Fence, TaskId, Timestamp};

use super::{Live, State};
use crate::batch::lock_names;

impl State {
    pub(super) fn lock(
        &mut self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError> {
        self.own(epoch, task)?;
        let names = lock_names(names);
        self.lock_queue.retain(|(name, of), _| *of != task || names.contains(name));
        let obstacles = self.obstacles(task, &names);
        if !obstacles.is_empty() {
            let live = &self.live;
            self.lock_queue.retain(|(name, of), _| !names.contains(name) || live.contains_key(of));
            for name in names {
                self.lock_queue.entry((name, task)).or_insert(at);
            }
            return Ok(LockAnswer::Refused(obstacles));
        }
        self.lock_queue.retain(|(_, of), _| *of != task);
        for name in names {
            if self.locks.get(&name).is_none_or(|(holder, _)| *holder != task) {
                self.locks.insert(name, (task, at));
            }
        }
        Ok(LockAnswer::Taken)
    }

    /// What is in the way of `task`. Tasks that have ended are not, whatever they left behind.
    pub(super) fn obstacles(&self, task: TaskId, names: &[String]) -> Vec<Obstacle> {
        let age = |task: TaskId| self.tasks.get(&task).map(|it| (it.created_at, task));
        let mut obstacles = Vec::new();
        for name in names {
            if let Some((holder, since)) = self.locks.get(name)
                && *holder != task
                && self.live.contains_key(holder)
            {
                let (lock, claim) = (name.clone(), LockClaim::Holds);
                obstacles.push(Obstacle { lock, task: *holder, claim, since: *since });
            }
            let queue = self.lock_queue.iter().filter(|((of, _), _)| of == name);
            let mut older: Vec<_> = queue
                .map(|((_, waiter), since)| (age(*waiter), *waiter, *since))
                .filter(|(waiting, waiter, _)| *waiting < age(task) && self.may_go_first(*waiter, task))
                .collect();
            older.sort_unstable();
            obstacles.extend(older.into_iter().map(|(_, waiter, since)| Obstacle {
                lock: name.clone(),
                task: waiter,
                claim: LockClaim::Waits,
                since,
            }));
        }
        obstacles
    }

    /// Whether a task in a queue could get what it waits for before `task` ends.
    fn may_go_first(&self, waiter: TaskId, task: TaskId) -> bool {
        let mut waits_for = self.lock_queue.keys().filter(|(_, of)| *of == waiter);
        self.live.get(&waiter).is_some_and(|live| live.pause.is_none())
            && !waits_for.any(|(name, _)| self.locks.get(name).is_some_and(|(holder, _)| *holder == task))
    }

    pub(super) fn unlock(&mut self, task: TaskId, decided: Option<Fence>) {
        let again = |live: &Live| decided.is_some_and(|decided| live.fence > decided);
        if self.live.get(&task).is_some_and(again) {
            return;
        }
        self.locks.retain(|_, (holder, _)| *holder != task);
        self.lock_queue.retain(|(_, waiter), _| *waiter != task);
    }
}
