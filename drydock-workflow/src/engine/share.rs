//! Which children are started on their parent's instance at once, without the way through the queue: as many as fit, but of those that
//! others could run too, only this instance's share.

use drydock_core::{Fence, WorkflowId};

use super::actor::{Actor, Live};

impl Actor {
    /// How many of `count` children may be started here. Whoever starts a task has to know that nobody has it: so none, unless the
    /// parent is with its first owner and no step of it was begun anew. And none before it is known how many instances there are.
    pub(super) fn share(&self, parent: &Live, child: WorkflowId, count: u32) -> u32 {
        let first = parent.fence == Fence::FIRST && !parent.reopened;
        match self.rivals {
            Some(rivals) if first && !self.draining && self.workflows.contains_key(&child) => {
                let fits = u32::try_from(self.fits()).unwrap_or(u32::MAX);
                fits.min(count.div_ceil(rivals.saturating_add(1)))
            }
            Some(_) | None => 0,
        }
    }
}
