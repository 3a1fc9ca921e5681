//! What a trial saw of its tasks: who they are, what was committed, and which bodies began.

use std::collections::{BTreeMap, BTreeSet};

use drydock_core::journal::{Checkpoint, NewTask, TaskEnd, TaskEndKind, Write};
use drydock_core::{Payload, StepKey, TaskId, WorkflowId};

use crate::dag::Definition;
use crate::testing::records::Ends;

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
    /// How the steps ended, by place.
    pub(super) steps: BTreeMap<String, BTreeMap<StepKey, Checkpoint>>,
    /// All that was committed about steps that had not ended, by place.
    pub(super) on_the_way: BTreeMap<String, Vec<Write>>,
    /// The inputs of tasks, by place.
    pub(super) inputs: BTreeMap<String, Payload>,
    /// The tasks whose end was asked for, by place.
    cancelled: BTreeSet<String>,
    /// What was out of order when it began.
    pub(super) wrong: Vec<String>,
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
        self.inputs.insert(place.clone(), task.input.clone());
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

    pub(super) fn begins(&mut self, task: TaskId, definition: Option<&Definition>, step: StepKey) {
        let place = self.place(task);
        let wrong = definition.and_then(|definition| {
            self.ends(&place, definition).may_begin(&step, self.is_cancelled(&place), &[])
        });
        self.wrong.extend(wrong.map(|(_, what)| format!("in {place}, {what}")));
        self.begun.insert((place, step));
    }

    pub(super) fn committed(&mut self, writes: &[Write]) {
        for write in writes {
            match write {
                Write::TaskStarted(task) | Write::TaskQueued(task) => self.task(task),
                Write::StepEnded(task, checkpoint) => {
                    let key = (self.place(*task), checkpoint.step.to_string());
                    let steps = self.steps.entry(key.0.clone()).or_default();
                    steps.insert(checkpoint.step.clone(), checkpoint.clone());
                    *self.checkpoints.entry(key).or_default() += 1;
                }
                Write::TaskEnded(task, _, end) => {
                    let place = self.place(*task);
                    self.ends.insert(place, end.clone());
                }
                Write::AttemptFailed(task, _) | Write::StepWaits(task, _) => {
                    self.on_the_way.entry(self.place(*task)).or_default().push(write.clone());
                }
                _ => {}
            }
        }
    }

    pub(super) fn cancelled(&mut self, task: TaskId) {
        self.cancelled.insert(self.place(task));
    }

    /// Whether the end of a task, or of one above it, was asked for.
    fn is_cancelled(&self, place: &str) -> bool {
        let above = |above: &String| place.strip_prefix(above.as_str());
        self.cancelled.iter().filter_map(above).any(|below| below.is_empty() || below.starts_with('/'))
    }

    /// How far the task at `place` is.
    pub(super) fn ends<'a>(&'a self, place: &str, definition: &'a Definition) -> Ends<'a> {
        static NULL: Payload = Payload::NULL;
        static NONE: BTreeMap<StepKey, Checkpoint> = BTreeMap::new();
        Ends {
            definition,
            input: self.inputs.get(place).unwrap_or(&NULL),
            by_key: self.steps.get(place).unwrap_or(&NONE),
            accepted: self.on_the_way.get(place).map_or(&[], Vec::as_slice),
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
