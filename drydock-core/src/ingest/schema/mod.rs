//! JSON Schemas of site documents, for editors: made of what the readers ask for, so that they can neither know a field
//! that is not read, nor miss one that is.
//!
//! They are of draft 7, the latest that the YAML support of most editors follows. Whatever [`ingest`](super::ingest())
//! reads without a problem, they accept. What is wrong with a single document they refuse too, where its kind, type,
//! words or missing fields are; that documents fit each other only reading them all can tell.

mod body;
mod envelope;
mod words;

use serde_json::{Map, Value, json};

use super::Kind;

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of documents of this kind, in both forms.
pub fn of(kind: Kind) -> Value {
    let about = words::kind(kind);
    json!({
        "$schema": DRAFT,
        "title": kind.as_str(),
        "description": about,
        "allOf": [{"$ref": envelope::reference(kind)}],
        "definitions": definitions([kind]),
    })
}

/// The schema of any document of a site: it selects by what the document says it is. Documents that are not read here
/// may be anything.
pub fn of_any() -> Value {
    let Value::Object(mut schema) = envelope::selecting() else { return Value::Null };
    schema.insert("$schema".to_owned(), DRAFT.into());
    schema.insert("title".to_owned(), "A document of a site".into());
    schema.insert("definitions".to_owned(), definitions(Kind::ALL).into());
    schema.into()
}

/// The name of the file with the schema of this kind.
pub fn file_name(kind: Kind) -> String {
    format!("{}.schema.json", kind.as_str())
}

/// All of them, each under the name of its file.
pub fn files() -> Vec<(String, Value)> {
    let kinds = Kind::ALL.into_iter().map(|kind| (file_name(kind), of(kind)));
    kinds.chain([("site.schema.json".to_owned(), of_any())]).collect()
}

fn definitions(kinds: impl IntoIterator<Item = Kind>) -> Map<String, Value> {
    kinds.into_iter().flat_map(envelope::definitions).collect()
}
