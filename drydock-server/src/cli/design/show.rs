//! `drydock design show`: what a node comes to, and where each of its values comes from.

use std::path::PathBuf;

use clap::Args;
use drydock_core::NodeName;
use drydock_core::design::{Explained, Source, explain, leaves};
use drydock_core::ingest::Places;
use serde_json::{Value, json};

use super::inventory;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::site::SiteFiles;

/// Shows what a node comes to, with all that it inherits; secrets are not shown.
#[derive(Debug, Args)]
#[command(after_help = "\
With --explain each value has the document that says it, with its file, line and column, and after `->`
the document that this refers to. A value that no document says is a default.

With --lshw the aliases of the hardware profile get the names that the server's operating system has for
those devices; FILE is what `lshw -xml` wrote on the server.

Exit codes: 0 shown, 1 the design is not valid, has no such node, or it is not clear which device an alias of
the node means, 2 a file cannot be read.

Examples:
  drydock design show r1n01 --design site.yaml
  drydock design show r1n01 --design site.yaml --explain
  drydock design show r1n01 --design site.yaml --lshw r1n01.xml
  drydock design show r1n01 --design site.yaml --format json | jq .node.platform")]
pub(in crate::cli) struct Show {
    /// The node
    node: NodeName,
    /// A file of the site; may be repeated, together they are one design
    #[arg(long, required = true, value_name = "FILE")]
    design: Vec<PathBuf>,
    /// An inventory of the server
    #[arg(long, value_name = "FILE")]
    lshw: Option<PathBuf>,
    /// Also where each value comes from
    #[arg(long)]
    explain: bool,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Show {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let files = SiteFiles::read(&self.design)?;
        let mut site = files.valid_site()?;
        let no_node = || Failure::failed(format!("the design has no node {}", self.node));
        let unclear = match &self.lshw {
            Some(path) => inventory::learn(&mut site, &self.node, path)?,
            None => None,
        };
        let node = site.node(&self.node).ok_or_else(no_node)?;
        let tree = site.tree(node);
        let explained = if self.explain {
            let sources = files.sources();
            Some(explain(&site, &self.node, &mut Places::new(&sources)).ok_or_else(no_node)?)
        } else {
            None
        };
        match self.format {
            Format::Json => output::json(&document(&tree, explained.as_deref()))?,
            Format::Table => table(&tree, explained.as_deref())?,
        }
        unclear.map_or(Ok(Exit::Done), Err)
    }
}

fn document(node: &Value, explained: Option<&[Explained]>) -> Value {
    let Some(explained) = explained else { return json!({"node": node}) };
    let values = explained.iter().map(|Explained { path, value, from }| {
        let from: Vec<_> = from.iter().map(source).collect();
        json!({"path": path, "value": value, "from": from})
    });
    json!({"node": node, "values": values.collect::<Vec<_>>()})
}

fn source(Source { document, origin }: &Source) -> Value {
    json!({
        "kind": document.kind,
        "name": document.name,
        "file": &*origin.file,
        "line": origin.line,
        "column": origin.column,
    })
}

fn table(node: &Value, explained: Option<&[Explained]>) -> Result<(), Failure> {
    let Some(explained) = explained else {
        let mut table = output::table(&["FIELD", "VALUE"]);
        for leaf in leaves(node) {
            table.add_row([output::printable(&leaf.path), output::scalar(&leaf.value)]);
        }
        return output::rows(&table);
    };
    let mut table = output::table(&["FIELD", "VALUE", "FROM"]);
    for Explained { path, value, from } in explained {
        let from: Vec<_> =
            from.iter().map(|Source { document, origin }| format!("{document} {origin}")).collect();
        let from = if from.is_empty() { "default".to_owned() } else { from.join(" -> ") };
        table.add_row([output::printable(path), output::scalar(value), output::printable(&from)]);
    }
    output::rows(&table)
}
