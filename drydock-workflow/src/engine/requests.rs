//! What users of the engine ask of the actor: to start tasks, and to tell of their ends. And how many tasks there is room for.

use drydock_core::TaskId;
use drydock_core::journal::{NewTask, TaskEnd, Write};
use tokio::sync::oneshot;
use tracing::Span;

use super::EngineError;
use super::actor::{Actor, Starting, answer};
use super::message::Request;
use crate::run::Run;

impl Actor {
    pub(super) fn on_request(&mut self, request: Request) {
        match request {
            Request::Submit { task, origin, reply } => self.on_submit(task, Starting { origin, reply }),
            Request::Carry { task, carried, reply } => self.on_carry(task, carried, reply),
            Request::Watch { task, reply } => {
                if self.lives.contains_key(&task) {
                    self.watch(task, reply);
                } else {
                    answer(reply, None);
                }
            }
            Request::Await { task, reply } => self.watch(task, reply),
            Request::Look => self.look(),
            Request::Drain => self.on_drain(),
        }
    }

    fn on_submit(&mut self, task: NewTask, starting: Starting) {
        if self.draining {
            answer(starting.reply, Err(EngineError::Draining));
            return;
        }
        // Under a limit it has to be claimed, for only the store knows whether there is a place.
        let here = task.limit.is_none() && self.fits() > 0 && self.workflows.contains_key(&task.workflow);
        self.starting.insert(task.id, starting);
        self.writes.push(if here { Write::TaskStarted(task) } else { Write::TaskQueued(task) });
    }

    /// Queues a task and its first records in one commit: whoever claims it finds them.
    fn on_carry(
        &mut self,
        task: NewTask,
        carried: Vec<Write>,
        reply: oneshot::Sender<Result<(), EngineError>>,
    ) {
        if self.draining {
            answer(reply, Err(EngineError::Draining));
            return;
        }
        self.starting.insert(task.id, Starting { origin: Span::none(), reply });
        self.writes.push(Write::TaskQueued(task));
        self.writes.extend(carried);
    }

    /// How many more tasks fit, whatever those that are here do.
    pub(super) fn fits(&self) -> usize {
        self.options.capacity.saturating_sub(self.lives.len() + self.coming())
    }

    fn coming(&self) -> usize {
        self.starting.len() + self.spawning + self.claiming
    }

    /// How many more tasks fit. Tasks that only wait for their children take no room, or these might find none; nor do those that
    /// wait for locks, which others may have to be taken to give back, and those that are stuck. They are counted only when that
    /// makes a difference, and not for each task that is started: that is queued then, and claimed if there is room after all.
    pub(super) fn room(&self) -> usize {
        let fits = self.fits();
        if fits > 0 {
            return fits;
        }
        let takes_none = |run: &Run| run.awaits_children() || run.awaits_locks() || run.is_stuck();
        let idle = self.lives.values().filter(|live| takes_none(&live.run)).count();
        self.options.capacity.saturating_sub(self.lives.len() - idle + self.coming())
    }

    fn watch(&mut self, task: TaskId, reply: oneshot::Sender<Option<TaskEnd>>) {
        let watchers = self.watchers.entry(task).or_default();
        watchers.retain(|watcher| !watcher.is_closed());
        watchers.push(reply);
    }

    /// Forgets those who wait no more for tasks that may never come here.
    pub(super) fn forget_watchers(&mut self) {
        self.watchers.retain(|_, watchers| watchers.iter().any(|watcher| !watcher.is_closed()));
    }

    pub(super) fn tell_watchers(&mut self, task: TaskId, end: &TaskEnd) {
        for watcher in self.watchers.remove(&task).unwrap_or_default() {
            answer(watcher, Some(end.clone()));
        }
    }
}
