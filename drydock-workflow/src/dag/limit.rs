//! Limits on how many steps are under way together, in all instances: their names may depend on a step's input.

use drydock_core::Payload;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outcome::StepError;

/// A limit that a step keeps to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Its name: what stands in braces is a JSON pointer (RFC 6901) into the step's input.
    pub name: String,
    /// How many steps may be under way under one name.
    pub places: u32,
}

/// What is wrong with a limit's name.
pub(super) fn problem(limit: &Limit) -> Option<&'static str> {
    let texts = parts(&limit.name);
    if limit.name.is_empty() {
        Some("a limit has no name")
    } else if limit.places == 0 {
        Some("a limit has no places, so it could never begin: allow one or more")
    } else if texts.is_none() {
        Some(
            "a brace in a limit's name is not closed, or not opened: write {/field} for a field of the input",
        )
    } else {
        None
    }
}

/// The names of `limits` for a step that is fed with `input`, each with its places.
pub(crate) fn resolve(limits: &[Limit], input: &Payload) -> Result<Vec<(String, u32)>, StepError> {
    let mut value = None;
    limits
        .iter()
        .map(|limit| {
            let mut name = String::new();
            for part in parts(&limit.name).unwrap_or_default() {
                match part {
                    Part::Text(text) => name.push_str(text),
                    Part::Pointer(pointer) => {
                        let value = value.get_or_insert_with(|| input.decode::<Value>().unwrap_or_default());
                        name.push_str(&field(value, pointer).ok_or_else(|| {
                            StepError::bug(format!(
                                "limit {:?}: the step's input has no text or number at {pointer:?}",
                                limit.name
                            ))
                        })?);
                    }
                }
            }
            Ok((name, limit.places))
        })
        .collect()
}

fn field(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'n> {
    Text(&'n str),
    Pointer(&'n str),
}

/// The parts of a name; nothing when its braces do not match.
fn parts(name: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some((text, after)) = rest.split_once('{') {
        let (pointer, after) = after.split_once('}')?;
        if text.contains('}') || pointer.contains('{') {
            return None;
        }
        parts.push(Part::Text(text));
        parts.push(Part::Pointer(pointer));
        rest = after;
    }
    if rest.contains('}') {
        return None;
    }
    parts.push(Part::Text(rest));
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str, input: &str) -> Result<String, String> {
        let limits = [Limit { name: name.to_owned(), places: 1 }];
        match resolve(&limits, &input.as_bytes().to_vec().into()) {
            Ok(mut names) => Ok(names.remove(0).0),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn a_name_may_depend_on_the_input() {
        let table = [
            ("maas", "null", "maas"),
            ("bmc/{/rack}", r#"{"rack": "r1"}"#, "bmc/r1"),
            ("{/0}-{/1/n}", r#"["a", {"n": 7}]"#, "a-7"),
            ("whole {}", "\"x\"", "whole x"),
        ];
        for (name, input, expected) in table {
            assert_eq!(names(name, input).unwrap(), expected);
        }
        let missing = names("bmc/{/rack}", r#"{"rack": null}"#).unwrap_err();
        assert_eq!(missing, "limit \"bmc/{/rack}\": the step's input has no text or number at \"/rack\"");
    }

    #[test]
    fn names_that_cannot_be_are_found_when_the_workflow_is_built() {
        for (name, places, bad) in [
            ("maas", 1, false),
            ("a{/b}c", 1, false),
            ("", 1, true),
            ("maas", 0, true),
            ("a{/b", 1, true),
            ("a}/b", 1, true),
            ("a{/{b}}", 1, true),
        ] {
            let limit = Limit { name: name.to_owned(), places };
            assert_eq!(problem(&limit).is_some(), bad, "{name:?}");
        }
    }
}
