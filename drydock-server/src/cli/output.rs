//! Writing data to standard output: text for people, JSON for programs.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::ValueEnum;
use comfy_table::Table;
use comfy_table::presets;
use serde::Serialize;

use super::failure::{Failure, OutputError};

/// What data looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people; its form may change.
    #[default]
    Table,
    /// For programs; its form is kept.
    Json,
}

/// Writes a line, at once.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(|error| OutputError(error).into())
}

/// Writes a value as JSON over several lines.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::failed("cannot write the answer as JSON").because(error))?;
    line(&text)
}

/// A table with these headings and nothing but space between its columns.
pub(super) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings.iter().copied());
    table
}

/// Writes a table; its lines have no space at their ends.
pub(super) fn rows(table: &Table) -> Result<(), Failure> {
    let text = table.to_string();
    let lines: Vec<&str> =
        text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    line(&lines.join("\n"))
}

/// Says something that is no data, on standard error.
pub(super) fn note(text: &str) {
    // Nobody is left to tell it to when standard error is gone.
    let _unread = writeln!(io::stderr().lock(), "{text}");
}

/// How a person calls this program again: by its name when it was found by that, else by its path.
pub(super) fn program() -> String {
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    if called.components().count() > 1 { called.display().to_string() } else { "drydock".to_owned() }
}

/// Whether lines can move on standard output.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether text on standard output may have colours (<https://no-color.org>).
pub(super) fn is_coloured() -> bool {
    is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Writes a value as JSON in one line.
pub(super) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value)
        .map_err(|error| Failure::failed("cannot write the answer as JSON").because(error))?;
    line(&text)
}

/// A moment as the API writes it, without what a person does not read: `2026-02-03 04:05:06`.
pub(super) fn moment(text: &str) -> &str {
    text.get(..19).unwrap_or(text)
}

/// The word that the API has for an enum's value.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => "-".to_owned(),
    }
}

/// A text of a document in a table: what would break a line or move a terminal's cursor is a space.
pub(super) fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// A value of a document in a table: a text as it is, anything else as JSON.
pub(super) fn scalar(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), printable)
}
