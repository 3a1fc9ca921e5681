//! What a node tells of one of its boot actions: the body of `POST /bootactions/{id}`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::node_filter::{FieldProblem, kind};

/// How a boot action ended, says the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportStatus {
    /// Well.
    Success,
    /// Not well.
    Failure,
}

impl ReportStatus {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// A line that the node says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportMessage {
    /// The text.
    pub message: String,
    /// Whether it tells of an error.
    pub error: bool,
}

/// A report: lines, and at the end how the action ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootReport {
    /// How it ended; the last word on it. None while it goes on.
    pub status: Option<ReportStatus>,
    /// What happened, in order.
    pub details: Vec<ReportMessage>,
}

impl BootReport {
    /// Reads the body of a request, which is JSON. As in v1.0 a detail may have further keys, which are passed over, and the
    /// report may not.
    ///
    /// Fails with everything that is wrong with it.
    pub fn from_json(body: &[u8]) -> Result<Self, Vec<FieldProblem>> {
        let body: Value = serde_json::from_slice(body).map_err(|problem| {
            let text = format!("the body is not JSON ({problem}): send an object with status and details");
            vec![FieldProblem::new("", text)]
        })?;
        let Value::Object(body) = body else {
            let text = format!("must be an object with status and details, and is {}", kind(&body));
            return Err(vec![FieldProblem::new("", text)]);
        };
        let mut problems = Vec::new();
        for key in body.keys().filter(|key| !matches!(key.as_str(), "status" | "details")) {
            let key: String = key.chars().take(80).collect();
            problems.push(FieldProblem::new(&key, "is not known: a report has status and details"));
        }
        let status = body.get("status").and_then(|status| self::status(status, &mut problems));
        let details = body.get("details").map(|details| self::details(details, &mut problems));
        if problems.is_empty() {
            Ok(Self { status, details: details.unwrap_or_default() })
        } else {
            Err(problems)
        }
    }
}

fn status(given: &Value, problems: &mut Vec<FieldProblem>) -> Option<ReportStatus> {
    match given.as_str() {
        Some("success" | "Success") => Some(ReportStatus::Success),
        Some("failure" | "Failure") => Some(ReportStatus::Failure),
        _ => {
            problems.push(FieldProblem::new("status", "must be success or failure"));
            None
        }
    }
}

fn details(given: &Value, problems: &mut Vec<FieldProblem>) -> Vec<ReportMessage> {
    let Value::Array(given) = given else {
        problems.push(FieldProblem::new("details", format!("must be an array, and is {}", kind(given))));
        return Vec::new();
    };
    let given = given.iter().enumerate();
    given.filter_map(|(place, detail)| message(&format!("details[{place}]"), detail, problems)).collect()
}

fn message(path: &str, given: &Value, problems: &mut Vec<FieldProblem>) -> Option<ReportMessage> {
    let Value::Object(given) = given else {
        problems.push(FieldProblem::new(path, format!("must be an object, and is {}", kind(given))));
        return None;
    };
    let message = given.get("message").and_then(Value::as_str);
    let error = given.get("error").and_then(Value::as_bool);
    let wanted = [("message", message.is_some(), "a string"), ("error", error.is_some(), "true or false")];
    for (key, _, what) in wanted.into_iter().filter(|(_, there, _)| !there) {
        problems.push(FieldProblem::new(&format!("{path}.{key}"), format!("must be there, and be {what}")));
    }
    Some(ReportMessage { message: message?.to_owned(), error: error? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_as_v1_0_takes_it() {
        let body = br#"{"status": "Success", "details": [{"message": "m", "error": false, "more": [1]}]}"#;
        let report = BootReport::from_json(body).unwrap();
        let said = ReportMessage { message: "m".to_owned(), error: false };
        assert_eq!(report, BootReport { status: Some(ReportStatus::Success), details: vec![said] });
        assert_eq!(BootReport::from_json(b"{}").unwrap(), BootReport::default());
        let failed = BootReport::from_json(br#"{"status": "failure"}"#).unwrap();
        assert_eq!(failed.status, Some(ReportStatus::Failure));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let body = br#"{"status": "SUCCESS", "x": 1, "details": [{"message": 1}, 2, {"message": "m", "error": true}]}"#;
        let problems: Vec<String> =
            BootReport::from_json(body).unwrap_err().iter().map(|problem| problem.path.clone()).collect();
        assert_eq!(problems, ["x", "status", "details[0].message", "details[0].error", "details[1]"]);
        for (body, expected) in [
            ("", "the body is not JSON"),
            ("[]", "must be an object with status and details, and is an array"),
            (r#"{"status": null}"#, "status: must be success or failure"),
            (r#"{"details": {}}"#, "details: must be an array, and is an object"),
        ] {
            let problems = BootReport::from_json(body.as_bytes()).unwrap_err();
            assert!(problems.len() == 1 && problems[0].to_string().starts_with(expected), "{problems:?}");
        }
    }
}
