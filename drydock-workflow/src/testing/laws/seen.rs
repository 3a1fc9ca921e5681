//! What a trial saw of its tasks: who they are, what was committed, and which bodies began.

use std::collections::{BTreeMap, BTreeSet};

use drydock_core::journal::{NewTask, TaskEnd, TaskEndKind, Write};
use drydock_core::{StepKey, TaskId, WorkflowId};

/// The history of one trial.
#[derive(Default)]
pub(super) struct Seen {
    /// Each task's place: `task` for the root, `task/step[index]` for a child.
    places: BTreeMap<TaskId, String>,
    workflows: BTreeMap<TaskId, WorkflowId>,
    /// How many checkpoints were committed for each step of each task.
    pub(super) checkpoints: BTreeMap<(String, String), usize>,
    /// The steps whose bodies began, or that started children.
    pub(super) begun: BTreeSet<(String, StepKey)>,
    /// The ends of tasks, by place, as text.
    pub(super) ends: BTreeMap<String, TaskEnd>,
}

impl Seen {
    pub(super) fn task(&mut self, task: &NewTask) {
        let place = match &task.parent {
            None => "task".to_owned(),
            Some(parent) => {
                let above = self.place(parent.task);
                let place = format!("{above}/{}[{}]", parent.step, parent.index);
                self.begun.insert((above, StepKey::new(parent.step.clone())));
                place
            }
        };
        self.places.insert(task.id, place);
        self.workflows.insert(task.id, task.workflow);
    }

    pub(super) fn place(&self, task: TaskId) -> String {
        self.places.get(&task).cloned().unwrap_or_else(|| task.to_string())
    }

    pub(super) fn workflow(&self, task: TaskId) -> Option<WorkflowId> {
        self.workflows.get(&task).copied()
    }

    pub(super) fn workflow_at(&self, place: &str) -> Option<WorkflowId> {
        let task = self.places.iter().find(|(_, known)| *known == place)?.0;
        self.workflow(*task)
    }

    pub(super) fn begins(&mut self, task: TaskId, step: StepKey) {
        let place = self.place(task);
        self.begun.insert((place, step));
    }

    pub(super) fn committed(&mut self, writes: &[Write]) {
        for write in writes {
            match write {
                Write::TaskStarted(task) | Write::TaskQueued(task) => self.task(task),
                Write::StepEnded(task, checkpoint) => {
                    let key = (self.place(*task), checkpoint.step.to_string());
                    *self.checkpoints.entry(key).or_default() += 1;
                }
                Write::TaskEnded(task, end) => {
                    let place = self.place(*task);
                    self.ends.insert(place, end.clone());
                }
                _ => {}
            }
        }
    }

    /// How the root ended, in words that are the same in every trial.
    pub(super) fn end(&self, end: &TaskEnd) -> String {
        let text = match &end.kind {
            TaskEndKind::Completed(output) => {
                format!("completed with {}", String::from_utf8_lossy(output.as_bytes()))
            }
            TaskEndKind::Failed(failure) => format!("failed: {}", failure.message),
            TaskEndKind::Cancelled(request) => format!("cancelled by {}", request.by),
        };
        self.places.iter().fold(text, |text, (id, place)| text.replace(&id.to_string(), place))
    }
}
