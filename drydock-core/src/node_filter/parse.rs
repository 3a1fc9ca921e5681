//! Reads a node filter from the v1.0 API's JSON, telling everything that is wrong with it at once.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::problem::{FieldProblem, below, kind};
use super::{Combine, NodeFilter, NodeSet};

/// Reads the filter at `path`. Unknown keys are passed over, as v1.0 does; null is as good as absent.
pub(super) fn filter(value: &Value, path: &str) -> Result<NodeFilter, Vec<FieldProblem>> {
    let mut reader = Reader { problems: Vec::new() };
    let filter = reader.filter(value, path);
    match filter {
        Some(filter) if reader.problems.is_empty() => Ok(filter),
        _ => Err(reader.problems),
    }
}

struct Reader {
    problems: Vec<FieldProblem>,
}

impl Reader {
    fn problem(&mut self, path: &str, text: impl Into<String>) {
        self.problems.push(FieldProblem::new(path, text));
    }

    fn filter(&mut self, value: &Value, path: &str) -> Option<NodeFilter> {
        let object = self.object(value, path)?;
        let combine = self.combine(object, path, "filter_set_type");
        let set_path = below(path, "filter_set");
        let entries = match object.get("filter_set") {
            Some(Value::Array(entries)) if !entries.is_empty() => entries,
            None | Some(Value::Null | Value::Array(_)) => {
                self.problem(
                    &set_path,
                    "has no entries: write at least one, or leave the whole filter out to mean all nodes",
                );
                return None;
            }
            Some(other) => {
                self.problem(&set_path, format!("must be an array of objects, and is {}", kind(other)));
                return None;
            }
        };
        let mut sets = Vec::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            sets.extend(self.set(entry, &format!("{set_path}[{index}]")));
        }
        let combine = combine?;
        self.neutral_entries(combine, &sets, &set_path);
        Some(NodeFilter { filter_set_type: combine, filter_set: sets })
    }

    /// An intersection without criteria leaves its partners of an intersection as they are. Anywhere else it means
    /// nothing.
    fn neutral_entries(&mut self, combine: Combine, sets: &[NodeSet], path: &str) {
        const ADVICE: &str = "an intersection of no criteria selects no definite nodes: give it node_names, node_tags, \
                              node_labels, rack_names or rack_labels that are not empty";
        match combine {
            Combine::Intersection if sets.iter().all(NodeSet::is_neutral) && !sets.is_empty() => {
                self.problem(path, ADVICE);
            }
            Combine::Intersection => {}
            Combine::Union => {
                for (index, _) in sets.iter().enumerate().filter(|(_, set)| set.is_neutral()) {
                    self.problem(&format!("{path}[{index}]"), ADVICE);
                }
            }
        }
    }

    fn set(&mut self, value: &Value, path: &str) -> Option<NodeSet> {
        let object = self.object(value, path)?;
        let combine = self.combine(object, path, "filter_type");
        let set = NodeSet {
            filter_type: combine.unwrap_or_default(),
            node_names: self.strings(object, path, "node_names"),
            node_tags: self.strings(object, path, "node_tags"),
            node_labels: self.labels(object, path, "node_labels"),
            rack_names: self.strings(object, path, "rack_names"),
            rack_labels: self.labels(object, path, "rack_labels"),
        };
        combine.map(|_| set)
    }

    fn object<'v>(&mut self, value: &'v Value, path: &str) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.problem(path, format!("must be an object, and is {}", kind(value)));
        }
        object
    }

    fn combine(&mut self, object: &Map<String, Value>, path: &str, key: &str) -> Option<Combine> {
        let combine = match object.get(key) {
            Some(Value::String(word)) => Combine::ALL.into_iter().find(|combine| combine.as_str() == word),
            _ => None,
        };
        if combine.is_none() {
            self.problem(&below(path, key), "must be \"union\" or \"intersection\"");
        }
        combine
    }

    fn strings(&mut self, object: &Map<String, Value>, path: &str, key: &str) -> Vec<String> {
        let path = below(path, key);
        match object.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(entries)) => {
                let mut strings = Vec::with_capacity(entries.len());
                for (index, entry) in entries.iter().enumerate() {
                    strings.extend(self.string(entry, &format!("{path}[{index}]")));
                }
                strings
            }
            Some(other) => {
                self.problem(&path, format!("must be an array of strings, and is {}", kind(other)));
                Vec::new()
            }
        }
    }

    fn labels(&mut self, object: &Map<String, Value>, path: &str, key: &str) -> BTreeMap<String, String> {
        let path = below(path, key);
        let mut labels = BTreeMap::new();
        match object.get(key) {
            None | Some(Value::Null) => {}
            Some(Value::Object(entries)) => {
                for (label, value) in entries {
                    let value = self.string(value, &below(&path, label));
                    labels.extend(value.map(|value| (label.clone(), value)));
                }
            }
            Some(other) => {
                self.problem(&path, format!("must be an object of strings, and is {}", kind(other)));
            }
        }
        labels
    }

    fn string(&mut self, value: &Value, path: &str) -> Option<String> {
        let string = value.as_str();
        if string.is_none() {
            self.problem(path, format!("must be a string, and is {}", kind(value)));
        }
        string.map(str::to_owned)
    }
}
