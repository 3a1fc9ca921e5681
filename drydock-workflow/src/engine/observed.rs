//! What an instance shows of itself: the state that is looked at now and then, and the span of each task's run.

use drydock_core::TaskId;

use super::actor::{Actor, Live};
use crate::observe::{self, number};

impl Actor {
    /// Shows how full everything is: with each batch, and with each poll.
    pub(super) fn measure(&self) {
        let meters = &self.ports.meters;
        meters.writes_waiting.set(number(self.writes.len()));
        meters.tasks_live.set(number(self.lives.len()));
        meters.bodies_running.set(number(self.spawned.len() + self.crew.waiting()));
        meters.locks_waiting.set(number(self.locks_wanted.len()));
        meters.slots_waiting.set(number(self.slots.waiting()));
    }

    /// Shows how many requests wait, and whether they are left to wait because the store does not keep up.
    pub(super) fn measure_requests(&self, waiting: usize) {
        self.ports.meters.requests_waiting.set(number(waiting));
        if self.writes.len() >= self.options.inbox {
            self.ports.meters.requests_held.increment(1);
        }
    }

    /// A task is taken in: its run begins here, or goes on here.
    pub(super) fn trace(&self, task: TaskId, live: Live, resumed: bool) -> Live {
        live.workflow.meters.taken(resumed);
        let parent = live.parent.as_ref().map(|parent| parent.task);
        let workflow = live.workflow.dag.definition().name.as_str();
        let claim = (self.epoch, live.fence);
        let span = observe::of_run(task, parent, workflow, claim, resumed, &live.span);
        Live { span, ..live }
    }
}
