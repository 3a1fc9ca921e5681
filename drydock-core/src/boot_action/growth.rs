//! Filters and methods of templates that can make far more of what they are given: each stops at the longest outcome there may be.

use std::fmt::{self, Write};

use minijinja::value::{Kwargs, Rest, from_args};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::CONTENT_MAX;

/// How many digits a number in a format may have: a width alone could ask for any amount of memory.
const FORMAT_DIGITS_MAX: usize = 3;

/// Replaces the filters.
pub(super) fn bound(environment: &mut Environment<'static>) {
    environment.add_filter("replace", |text: &Value, from: &str, to: &str| {
        let text = text.to_string();
        bounded(replaced_length(&text, from, to, usize::MAX)).map(|()| text.replace(from, to))
    });
    environment.add_filter("join", join);
    environment.set_unknown_method_callback(method);
}

/// A method of Python's values. Only texts have some that make much of little.
fn method(state: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        match name {
            "format" => check_format(text)?,
            "replace" => {
                let (from, to, count): (&str, &str, Option<i32>) = from_args(args)?;
                // A negative number stands for all.
                let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
                bounded(replaced_length(text, from, to, count))?;
            }
            "join" => {
                let (items,): (&Value,) = from_args(args)?;
                return joined(items.try_iter()?, text).map(Value::from);
            }
            _ => {}
        }
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, args)
}

/// How long a text gets, at the most, when parts of it are replaced.
fn replaced_length(text: &str, from: &str, to: &str, count: usize) -> usize {
    let found = text.matches(from).take(count).count();
    text.len().saturating_add(found.saturating_mul(to.len()))
}

/// As minijinja's, which also takes `attribute` of each item and `d` for what stands between them.
fn join(items: &Value, between: Option<&str>, more: Rest<Value>, options: Kwargs) -> Result<String, Error> {
    let named: Option<&str> = options.get("d")?;
    let between = between.or(named).unwrap_or_default();
    let attribute: Option<String> = match more.first() {
        Some(value) => Some(value.to_string()),
        None => options.get("attribute")?,
    };
    options.assert_all_used()?;
    if items.is_undefined() || items.is_none() {
        return Ok(String::new());
    }
    if let Some(text) = items.as_str() {
        return joined(text.chars().map(Value::from), between);
    }
    let Some(attribute) = attribute else { return joined(items.try_iter()?, between) };
    let parts: Result<Vec<Value>, Error> = items.try_iter()?.map(|item| item.get_attr(&attribute)).collect();
    joined(parts?.into_iter(), between)
}

fn joined(items: impl Iterator<Item = Value>, between: &str) -> Result<String, Error> {
    let mut text = Growing(String::new());
    for (place, item) in items.enumerate() {
        let between = if place > 0 { between } else { "" };
        write!(text, "{between}{item}").map_err(|_| too_long())?;
    }
    Ok(text.0)
}

/// A format whose widths are numbers of a few digits, written in it.
fn check_format(format: &str) -> Result<(), Error> {
    let mut digits = 0;
    let (mut open, mut before) = (false, ' ');
    for letter in format.chars() {
        digits = if letter.is_ascii_digit() { digits + 1 } else { 0 };
        // `{{` and `}}` are braces, and nothing of a format.
        let nested = letter == '{' && open && before != '{';
        if nested || (open && digits > FORMAT_DIGITS_MAX) {
            let text = "a format has widths of three digits at the most, and none that come from elsewhere";
            return Err(Error::new(ErrorKind::InvalidOperation, text));
        }
        open = (open || letter == '{') && letter != '}';
        before = letter;
    }
    Ok(())
}

/// Fails for an outcome that is too long.
pub(super) fn bounded(length: usize) -> Result<(), Error> {
    if length > CONTENT_MAX { Err(too_long()) } else { Ok(()) }
}

fn too_long() -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("a text gets longer than {CONTENT_MAX} bytes"))
}

/// A text that stops growing.
struct Growing(String);

impl Write for Growing {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.0.len() + more.len() > CONTENT_MAX {
            return Err(fmt::Error);
        }
        self.0.push_str(more);
        Ok(())
    }
}
