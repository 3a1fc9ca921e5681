//! A task with what was asked for besides: its descendants (`layers`), and their errors (`subtaskerrors`).

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use super::{ResultDocument, TaskDocument};
use crate::app::TaskTree;

/// The answer to `GET /tasks/{id}`: a task document, or with `layers` an object of task documents by id.
#[derive(Debug)]
pub(crate) struct TreeDocument {
    layers: Vec<Vec<TaskDocument>>,
    by_id: bool,
    errors: Option<Vec<(String, ResultDocument)>>,
    build_data: bool,
}

impl TreeDocument {
    /// `layers` as v1.0 counts: 0 for the task document alone, -1 for all. The tree must be whole if errors are wanted.
    pub(crate) fn of(tree: &TaskTree, layers: i64, errors: bool, build_data: bool) -> Self {
        let mut documents: Vec<Vec<_>> =
            tree.layers.iter().map(|layer| layer.iter().map(TaskDocument::of).collect()).collect();
        let errors = errors.then(|| errors_of(&documents));
        match layers {
            -1 => {}
            _ => documents.truncate(usize::try_from(layers).unwrap_or(1).max(1)),
        }
        Self { layers: documents, by_id: layers != 0, errors, build_data }
    }
}

/// The results of descendants with errors.
fn errors_of(layers: &[Vec<TaskDocument>]) -> Vec<(String, ResultDocument)> {
    let descendants = layers.iter().skip(1).flatten();
    let failed = descendants.filter(|task| task.result.details.error_count > 0);
    failed.map(|task| (task.task_id.clone(), task.result.clone())).collect()
}

impl Serialize for TreeDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut tasks = self.layers.iter().flatten();
        if self.by_id {
            if let Some(first) = self.layers.iter().flatten().next() {
                map.serialize_entry("init_task_id", &first.task_id)?;
            }
            for task in tasks {
                map.serialize_entry(&task.task_id, &with_build_data(task, self.build_data)?)?;
            }
        } else if let Some(task) = tasks.next() {
            for (key, value) in with_build_data(task, self.build_data)? {
                map.serialize_entry(&key, &value)?;
            }
        }
        if let Some(errors) = &self.errors {
            map.serialize_entry("subtask_errors", &error_map(errors)?)?;
        }
        map.end()
    }
}
