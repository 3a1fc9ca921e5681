//! How the owner of a task hears of what others did.

use drydock_core::journal::{Child, News, Parent, Request};
use drydock_core::{Epoch, StepName, TaskId};

use super::{Live, State};

impl State {
    pub(super) fn news(&self, epoch: Epoch, parents: &[TaskId]) -> News {
        let told = |of: fn(&Live) -> &Option<Request>| {
            let owned = self.live.iter().filter(|(_, live)| live.owner == Some(epoch));
            owned.filter_map(|(id, live)| Some((*id, of(live).clone()?))).collect()
        };
        let (cancelled, paused) = (told(|live| &live.cancellation), told(|live| &live.pause));
        let mut open_children = Vec::new();
        let mut parents = parents.to_vec();
        parents.sort_unstable();
        parents.dedup();
        for parent in parents {
            let open = self.children(parent).filter(|child| self.live.contains_key(child)).count();
            if let Ok(open @ 1..) = u64::try_from(open) {
                open_children.push((parent, open));
            }
        }
        News { cancelled, paused, signals: self.untaken(epoch), open_children, unreadable: Vec::new() }
    }

    pub(super) fn child_list(&self, parent: TaskId, step: &StepName) -> Vec<Child> {
        let mut children: Vec<Child> = Vec::new();
        for task in self.tasks.values() {
            if let Some(of) = &task.parent
                && (of.task, &of.step) == (parent, step)
            {
                let end = self.ends.get(&task.id).map(|ended| ended.end.clone());
                children.push(Child { index: of.index, task: task.id, end });
            }
        }
        children.sort_by_key(|child| (child.index, child.task));
        children
    }

    pub(super) fn children(&self, parent: TaskId) -> impl Iterator<Item = TaskId> {
        let is_child = move |of: &Parent| of.task == parent;
        self.tasks.values().filter(move |task| task.parent.as_ref().is_some_and(is_child)).map(|task| task.id)
    }
}
