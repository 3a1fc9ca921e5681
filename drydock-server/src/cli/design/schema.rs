//! `drydock design schema`: JSON Schemas of site documents, for editors.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use drydock_core::ingest::{Kind, schema};
use serde_json::Value;

use crate::cli::failure::{Exit, Failure};
use crate::cli::output;

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

Exit codes: 0 printed or written, 1 cannot be written, 2 there is no such kind.

Examples:
  drydock design schema > site.schema.json
  drydock design schema Network
  drydock design schema --output schemas")]
pub(in crate::cli) struct Schema {
    /// Only documents of this kind
    kind: Option<Kind>,
    /// Writes the schema into this folder; without KIND those of all kinds too, a file each
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

impl Schema {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut files = schema::files();
        if let Some(kind) = self.kind {
            files.retain(|(name, _)| *name == schema::file_name(kind));
        }
        match &self.output {
            Some(folder) => write(folder, &files)?,
            None => output::line(&text(&self.kind.map_or_else(schema::of_any, schema::of)))?,
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
