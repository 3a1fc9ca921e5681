//! Filters that are other than minijinja's own: because Jinja2's give something else, or because a number in a template could ask them for any amount of memory.

use std::fmt::Write as _;

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

use super::growth;

/// The widest indentation, in columns.
const INDENT_MAX: usize = 200;

/// Replaces them, and leaves out those that nobody needs here and that take numbers.
pub(super) fn replace(environment: &mut Environment<'static>) {
    for unbounded in ["batch", "slice", "format", "pprint"] {
        environment.remove_filter(unbounded);
    }
    environment.remove_global("debug");
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("indent", indent);
    environment.add_filter("tojson", tojson);
}

/// As Jinja2's: a text may keep its `/`, the parts of a query may not and write a blank as `+`.
fn urlencode(value: &Value) -> Result<String, Error> {
    let mut text = String::new();
    match value.kind() {
        ValueKind::Map => {
            for key in value.try_iter()? {
                let item = value.get_item(&key)?;
                pair(&mut text, &key, &item);
            }
        }
        ValueKind::Seq | ValueKind::Iterable => {
            for item in value.try_iter()? {
                let parts =
                    (item.len() == Some(2)).then(|| (item.get_item_by_index(0), item.get_item_by_index(1)));
                let Some((Ok(key), Ok(item))) = parts else {
                    return Err(Error::new(ErrorKind::InvalidOperation, "urlencode needs pairs"));
                };
                pair(&mut text, &key, &item);
            }
        }
        _ => quoted(&mut text, &value.to_string(), b"/", "%20"),
    }
    Ok(text)
}

fn pair(text: &mut String, key: &Value, item: &Value) {
    if !text.is_empty() {
        text.push('&');
    }
    quoted(text, &key.to_string(), b"", "+");
    text.push('=');
    quoted(text, &item.to_string(), b"", "+");
}

fn quoted(text: &mut String, plain: &str, kept: &[u8], blank: &str) {
    for byte in plain.bytes() {
        if byte == b' ' {
            text.push_str(blank);
        } else if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || kept.contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _always_ok = write!(text, "%{byte:02X}");
        }
    }
}

/// As Jinja2's: all lines but the first, and but empty ones, unless asked otherwise.
fn indent(
    value: String,
    width: Option<usize>,
    first: Option<bool>,
    blank: Option<bool>,
    options: Kwargs,
) -> Result<String, Error> {
    let width = width.or(options.get("width")?).unwrap_or(4);
    let first = first.or(options.get("first")?).unwrap_or(false);
    let blank = blank.or(options.get("blank")?).unwrap_or(false);
    options.assert_all_used()?;
    if width > INDENT_MAX {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("cannot indent by more than {INDENT_MAX}"),
        ));
    }
    growth::bounded(value.len().saturating_add(value.split('\n').count().saturating_mul(width)))?;
    let margin = " ".repeat(width);
    let lines = value.split('\n').enumerate().map(|(place, line)| {
        let indented = if place == 0 { first } else { blank || !line.is_empty() };
        if indented { format!("{margin}{line}") } else { line.to_owned() }
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// JSON, with an indentation that is bounded.
fn tojson(value: &Value, indent: Option<usize>, options: Kwargs) -> Result<Value, Error> {
    let indent = indent.or(options.get("indent")?);
    options.assert_all_used()?;
    if indent.is_some_and(|indent| indent > INDENT_MAX) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("cannot indent by more than {INDENT_MAX}"),
        ));
    }
    minijinja::filters::tojson(value, indent.map(Value::from), Kwargs::from_iter::<[(&str, Value); 0]>([]))
}
