//! The switch by which a test makes the emulated MAAS misbehave.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaasFault {
    /// It is not carried out, and answered with this status.
    Status(u16),
    /// It is not carried out, and not answered.
    Hang,
    /// It is not carried out, and its connection is closed.
    DropConnection,
    /// It is carried out; then its connection is closed.
    LoseAnswer,
}

/// Which requests go wrong. Cheap to clone: clones share the plan.
#[derive(Debug, Clone, Default)]
pub struct MaasFaults {
    plan: Arc<Mutex<Plan>>,
}

/// What happens to the coming requests; `None` lets them pass.
type Plan = VecDeque<(Option<MaasFault>, usize)>;

impl MaasFaults {
    /// The next `count` requests, after those planned before, go wrong in this way.
    pub fn next(&self, count: usize, fault: MaasFault) {
        self.lock().push_back((Some(fault), count));
    }

    /// The next `count` requests, after those planned before, go well.
    pub fn pass(&self, count: usize) {
        self.lock().push_back((None, count));
    }

    /// All goes well from now on.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The fault of the request that has just come in.
    pub(super) fn take(&self) -> Option<MaasFault> {
        let mut plan = self.lock();
        while let Some((fault, count)) = plan.front_mut() {
            if *count > 0 {
                *count -= 1;
                return *fault;
            }
            plan.pop_front();
        }
        None
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
