//! `drydock design graph`: a picture of a site.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use drydock_core::design::{self, Edge, Vertex};
use serde_json::{Value, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::cli::site::SiteFiles;

/// Draws a site: its racks, nodes, links and networks.
#[derive(Debug, Args)]
#[command(after_help = "\
A node is drawn in its rack, on the links of its interfaces, and on the networks where it has an address
and no interface, as its BMC. A link is drawn to each network that it carries.

Exit codes: 0 drawn, 1 the design is not valid, 2 a file cannot be read.

Examples:
  drydock design graph site.yaml > site.mmd
  drydock design graph site.yaml --format svg > site.svg
  drydock design graph region.yaml nodes.yaml --format json | jq .edges")]
pub(in crate::cli) struct Graph {
    /// The files of the site; together they are one design
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How the picture is written
    #[arg(long, value_enum, default_value_t)]
    format: Picture,
}

/// What a picture is written as.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Picture {
    /// For Mermaid, as Markdown shows it
    #[default]
    Mermaid,
    /// For a browser
    Svg,
    /// For programs; its form is kept
    Json,
}

impl Graph {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let site = SiteFiles::read(&self.files)?.valid_site()?;
        let graph = design::Graph::of(&site);
        match self.format {
            Picture::Mermaid => output::line(graph.mermaid().trim_end())?,
            Picture::Svg => output::line(graph.svg().trim_end())?,
            Picture::Json => output::json(&document(&graph))?,
        }
        Ok(Exit::Done)
    }
}

/// Edges name what they tie by its index among the vertices.
fn document(graph: &design::Graph) -> Value {
    let vertices = graph
        .vertices
        .iter()
        .map(|Vertex { kind, name, detail }| json!({"kind": kind.as_str(), "name": name, "detail": detail}));
    let edges =
        graph.edges.iter().map(|Edge { from, to, label }| json!({"from": from, "to": to, "label": label}));
    json!({"vertices": vertices.collect::<Vec<_>>(), "edges": edges.collect::<Vec<_>>()})
}
