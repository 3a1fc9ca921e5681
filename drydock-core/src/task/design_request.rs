//! Requests about a design that start no task: is it valid, which nodes does a filter select.

use serde_json::Value;

use super::GivenRef;
use crate::node_filter::{FieldProblem, NodeFilter, kind};

/// Which design somebody wants checked: the body of `POST /validatedesign`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidateDesignRequest {
    /// The design.
    pub href: GivenRef,
}

impl ValidateDesignRequest {
    /// Reads the body of a request, which is JSON. Only `href` counts, as in v1.0.
    ///
    /// Fails with everything that is wrong with it.
    pub fn from_json(body: &[u8]) -> Result<Self, Vec<FieldProblem>> {
        if body.is_empty() {
            return Err(one("", "Request body must not be empty for validation."));
        }
        let body = object(body, "href")?;
        let href = body.get("href").filter(|href| !href.is_null());
        let href = href.ok_or_else(|| one("", "The \"href\" key must be provided in the request body."))?;
        Ok(Self { href: reference(href, "href")? })
    }
}

/// Which nodes somebody wants named: the body of `POST /nodefilter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFilterRequest {
    /// The design.
    pub design_ref: GivenRef,
    /// The nodes; none for all of the design.
    pub node_filter: Option<NodeFilter>,
}

impl NodeFilterRequest {
    /// Reads the body of a request, which is JSON. Unknown keys are passed over, as v1.0 does.
    ///
    /// Fails with everything that is wrong with it.
    pub fn from_json(body: &[u8]) -> Result<Self, Vec<FieldProblem>> {
        let body = object(body, "design_ref")?;
        let mut problems = Vec::new();
        let node_filter = match body.get("node_filter") {
            None | Some(Value::Null) => None,
            Some(filter) => {
                NodeFilter::from_json_at(filter, "node_filter").map_err(|found| problems.extend(found)).ok()
            }
        };
        let design_ref = match body.get("design_ref") {
            None | Some(Value::Null) => Err(one("", "Missing input required value: design_ref")),
            Some(given) => reference(given, "design_ref"),
        };
        match design_ref {
            Ok(design_ref) if problems.is_empty() => Ok(Self { design_ref, node_filter }),
            Ok(_) => Err(problems),
            Err(found) => Err(found.into_iter().chain(problems).collect()),
        }
    }
}

fn object(body: &[u8], key: &str) -> Result<Value, Vec<FieldProblem>> {
    let body: Value = serde_json::from_slice(body).map_err(|problem| {
        one("", &format!("the body is not JSON ({problem}): send an object with {key}"))
    })?;
    if body.is_object() {
        Ok(body)
    } else {
        Err(one("", &format!("must be an object with {key}, and is {}", kind(&body))))
    }
}

fn reference(given: &Value, key: &str) -> Result<GivenRef, Vec<FieldProblem>> {
    let text = given.as_str();
    let text = text.ok_or_else(|| one(key, &format!("must be a string, and is {}", kind(given))))?;
    text.parse().map_err(|problem: super::InvalidDesignRef| one(key, &problem.to_string()))
}

fn one(path: &str, text: &str) -> Vec<FieldProblem> {
    vec![FieldProblem::new(path, text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T: std::fmt::Debug>(read: Result<T, Vec<FieldProblem>>) -> String {
        read.unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn requests_are_read_and_unknown_keys_are_passed_over() {
        let body = br#"{"rel": "design", "href": "file:///x", "type": "application/x-yaml"}"#;
        assert_eq!(ValidateDesignRequest::from_json(body).unwrap().href.reference.as_str(), "file:///x");
        let body = br#"{"design_ref": "file:///x", "node_filter": null, "more": 1}"#;
        let request = NodeFilterRequest::from_json(body).unwrap();
        assert_eq!((request.design_ref.reference.as_str(), request.node_filter), ("file:///x", None));
    }

    #[test]
    fn what_is_wrong_with_a_request_is_told() {
        for (body, expected) in [
            ("", "Request body must not be empty for validation."),
            ("{", "the body is not JSON"),
            ("[]", "must be an object with href, and is an array"),
            ("{}", "The \"href\" key must be provided in the request body."),
            (r#"{"href": null}"#, "The \"href\" key must be provided"),
            (r#"{"href": 1}"#, "href: must be a string, and is a number"),
            (r#"{"href": "x"}"#, "href: not an absolute URI"),
        ] {
            let found = told(ValidateDesignRequest::from_json(body.as_bytes()));
            assert!(found.starts_with(expected), "{body}: {found}");
        }
        for (body, expected) in [
            ("", "the body is not JSON"),
            ("1", "must be an object with design_ref, and is a number"),
            ("{}", "Missing input required value: design_ref"),
            (
                r#"{"node_filter": "all"}"#,
                "Missing input required value: design_ref; node_filter: must be an object",
            ),
            (r#"{"design_ref": "file:///x", "node_filter": {}}"#, "node_filter.filter_set_type: must be"),
        ] {
            let found = told(NodeFilterRequest::from_json(body.as_bytes()));
            assert!(found.starts_with(expected), "{body}: {found}");
        }
    }
}
