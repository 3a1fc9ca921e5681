//! `drydock node filter`: which nodes a filter selects, and why.

use std::path::PathBuf;

use clap::Args;
use drydock_core::node_filter::{FieldProblem, ShortFilter, Verdict};
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::site::SiteFiles;

/// Shows which nodes of a design a filter selects, and why.
#[derive(Debug, Args)]
#[command(after_help = "\
A node is selected if it meets all criteria and no --not takes it away. Of several names, tags or racks
one is enough; labels must all be there. Names are patterns: * for any text, ? for any character,
[2-9] and [01,07-12] for numbers.

With --format json the answer has the filter for the v1.0 API too, as a task takes it.

Exit codes: 0 nodes are selected, 1 none is, 2 a file cannot be read or the filter means nothing.

Examples:
  drydock node filter site.yaml --nodes 'r1n01,r1n0[2-9]'
  drydock node filter site.yaml --tags compute --labels role=control --racks rack1
  drydock node filter site.yaml --racks 'rack*' --not racks=rack2 --not tags=spare --all")]
pub(in crate::cli) struct Filter {
    /// The files of the site; together they are one design
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Nodes whose names match one of these
    #[arg(long, value_name = "NAME,…")]
    nodes: Option<String>,
    /// Nodes with one of these tags
    #[arg(long, value_name = "TAG,…")]
    tags: Option<String>,
    /// Nodes with all of these labels
    #[arg(long, value_name = "KEY=VALUE,…")]
    labels: Option<String>,
    /// Nodes in one of these racks
    #[arg(long, value_name = "RACK,…")]
    racks: Option<String>,
    /// Takes nodes away: nodes=, tags=, labels= or racks= and values; may be repeated
    #[arg(long, value_name = "KIND=VALUE,…")]
    not: Vec<String>,
    /// Also the nodes that are not selected, and why not
    #[arg(long)]
    all: bool,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Filter {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let filter = self.filter().map_err(|problem| Failure::usage(problem.to_string()))?;
        let files = SiteFiles::read(&self.files)?;
        let site = files.valid_site()?;
        let verdicts = filter.explain(&site);
        let selected = verdicts.iter().filter(|verdict| verdict.selected).count();
        let shown: Vec<&Verdict> = verdicts.iter().filter(|verdict| self.all || verdict.selected).collect();
        match self.format {
            Format::Json => {
                let nodes = shown.iter().map(
                    |verdict| json!({"name": verdict.node, "selected": verdict.selected, "why": verdict.why}),
                );
                let nodes: Vec<_> = nodes.collect();
                output::json(&json!({"nodes": nodes, "node_filter": filter.to_filter(&site)}))?;
            }
            Format::Table => {
                let mut table = output::table(&["NODE", "SELECTED", "WHY"]);
                for verdict in shown {
                    let word = if verdict.selected { "yes" } else { "no" };
                    table.add_row([verdict.node.as_str(), word, &verdict.why]);
                }
                output::rows(&table)?;
                output::note(&format!("{selected} of {} nodes", verdicts.len()));
            }
        }
        Ok(if selected > 0 { Exit::Done } else { Exit::Failed })
    }

    fn filter(&self) -> Result<ShortFilter, FieldProblem> {
        let mut filter = ShortFilter::default();
        let wanted =
            [("nodes", &self.nodes), ("tags", &self.tags), ("labels", &self.labels), ("racks", &self.racks)];
        for (kind, text) in wanted {
            if let Some(text) = text {
                filter.want(kind, text)?;
            }
        }
        for text in &self.not {
            filter.unwant(text)?;
        }
        Ok(filter)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        filter: Filter,
    }

    fn run(words: &[&str]) -> Result<Exit, Failure> {
        let site = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/sites/two-racks.yaml");
        Alone::parse_from(["filter", site].iter().chain(words)).filter.run()
    }

    #[test]
    fn whether_anything_is_selected_is_the_exit_code() {
        for (words, exit) in [
            (&[][..], Exit::Done),
            (&["--nodes", "r1n0[2-9]", "--tags", "compute", "--not", "racks=rack2", "--all"], Exit::Done),
            (&["--labels", "role=control", "--format", "json"], Exit::Done),
            (&["--racks", "rack1", "--not", "nodes=r1*"], Exit::Failed),
        ] {
            assert_eq!(run(words).unwrap(), exit, "{words:?}");
        }
    }

    #[test]
    fn a_filter_that_means_nothing_is_wrong_usage() {
        assert_eq!(run(&["--nodes", "a[2"]).unwrap_err().report(), Exit::Usage);
        assert_eq!(run(&["--not", "rack1"]).unwrap_err().report(), Exit::Usage);
    }
}
