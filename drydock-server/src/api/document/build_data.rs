//! Build data: v1.0's word for the facts that tasks found out about nodes. Pure.

use drydock_store::repo::FoundFact;
use serde::{Deserialize, Serialize};

use super::python_time;

/// What one task found out about a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildDataDocument {
    /// The node.
    pub node_name: String,
    /// The task that found it out.
    pub task_id: String,
    /// When.
    pub collected_date: String,
    /// What made the data, for instance `lshw`.
    pub generator: String,
    /// How to read the data: a media type.
    pub data_format: String,
    /// The data. What is no UTF-8 in it is replaced, as in v1.0.
    pub data_element: String,
}

impl BuildDataDocument {
    /// The document of a fact about a node.
    pub(crate) fn of(found: &FoundFact) -> Self {
        let fact = &found.record.fact;
        Self {
            node_name: fact.subject.name.clone(),
            task_id: found.task.to_string(),
            collected_date: python_time(found.record.at),
            generator: fact.generator.clone(),
            data_format: fact.format.clone(),
            data_element: String::from_utf8_lossy(fact.data.as_bytes()).into_owned(),
        }
    }
}
