//! A task with what was asked for besides: its descendants (`layers`), and their errors (`subtaskerrors`). Pure.

use drydock_store::repo::TaskRecord;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{BuildDataDocument, SubtaskErrors, TaskDocument};
use crate::app::TaskTree;

/// What `GET /tasks/{id}` was asked for, in v1.0's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    /// 0: the task document alone. Otherwise documents by id: 1 for the task, 2 with its children …; -1 for all.
    pub(crate) layers: i64,
    /// The errors of all descendants.
    pub(crate) errors: bool,
    /// What was collected from the nodes.
    pub(crate) build_data: bool,
}

/// The answer to `GET /tasks/{id}`.
#[derive(Debug)]
pub(crate) enum TreeDocument {
    /// A task document.
    One(Box<TaskDocument>),
    /// Task documents by id.
    Layers {
        /// From the task that was asked for downwards.
        tasks: Vec<TaskDocument>,
        errors: Option<SubtaskErrors>,
    },
}

impl Wanted {
    /// How many layers of the tree must be read; all when `None`.
    pub(crate) fn depth(self) -> Option<usize> {
        if self.errors || self.layers == -1 { None } else { Some(self.shown()) }
    }

    /// How many layers of it are shown.
    pub(crate) fn shown(self) -> usize {
        if self.layers == -1 { usize::MAX } else { usize::try_from(self.layers).unwrap_or(0).max(1) }
    }
}

impl TreeDocument {
    pub(crate) fn of(tree: &TaskTree, wanted: Wanted) -> Self {
        let document = |task: &TaskRecord| {
            let build_data = wanted.build_data.then(|| {
                let found = tree.facts.iter().filter(|found| found.task == task.id);
                found.map(BuildDataDocument::of).collect()
            });
            TaskDocument { build_data, ..TaskDocument::of(task) }
        };
        let errors = wanted.errors.then(|| errors_of(tree));
        let mut tasks: Vec<_> = tree.layers.iter().take(wanted.shown()).flatten().map(document).collect();
        if wanted.layers == 0 {
            let task = tasks.swap_remove(0);
            return Self::One(Box::new(TaskDocument { subtask_errors: errors, ..task }));
        }
        Self::Layers { tasks, errors }
    }
}

/// The results of the descendants with errors.
fn errors_of(tree: &TaskTree) -> SubtaskErrors {
    let descendants = tree.layers.iter().skip(1).flatten().map(TaskDocument::of);
    let failed = descendants.filter(|task| task.result.details.error_count > 0);
    failed
        .map(|mut task| {
            task.result.task_id = Some(task.task_id.clone());
            (task.task_id, task.result)
        })
        .collect()
}

impl Serialize for TreeDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (tasks, errors) = match self {
            Self::One(task) => return task.serialize(serializer),
            Self::Layers { tasks, errors } => (tasks, errors),
        };
        let mut map = serializer.serialize_map(None)?;
        if let Some(first) = tasks.first() {
            map.serialize_entry("init_task_id", &first.task_id)?;
        }
        for task in tasks {
            map.serialize_entry(&task.task_id, task)?;
        }
        if let Some(errors) = errors {
            map.serialize_entry("subtask_errors", errors)?;
        }
        map.end()
    }
}
