//! The validation document of the v1.0 API: `kind: Status` with a message for each problem and each note.

use drydock_core::Timestamp;
use drydock_core::design::{DocumentRef, NoteLevel, Origin, Problem};
use serde::Serialize;

use crate::cli::site::Resolved;

/// What the message of a text that is no document is called.
const UNREADABLE: (&str, &str) = ("DD000", "Document Reading");
/// What the message of a document that is wrong is called.
const DOCUMENT: (&str, &str) = ("DD001", "Document Validity");

/// The whole document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    kind: &'static str,
    api_version: &'static str,
    metadata: Metadata,
    message: &'static str,
    reason: &'static str,
    status: &'static str,
    details: Details,
    code: u16,
}

#[derive(Debug, Serialize)]
struct Metadata {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    error_count: usize,
    message_list: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    kind: &'static str,
    name: &'static str,
    message: String,
    error: bool,
    level: &'static str,
    diagnostic: String,
    ts: String,
    documents: Vec<Document>,
}

#[derive(Debug, Serialize)]
struct Document {
    schema: String,
    name: String,
}

/// What came of a validation at the moment `now`.
pub(super) fn status(resolved: &Resolved, now: Timestamp) -> Report {
    let ts = now.to_rfc3339();
    let mut messages: Vec<Item> = resolved
        .notes
        .iter()
        .map(|note| {
            let level = match note.level {
                NoteLevel::Info => "Info",
                NoteLevel::Warning => "Warning",
            };
            message(level, &note.origin, note.document.as_ref(), &note.path, &note.text, &ts)
        })
        .collect();
    let problems: Vec<&Problem> =
        resolved.site.as_ref().err().map(|all| all.iter().collect()).unwrap_or_default();
    for problem in &problems {
        let document = problem.document.as_ref();
        messages.push(message("Error", &problem.origin, document, &problem.path, &problem.text, &ts));
    }
    if problems.is_empty() {
        messages.push(passed(&ts));
    }
    let valid = problems.is_empty();
    Report {
        kind: "Status",
        api_version: "v1.0",
        metadata: Metadata {},
        message: if valid { "Site design is valid." } else { "Site design failed validation." },
        reason: if valid { "" } else { "See detail messages." },
        status: if valid { "Success" } else { "Failure" },
        details: Details { error_count: problems.len(), message_list: messages },
        code: if valid { 200 } else { 400 },
    }
}

fn message(
    level: &'static str,
    origin: &Origin,
    document: Option<&DocumentRef>,
    path: &str,
    text: &str,
    ts: &str,
) -> Item {
    let (name, rule) = if document.is_some() { DOCUMENT } else { UNREADABLE };
    let diagnostic = if path.is_empty() { origin.to_string() } else { format!("{origin} {path}") };
    Item {
        kind: "ValidationMessage",
        name,
        message: format!("{rule}: {text}"),
        error: level == "Error",
        level,
        diagnostic,
        ts: ts.to_owned(),
        documents: document.map(named).into_iter().collect(),
    }
}

/// What v1.0 says of a rule that found nothing.
fn passed(ts: &str) -> Item {
    let (name, rule) = DOCUMENT;
    Item {
        kind: "ValidationMessage",
        name,
        message: format!("{rule}: Validation successful."),
        error: false,
        level: "Info",
        diagnostic: String::new(),
        ts: ts.to_owned(),
        documents: Vec::new(),
    }
}

fn named(document: &DocumentRef) -> Document {
    // A document that is not Drydock's own is known by its whole schema already.
    let schema = if document.kind.contains('/') {
        document.kind.clone()
    } else {
        format!("drydock/{}/v1", document.kind)
    };
    Document { schema, name: document.name.clone() }
}

#[cfg(test)]
mod tests {
    use drydock_core::design::Site;
    use drydock_core::ingest::{SourceFile, ingest};
    use drydock_core::{Clock as _, SystemClock};
    use serde_json::{Value, json};

    use super::*;

    fn of(text: &str) -> Value {
        let resolved = match ingest(&[SourceFile { name: "site.yaml", bytes: text.as_bytes() }]) {
            Ok(found) => Resolved { site: Site::new(found.design), notes: found.notes },
            Err(problems) => Resolved { site: Err(problems), notes: Vec::new() },
        };
        serde_json::to_value(status(&resolved, SystemClock.now())).unwrap()
    }

    #[test]
    fn a_good_design_is_a_success() {
        let status = of("schema: drydock/Region/v1\nmetadata: {name: yard}\ndata: {}\n");
        assert_eq!(status["kind"], "Status");
        assert_eq!(status["apiVersion"], "v1.0");
        assert_eq!(status["metadata"], json!({}));
        assert_eq!(status["status"], "Success");
        assert_eq!(status["code"], 200);
        assert_eq!(status["details"]["errorCount"], 0);
    }

    #[test]
    fn a_bad_document_is_named() {
        let status = of("schema: drydock/BaremetalNode/v1\nmetadata: {name: n1}\ndata: {addressing: 3}\n");
        assert_eq!(status["status"], "Failure");
        assert_eq!(status["code"], 400);
        let message = &status["details"]["messageList"][0];
        assert_eq!(message["name"], "DD001");
        assert_eq!(message["level"], "Error");
        assert_eq!(message["error"], true);
        assert_eq!(message["documents"], json!([{"schema": "drydock/BaremetalNode/v1", "name": "n1"}]));
        assert!(message["diagnostic"].as_str().unwrap().starts_with("site.yaml:3:"), "{message}");
    }

    #[test]
    fn text_that_is_no_document_has_no_document() {
        let message = &of("a: [1\n")["details"]["messageList"][0];
        assert_eq!(message["name"], "DD000");
        assert_eq!(message["documents"], json!([]));
    }
}
