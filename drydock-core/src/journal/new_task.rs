//! Tasks to be: what is known when one is asked for.

use std::collections::BTreeMap;

use crate::{Payload, StepName, TaskId, Timestamp, WorkflowId};

/// Whose child a task is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Parent {
    /// The parent.
    pub task: TaskId,
    /// The parent's step that started the child.
    pub step: StepName,
    /// The child's place in the list over which the step runs.
    pub index: u32,
}

/// A limit on how many tasks are under way together, over all instances. A task under it is claimed only while there is a
/// place, and has that from its claim to its end, also while it waits; one that is queued again has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaskLimit {
    /// Tasks with one name share the places: a workflow's own name, unless it says otherwise. A NUL in it is stored as U+FFFD.
    pub name: String,
    /// How many there are. Where tasks of one name differ in this, each goes by its own number, and none overtakes another.
    pub places: u32,
}

/// A task to be. Made with [`new`](Self::new); what is special about it is added by the methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its id, chosen by whoever starts it.
    pub id: TaskId,
    /// Its parent, if it is a child.
    pub parent: Option<Parent>,
    /// The workflow it runs.
    pub workflow: WorkflowId,
    /// Its input.
    pub input: Payload,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// What makes asking for it repeatable: of all tasks with one key only the first is. A NUL in it is stored as U+FFFD.
    pub key: Option<String>,
    /// Tasks of greater priority are claimed first.
    pub priority: i16,
    /// By which it is found, names and values. A NUL in them is stored as U+FFFD.
    pub labels: BTreeMap<String, String>,
    /// What bounds how many of its like are under way together.
    pub limit: Option<TaskLimit>,
}

impl NewTask {
    /// A task with no parent, no key, no labels and no limit, of priority 0.
    #[must_use = "a task is a value"]
    pub const fn new(id: TaskId, workflow: WorkflowId, input: Payload, created_at: Timestamp) -> Self {
        Self {
            id,
            parent: None,
            workflow,
            input,
            created_at,
            key: None,
            priority: 0,
            labels: BTreeMap::new(),
            limit: None,
        }
    }

    /// The same as a child.
    #[must_use]
    pub fn child_of(self, parent: Parent) -> Self {
        Self { parent: Some(parent), ..self }
    }

    /// The same under a key.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// The same with a priority.
    #[must_use]
    pub fn priority(self, priority: i16) -> Self {
        Self { priority, ..self }
    }

    /// The same under a limit, or under none.
    #[must_use]
    pub fn limit(self, limit: impl Into<Option<TaskLimit>>) -> Self {
        Self { limit: limit.into(), ..self }
    }

    /// The same with one more label.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }
}
