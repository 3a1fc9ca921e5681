//! A request for a new task, as the v1.0 API takes it.

use serde_json::Value;

use super::{Action, GivenRef};
use crate::node_filter::{FieldProblem, NodeFilter, kind};

/// What somebody wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTaskRequest {
    /// What to do.
    pub action: Action,
    /// The design to do it to.
    pub design_ref: GivenRef,
    /// The nodes to do it to; none for all of the design.
    pub node_filter: Option<NodeFilter>,
}

impl NewTaskRequest {
    /// Reads the body of a request, which is JSON. Unknown keys are passed over, as v1.0 does.
    ///
    /// Fails with everything that is wrong with it.
    pub fn from_json(body: &[u8]) -> Result<Self, Vec<FieldProblem>> {
        let body: Value = serde_json::from_slice(body).map_err(|problem| {
            vec![FieldProblem::new(
                "",
                format!("the body is not JSON ({problem}): send an object with action and design_ref"),
            )]
        })?;
        if !body.is_object() {
            let text = format!("must be an object with action and design_ref, and is {}", kind(&body));
            return Err(vec![FieldProblem::new("", text)]);
        }
        let mut problems = Vec::new();
        let action = text(&body, "action", "one of the actions, such as verify_site", &mut problems)
            .and_then(|text| checked("action", text.parse::<Action>(), &mut problems));
        let design_ref = text(&body, "design_ref", "the URI of the site design", &mut problems)
            .and_then(|text| checked("design_ref", text.parse::<GivenRef>(), &mut problems));
        let node_filter = match body.get("node_filter") {
            None | Some(Value::Null) => None,
            Some(filter) => {
                NodeFilter::from_json_at(filter, "node_filter").map_err(|found| problems.extend(found)).ok()
            }
        };
        match (action, design_ref) {
            (Some(action), Some(design_ref)) if problems.is_empty() => {
                Ok(Self { action, design_ref, node_filter })
            }
            _ => Err(problems),
        }
    }
}

fn text<'b>(body: &'b Value, key: &str, what: &str, problems: &mut Vec<FieldProblem>) -> Option<&'b str> {
    match body.get(key) {
        Some(Value::String(text)) => return Some(text),
        None | Some(Value::Null) => problems.push(FieldProblem::new(key, format!("is missing: send {what}"))),
        Some(other) => {
            let text = format!("must be a string, and is {}: send {what}", kind(other));
            problems.push(FieldProblem::new(key, text));
        }
    }
    None
}

fn checked<T, E: ToString>(key: &str, parsed: Result<T, E>, problems: &mut Vec<FieldProblem>) -> Option<T> {
    parsed.map_err(|problem| problems.push(FieldProblem::new(key, problem.to_string()))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(body: &str) -> Vec<String> {
        NewTaskRequest::from_json(body.as_bytes()).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_request_is_read_and_unknown_keys_are_passed_over() {
        let body = br#"{"action": "deploy_nodes", "design_ref": "deckhand+http://host/x", "node_filter": null, "more": 1}"#;
        let request = NewTaskRequest::from_json(body).unwrap();
        assert_eq!(
            (request.action, request.design_ref.reference.as_str()),
            (Action::DeployNodes, "deckhand+http://host/x")
        );
        assert_eq!(request.node_filter, None);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let found = problems(r#"{"action": "noop", "node_filter": {"filter_set": [{"node_names": "a"}]}}"#);
        let paths: Vec<_> = found.iter().filter_map(|text| text.split(": ").next()).collect();
        assert_eq!(
            paths,
            [
                "action",
                "design_ref",
                "node_filter.filter_set_type",
                "node_filter.filter_set[0].filter_type",
                "node_filter.filter_set[0].node_names"
            ],
            "{found:#?}"
        );
        for (body, expected) in [
            ("", "the body is not JSON"),
            ("[]", "must be an object with action and design_ref, and is an array"),
            (r#"{"action": 1, "design_ref": "file:///x"}"#, "action: must be a string, and is a number"),
            (r#"{"action": "verify_site", "design_ref": "x"}"#, "design_ref: "),
            (
                r#"{"action": "verify_site", "design_ref": "file:///x", "node_filter": "all"}"#,
                "node_filter: must be an object",
            ),
        ] {
            let found = problems(body);
            assert!(found.len() == 1 && found[0].starts_with(expected), "{body}: {found:?}");
        }
    }
}
