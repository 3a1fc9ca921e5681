//! What a reader asked for, as JSON Schema.

use serde_json::{Map, Value, json};

use super::words::Words;
use crate::ingest::shape::{Field, Mapping, Others, Shape};

/// The schema of a mapping at `path`, with what `words` say of its fields.
pub(super) fn mapping(mapping: &Mapping, words: &Words, path: &str) -> Map<String, Value> {
    let mut schema = Map::new();
    object(&mut schema, mapping, words, path);
    schema.insert("type".to_owned(), "object".into());
    schema
}

fn object(schema: &mut Map<String, Value>, mapping: &Mapping, words: &Words, path: &str) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let properties: Map<_, _> = mapping
        .fields
        .iter()
        .map(|(key, known)| ((*key).to_owned(), field(known, words, &below(key)).into()))
        .collect();
    let required: Vec<_> =
        mapping.fields.iter().filter(|(_, known)| known.required).map(|(key, _)| *key).collect();
    if !properties.is_empty() {
        schema.insert("properties".to_owned(), properties.into());
    }
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    let others = match &mapping.others {
        Others::Ignored => return,
        Others::Refused => false.into(),
        // Validators pass over this word; editors mark the field, and show this.
        Others::Warned => json!({"deprecationMessage": "is not known here, and has no effect"}),
        Others::Each { shape, removable } => {
            if *removable {
                let removed = json!({"^!": {"description": "Takes away what a parent has under this name."}});
                schema.insert("patternProperties".to_owned(), removed);
            }
            value(&[shape], words, &below("*")).into()
        }
    };
    schema.insert("additionalProperties".to_owned(), others);
}

fn field(field: &Field, words: &Words, path: &str) -> Map<String, Value> {
    // Where a field may be left out, one without a value is as good as none.
    let mut schema = if field.required {
        value(&[&field.shape], words, path)
    } else {
        value(&[&field.shape, &Shape::Null], words, path)
    };
    if field.filled {
        schema.insert("minItems".to_owned(), 1.into());
    }
    schema
}

/// The schema of a value that has any of these shapes. Every keyword is about values of one type, so that those of
/// several shapes stand side by side; but for `enum`, which no shape has beside another than null.
fn value(shapes: &[&Shape], words: &Words, path: &str) -> Map<String, Value> {
    let mut schema = Map::new();
    let mut types = Vec::new();
    for shape in shapes {
        keywords(&mut schema, &mut types, shape, words, path);
    }
    match types.as_slice() {
        [] => {}
        [only] => {
            schema.insert("type".to_owned(), (*only).into());
        }
        _ => {
            schema.insert("type".to_owned(), types.into());
        }
    }
    if let Some(sentence) = words.of(path) {
        schema.insert("description".to_owned(), sentence.into());
    }
    schema
}

fn keywords(
    schema: &mut Map<String, Value>,
    types: &mut Vec<&'static str>,
    shape: &Shape,
    words: &Words,
    path: &str,
) {
    let mut put = |keyword: &str, value: Value| {
        schema.insert(keyword.to_owned(), value);
    };
    match shape {
        Shape::Unsaid => {}
        Shape::Null => {
            types.push("null");
            if let Some(Value::Array(words)) = schema.get_mut("enum") {
                words.push(Value::Null);
            }
        }
        Shape::Truth => types.push("boolean"),
        Shape::Text => types.push("string"),
        Shape::Pattern(pattern) => {
            types.push("string");
            put("pattern", (*pattern).into());
        }
        Shape::Words(words) => {
            types.push("string");
            put("enum", words.clone().into());
        }
        Shape::Number { max } => {
            types.extend(["integer", "string"]);
            put("minimum", 0.into());
            put("maximum", (*max).into());
            put("pattern", r"^\s*(\+?[0-9]+|-0+)\s*$".into());
        }
        Shape::Single => types.extend(["string", "number", "boolean"]),
        Shape::List(entry) => {
            types.push("array");
            put("items", value(&[entry], words, &format!("{path}[]")).into());
        }
        Shape::Mapping(sheet) => {
            types.push("object");
            object(schema, &sheet.borrow(), words, path);
        }
        Shape::Either(one, other) => {
            keywords(schema, types, one, words, path);
            keywords(schema, types, other, words, path);
        }
    }
}
