//! The switch by which a test makes the emulated MAAS misbehave.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::Uri;

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

#[derive(Debug, Default)]
struct Plan {
    /// What happens to the coming requests; `None` lets them pass.
    next: VecDeque<(Option<MaasFault>, usize)>,
    /// What happens to all requests whose path or query has such a part.
    at: Vec<(String, MaasFault)>,
}

impl MaasFaults {
    /// The next `count` requests, after those planned before, go wrong in this way.
    pub fn next(&self, count: usize, fault: MaasFault) {
        self.lock().next.push_back((Some(fault), count));
    }

    /// The next `count` requests, after those planned before, go well.
    pub fn pass(&self, count: usize) {
        self.lock().next.push_back((None, count));
    }

    /// All requests whose path or query has this part, such as `op=deploy`, go wrong in this way.
    pub fn at(&self, part: impl Into<String>, fault: MaasFault) {
        self.lock().at.push((part.into(), fault));
    }

    /// All goes well from now on.
    pub fn clear(&self) {
        *self.lock() = Plan::default();
    }

    /// The fault of the request that has just come in.
    pub(super) fn take(&self, uri: &Uri) -> Option<MaasFault> {
        let mut plan = self.lock();
        let uri = uri.to_string();
        if let Some((_, fault)) = plan.at.iter().find(|(part, _)| uri.contains(part.as_str())) {
            return Some(*fault);
        }
        while let Some((fault, count)) = plan.next.front_mut() {
            if *count > 0 {
                *count -= 1;
                return *fault;
            }
            plan.next.pop_front();
        }
        None
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
