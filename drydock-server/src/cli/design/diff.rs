//! `drydock design diff`: what changes for which node between two designs.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use drydock_core::design::{Change, DocumentChange, FieldChange, diff};
use serde_json::{Value, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::site::SiteFiles;

/// Says what changes from one design to another: for which nodes, with all that they inherit, and in which documents.
#[derive(Debug, Args)]
#[command(after_help = "\
A design is a file, or a folder whose .yaml and .yml files are one design. `+` stands before what only
the new design has, `-` before what only the old one has, `~` before what changes. What changes in a host
profile is told at each node that it changes. That a secret changes is told, and never what it is.

Exit codes: 0 compared, whether anything changes or not, 1 a design is not valid, 2 a file cannot be read.

Examples:
  drydock design diff site.yaml new-site.yaml
  drydock design diff old/ new/ --format json | jq '.changes[].name'")]
pub(in crate::cli) struct Diff {
    /// The design as it is: a file or a folder
    old: PathBuf,
    /// The design as it will be: a file or a folder
    new: PathBuf,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Diff {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        // Both are read before either is judged: what cannot be read is told first.
        let (old, new) = (SiteFiles::read_path(&self.old)?, SiteFiles::read_path(&self.new)?);
        let changes = diff(&old.valid_site()?, &new.valid_site()?);
        match self.format {
            Format::Json => {
                let changes: Vec<_> = changes.iter().map(document).collect();
                output::json(&json!({"changes": changes}))?;
            }
            Format::Table => {
                if !changes.is_empty() {
                    output::line(changes.iter().map(lines).collect::<String>().trim_end())?;
                }
                output::note(&summary(&changes));
            }
        }
        Ok(Exit::Done)
    }
}

fn document(change: &DocumentChange) -> Value {
    let (word, fields) = match &change.change {
        Change::Added => ("added", &[][..]),
        Change::Removed => ("removed", &[][..]),
        Change::Changed(fields) => ("changed", &fields[..]),
    };
    let fields = fields
        .iter()
        .map(|FieldChange { path, old, new }| json!({"path": path, "old": old, "new": new}))
        .collect::<Vec<_>>();
    json!({"kind": change.document.kind, "name": change.document.name, "change": word, "fields": fields})
}

fn lines(change: &DocumentChange) -> String {
    let (sign, fields) = match &change.change {
        Change::Added => ('+', &[][..]),
        Change::Removed => ('-', &[][..]),
        Change::Changed(fields) => ('~', &fields[..]),
    };
    let mut text = format!("{sign} {}\n", output::printable(&change.document.to_string()));
    for FieldChange { path, old, new } in fields {
        let path = output::printable(path);
        // Writing to a text cannot fail.
        let _written = writeln!(text, "    {path}: {} -> {}", shown(old.as_ref()), shown(new.as_ref()));
    }
    text
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), output::scalar)
}

fn summary(changes: &[DocumentChange]) -> String {
    let mut counts = [(0, "added"), (0, "removed"), (0, "changed")];
    let [added, removed, changed] = &mut counts;
    for change in changes {
        let count = match change.change {
            Change::Added => &mut *added,
            Change::Removed => &mut *removed,
            Change::Changed(_) => &mut *changed,
        };
        count.0 += 1;
    }
    if changes.is_empty() {
        return "nothing changes".to_owned();
    }
    counts.map(|(count, word)| format!("{count} {word}")).join(", ")
}
