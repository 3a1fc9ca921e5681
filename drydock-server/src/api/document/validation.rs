//! The validation document of the v1.0 API: `kind: Status` with a message for each problem, each note and each rule.

use drydock_core::Timestamp;
use drydock_core::design::{DocumentRef, Note, NoteLevel, Origin, Problem, Problems};
use drydock_core::rules::{Finding, Level, RULES, Report as Findings, Rule};
use serde::Serialize;

/// What the message of a text that is no document is called.
const UNREADABLE: (&str, &str) = ("DD000", "Document Reading");
/// What the message of a document that is wrong is called.
const DOCUMENT: (&str, &str) = ("DD001", "Document Validity");

/// What is wrong with a design, and what is not.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationDocument {
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

impl ValidationDocument {
    /// What came of a validation at the moment `now`: of a design that was read, what the rules and the reading say of it.
    pub(crate) fn of(validated: Result<(&Findings, &[Note]), &Problems>, now: Timestamp) -> Self {
        status(validated, now)
    }

    /// Whether the design is valid.
    pub(crate) const fn is_valid(&self) -> bool {
        self.details.error_count == 0
    }
}

fn status(validated: Result<(&Findings, &[Note]), &Problems>, now: Timestamp) -> ValidationDocument {
    let ts = now.to_rfc3339();
    let messages = match validated {
        Ok((report, notes)) => {
            let notes = notes.iter().map(|note| of_note(note, &ts));
            let problems = report.problems.iter().map(|problem| of_problem(problem, &ts));
            let rules = RULES.iter().flat_map(|rule| of_rule(rule, report, &ts));
            notes.chain(problems).chain(rules).collect::<Vec<_>>()
        }
        Err(problems) => problems.iter().map(|problem| of_problem(problem, &ts)).collect(),
    };
    let error_count = messages.iter().filter(|message| message.error).count();
    let valid = error_count == 0;
    ValidationDocument {
        kind: "Status",
        api_version: "v1.0",
        metadata: Metadata {},
        message: if valid { "Site design is valid." } else { "Site design failed validation." },
        reason: if valid { "" } else { "See detail messages." },
        status: if valid { "Success" } else { "Failure" },
        details: Details { error_count, message_list: messages },
        code: if valid { 200 } else { 400 },
    }
}

/// In this document warnings are those of rules; what reading has to say is for information, as in v1.0.
fn of_note(note: &Note, ts: &str) -> Item {
    let text = match note.level {
        NoteLevel::Info => note.text.clone(),
        NoteLevel::Warning => format!("warning: {}", note.text),
    };
    of_document("Info", &note.origin, note.document.as_ref(), &note.path, &text, ts)
}

fn of_problem(problem: &Problem, ts: &str) -> Item {
    of_document("Error", &problem.origin, problem.document.as_ref(), &problem.path, &problem.text, ts)
}

fn of_document(
    level: &'static str,
    origin: &Origin,
    document: Option<&DocumentRef>,
    path: &str,
    text: &str,
    ts: &str,
) -> Item {
    let (name, rule) = if document.is_some() { DOCUMENT } else { UNREADABLE };
    Item {
        kind: "ValidationMessage",
        name,
        message: format!("{rule}: {text}"),
        error: level == "Error",
        level,
        diagnostic: if path.is_empty() { origin.to_string() } else { format!("{origin} {path}") },
        ts: ts.to_owned(),
        documents: document.map(named).into_iter().collect(),
    }
}

