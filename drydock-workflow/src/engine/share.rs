//! Which children are started on their parent's instance at once, without the way through the queue: all, while it has little to do; beyond that,
//! of those that others could run too, only this instance's share; and never more than fit.

use drydock_core::{Fence, WorkflowId};

use super::actor::{Actor, Live};

/// Of an instance's capacity, this part is little to do: as long as others would not be of much help, a child that goes through the queue
/// only costs more.
const LITTLE: usize = 4;

impl Actor {
    /// How many of `count` children may be started here. Whoever starts a task has to know that nobody has it: so none, unless the
    /// parent is with its first owner and no step of it was begun anew. And none before it is known how many instances there are.
    pub(super) fn share(&self, parent: &Live, child: WorkflowId, count: u32) -> u32 {
        let first = parent.fence == Fence::FIRST && !parent.reopened;
        match self.rivals {
            Some(rivals) if first && !self.draining && self.workflows.contains_key(&child) => {
                let [fits, easily] =
                    [self.fits(), self.fits_easily()].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
                fits.min(easily.max(count.div_ceil(rivals.saturating_add(1)))).min(count)
            }
            Some(_) | None => 0,
        }
    }

    /// Whether what was queued is left to others until the next poll.
    pub(super) fn leaves_to_others(&self) -> bool {
        self.rivals.is_some_and(|rivals| rivals > 0) && self.fits_easily() == 0
    }

    /// How many more tasks can come before this instance has more than a little to do.
    fn fits_easily(&self) -> usize {
        let taken = self.options.capacity.saturating_sub(self.fits());
        (self.options.capacity / LITTLE).saturating_sub(taken)
    }
}
