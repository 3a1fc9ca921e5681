//! `drydock design schema`: JSON Schemas of site documents, for editors.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use drydock_core::ingest::{Kind, schema};
use serde_json::Value;

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};

/// Prints the JSON Schema of site documents: with it an editor completes, explains and checks what is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Without KIND it is the schema of any document: it selects by what the document says it is.
The kinds are Region, NetworkLink, Network, Rack, HardwareProfile, HostProfile, BaremetalNode
and BootAction.

An editor that knows yaml-language-server takes it from the first line of a document:
  # yaml-language-server: $schema=site.schema.json
In a file of many documents that holds for the first one alone. For all of them map files to
the schema in the editor's settings; in those of VS Code, with the YAML extension:
  \"yaml.schemas\": {\"site.schema.json\": \"sites/**/*.yaml\"}

A schema knows one document. That documents fit each other `drydock design validate` checks.

With --format table it is a list to read: the kinds, or the fields of one.

Exit codes: 0 printed or written, 1 cannot be written, 2 there is no such kind.

Examples:
  drydock design schema > site.schema.json
  drydock design schema Network
  drydock design schema Network --format table
  drydock design schema --output schemas")]
pub(in crate::cli) struct Schema {
    /// Only documents of this kind
    kind: Option<Kind>,
    /// Writes the schema into this folder; without KIND those of all kinds too, a file each
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = Format::Json, conflicts_with = "output")]
    format: Format,
}

impl Schema {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        match (&self.output, self.format, self.kind) {
            (Some(folder), _, kind) => {
                let mut files = schema::files();
                files.retain(|(name, _)| kind.is_none_or(|kind| *name == schema::file_name(kind)));
                write(folder, &files)?;
            }
            (None, Format::Json, kind) => output::line(&text(&kind.map_or_else(schema::of_any, schema::of)))?,
            (None, Format::Table, None) => kinds()?,
            (None, Format::Table, Some(kind)) => fields(kind)?,
        }
        Ok(Exit::Done)
    }
}

/// Writes the files, and says which.
fn write(folder: &Path, files: &[(String, Value)]) -> Result<(), Failure> {
    let failed = |path: &Path| Failure::failed(format!("cannot write {}", path.display()));
    fs::create_dir_all(folder).map_err(|error| failed(folder).because(error))?;
    for (name, schema) in files {
        let path = folder.join(name);
        fs::write(&path, text(schema) + "\n").map_err(|error| failed(&path).because(error))?;
        output::line(&path.display().to_string())?;
    }
    Ok(())
}

fn text(schema: &Value) -> String {
    format!("{schema:#}")
}

fn kinds() -> Result<(), Failure> {
    let mut table = output::table(&["KIND", "WHAT IT IS"]);
    for kind in Kind::ALL {
        table.add_row([kind.as_str().to_owned(), output::scalar(&schema::of(kind)["description"])]);
    }
    output::rows(&table)
}

/// The fields of the body of a document: each with its path, where `[]` stands for the entries of a list, and `*` for
/// those of a mapping whose keys the site makes up.
fn fields(kind: Kind) -> Result<(), Failure> {
    let schema = schema::of(kind);
    let mut table = output::table(&["FIELD", "VALUE", "WHAT IT IS"]);
    let mut rows = Vec::new();
    collect(&schema["definitions"][format!("{}Body", kind.as_str())], "", &mut rows);
    for row in rows {
        table.add_row(row);
    }
    output::rows(&table)
}

fn collect(schema: &Value, path: &str, rows: &mut Vec<[String; 3]>) {
    let required = |key: &str| {
        schema["required"].as_array().is_some_and(|required| required.iter().any(|known| known == key))
    };
    for (key, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let value = value(field) + if required(key) { ", required" } else { "" };
        rows.push([path.clone(), value, output::scalar(&field["description"])]);
        collect(field, &path, rows);
    }
    for (keyword, below) in [("additionalProperties", ".*"), ("items", "[]")] {
        if let Some(entry) = schema.get(keyword).filter(|entry| entry.is_object()) {
            collect(entry, &format!("{path}{below}"), rows);
        }
    }
}

/// What a value may be, in words.
fn value(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        only => only.as_str().into_iter().collect::<Vec<_>>(),
    };
    let mut words: Vec<_> = types
        .iter()
        .filter_map(|word| match *word {
            "array" => Some("list"),
            "boolean" => Some("true or false"),
            "integer" => Some("whole number"),
            "number" => Some("number"),
            "object" => Some("mapping"),
            // Beside these, a text is another way to write the number, or the `!` that the sentence tells of.
            "string" if !types.contains(&"integer") && schema["pattern"] != "^!$" => Some("text"),
            _ => None,
        })
        .collect();
    words.dedup();
    words.join(" or ")
}