/// What a rule found; of one that found no error, that it is kept.
fn of_rule(rule: &'static Rule, report: &Findings, ts: &str) -> Vec<Item> {
    let found: Vec<&Finding> =
        report.findings.iter().filter(|finding| std::ptr::eq(finding.rule, rule)).collect();
    let item = |level: &'static str, text: &str, diagnostic: String, documents| Item {
        kind: "ValidationMessage",
        name: rule.id,
        message: format!("{}: {text}", rule.title),
        error: level == "Error",
        level,
        diagnostic,
        ts: ts.to_owned(),
        documents,
    };
    let mut items = Vec::new();
    for finding in &found {
        // A client of v1.0 knows the warnings of its rules; of others it learns as it does of notes.
        let (level, text) = match finding.level {
            Level::Error => ("Error", finding.text.clone()),
            Level::Warning if rule.is_of_v1() => ("Warning", finding.text.clone()),
            Level::Warning => ("Info", format!("warning: {}", finding.text)),
        };
        let diagnostic = format!("{} ({})", finding.advice, rule.page());
        items.push(item(level, &text, diagnostic, finding.documents.iter().map(named).collect()));
    }
    if found.iter().all(|finding| finding.level != Level::Error) {
        items.push(item("Info", "Validation successful.", String::new(), Vec::new()));
    }
    items
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
    use drydock_core::ingest::{SourceFile, ingest};
    use drydock_core::rules::validate;
    use drydock_core::{Clock as _, SystemClock};
    use serde_json::{Value, json};

    use super::*;

    fn of(text: &str) -> Value {
        let read = ingest(&[SourceFile { name: "site.yaml", bytes: text.as_bytes() }]);
        let validated = read.map(|read| (validate(&read.design, None), read.notes));
        let validated = validated.as_ref().map(|(report, notes)| (report, &notes[..]));
        serde_json::to_value(status(validated, SystemClock.now())).unwrap()
    }

    /// The messages of a rule, by its title.
    fn of_title<'s>(status: &'s Value, title: &str) -> Vec<&'s Value> {
        let messages = status["details"]["messageList"].as_array().unwrap();
        messages.iter().filter(|message| message["message"].as_str().unwrap().starts_with(title)).collect()
    }

    #[test]
    fn rules_say_what_they_found_or_that_they_are_kept() {
        let status = of("schema: drydock/Network/v1\nmetadata: {name: a}\ndata: {cidr: 10.0.0.4/24}\n");
        assert_eq!(status["status"], "Failure");
        assert_eq!(status["details"]["errorCount"], 1);
        let [message] = of_title(&status, "CIDR Validity: ")[..] else { panic!("{status}") };
        assert_eq!(
            (&message["name"], &message["level"], &message["error"]),
            (&json!("DD2006"), &json!("Error"), &json!(true))
        );
        assert_eq!(message["documents"], json!([{"schema": "drydock/Network/v1", "name": "a"}]));
        let page = "Provide a CIDR acceptable by MAAS: 10.0.0.0/24 (docs/rules/DD2006-cidr.md)";
        assert_eq!(message["diagnostic"], page);
        let [warning, kept] = of_title(&status, "Platform Selection: ")[..] else { panic!("{status}") };
        assert_eq!((&warning["level"], &warning["error"]), (&json!("Warning"), &json!(false)));
        assert_eq!(
            (&kept["level"], &kept["message"]),
            (&json!("Info"), &json!("Platform Selection: Validation successful."))
        );
    }

    #[test]
    fn a_warning_that_v1_does_not_know_is_for_information_and_an_error_is_an_error() {
        let network = |range: &str| {
            format!(
                "schema: drydock/Network/v1\nmetadata: {{name: a}}\n\
                 data: {{cidr: 10.0.0.0/24, ranges: [{{type: {range}, start: 10.0.1.1, end: 10.0.1.2}}]}}\n"
            )
        };
        for (range, level, text, status_code) in [
            ("static", "Info", "Range Locality: warning: The range static 10.0.1.1-10.0.1.2", 200),
            ("dhcp", "Error", "Range Locality: The range dhcp 10.0.1.1-10.0.1.2", 400),
        ] {
            let status = of(&network(range));
            let message = of_title(&status, "Range Locality: ")[0];
            assert_eq!((&message["name"], &message["level"]), (&json!("DD5001"), &json!(level)));
            assert!(message["message"].as_str().unwrap().starts_with(text), "{message}");
            let diagnostic = message["diagnostic"].as_str().unwrap();
            assert!(diagnostic.ends_with("(docs/rules/DD5001-range-locality.md)"), "{message}");
            assert_eq!(status["code"], status_code);
        }
    }

    #[test]
    fn what_reading_has_to_say_is_for_information() {
        let rack = "schema: drydock/Rack/v1\nmetadata: {name: r}\ndata: {labels: {a: b, a: c}}\n";
        let status = of(rack);
        let [note] = of_title(&status, "Document Validity: ")[..] else { panic!("{status}") };
        assert_eq!((&note["name"], &note["level"]), (&json!("DD001"), &json!("Info")));
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
