//! Children that are started: one after the other as their step's rollout says, and none once too many have failed.

use drydock_core::TaskId;
use drydock_core::journal::{NewTask, Parent, TaskEndKind};

use super::{Oracle, Rule};
use crate::dag::Rollout;

impl Oracle {
    /// A child is started that was not there before.
    pub(super) fn child_starts(&mut self, child: &NewTask) {
        let Some(parent) = &child.parent else { return };
        let Some(wrong) = self.wrong_with_start(parent) else { return };
        let label = self.label(parent.task);
        self.breach(
            Rule::Rollout,
            format!("child {} of {} of {label} starts {wrong}", parent.index, parent.step),
        );
    }

    fn wrong_with_start(&self, parent: &Parent) -> Option<String> {
        let task = self.tasks.get(&parent.task)?;
        let ends = self.ends_of(task)?;
        let step = ends.step(&parent.step)?;
        let rollout = &step.rollout;
        let total = u32::try_from(ends.input_length(step)?).ok()?;
        let begin = wave_begin(rollout, parent.index, total);
        let before = || {
            let name = parent.step.as_str();
            task.children.iter().filter(move |((of, _), _)| of == name)
        };
        let open = before().filter(|(_, child)| self.how_ended(**child).is_none()).count();
        let early =
            before().filter(|((_, index), child)| *index < begin && self.how_ended(**child).is_none());
        if let Some(((_, index), _)) = early.min_by_key(|((_, index), _)| *index) {
            return Some(format!("before child {index} of an earlier wave has ended"));
        }
        if let Some(most) = rollout.at_once
            && u32::try_from(open).is_ok_and(|open| open >= most)
        {
            return Some(format!("although {open} are under way, and {most} may be"));
        }
        let allowed = rollout.allowed_failures()?;
        let failed = |within: u32| {
            let failed = before().filter(|((_, index), child)| {
                *index < within && self.how_ended(**child).is_some_and(|completed| !completed)
            });
            u32::try_from(failed.count()).unwrap_or(u32::MAX)
        };
        // Of those that were under way when it was decided, some may have ended since; of earlier waves, all had before.
        let unseen = rollout.at_once.unwrap_or(u32::MAX).saturating_sub(1);
        let failures = failed(u32::MAX);
        if failed(begin) > allowed || failures > allowed.saturating_add(unseen) {
            return Some(format!("although {failures} failed, and {allowed} may"));
        }
        None
    }

    /// Whether a child that has ended completed.
    fn how_ended(&self, child: TaskId) -> Option<bool> {
        let end = self.tasks.get(&child)?.end.as_ref()?;
        Some(matches!(end.kind, TaskEndKind::Completed(_)))
    }
}

/// The first child of the wave that `index` is in.
fn wave_begin(rollout: &Rollout, index: u32, total: u32) -> u32 {
    let mut begin = 0;
    loop {
        let end = rollout.wave_end(begin, total);
        if end > index || end <= begin {
            return begin;
        }
        begin = end;
    }
}
