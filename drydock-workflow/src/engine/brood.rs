//! The children of a step that has not ended, as the instance knows them that leads them.

use drydock_core::Payload;
use drydock_core::journal::{Child, TaskEnd, TaskEndKind};
use serde::{Deserialize, Serialize};

use crate::run::Children;

/// The children of a step that has not ended.
pub(super) struct Brood {
    pub(super) children: Children,
    /// What each of them is fed with.
    pub(super) items: Vec<Payload>,
    /// Whether the ends that there were at a takeover have been read.
    pub(super) known: bool,
    /// Whether the start of some is under way: nobody but this instance knows them yet.
    pub(super) starting: bool,
    /// Whether those that are not needed any more have been told.
    pub(super) cancelled: bool,
    kept: Option<Kept>,
}

/// At least so many bytes say in the step's output which child gave what, beside what it gave.
const ENVELOPE: usize = 64;

/// How children ended that this instance had, as long as all completed: such an end is for good, and need not be read again.
#[derive(Default)]
struct Kept {
    ends: Vec<Child>,
    /// At least so many bytes they come to in the step's output.
    weight: usize,
}

/// How many children were started, as their step's wait record keeps it. All were, when it keeps nothing.
#[derive(Serialize, Deserialize)]
pub(super) struct Started {
    pub(super) started: u32,
}

impl Brood {
    /// Of a step that begins.
    pub(super) fn new(items: Vec<Payload>) -> Self {
        let children = Children::new(count(&items), 0);
        let kept = Some(Kept::default());
        Self { children, items, known: true, starting: false, cancelled: false, kept }
    }

    /// Of a step that was taken over.
    pub(super) fn found(items: Vec<Payload>, started: Option<Started>) -> Self {
        let total = count(&items);
        let children = Children::new(total, started.map_or(total, |it| it.started));
        Self { children, items, known: false, starting: false, cancelled: false, kept: None }
    }

    /// Keeps how a child ended. What comes to more than `limit` bytes cannot be the output of the step.
    pub(super) fn keep(&mut self, child: Child, limit: usize) {
        let Some(kept) = &mut self.kept else { return };
        if let Some(TaskEnd { kind: TaskEndKind::Completed(output), .. }) = &child.end
            && kept.weight <= limit
        {
            kept.weight += output.len() + ENVELOPE;
            kept.ends.push(child);
        } else {
            self.kept = None;
        }
    }

    /// How all children ended that did, if this was kept.
    pub(super) fn all_kept(&mut self) -> Option<Vec<Child>> {
        let ended = self.children.ended();
        self.kept.take().map(|kept| kept.ends).filter(|ends| u32::try_from(ends.len()) == Ok(ended))
    }
}

fn count(items: &[Payload]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}
