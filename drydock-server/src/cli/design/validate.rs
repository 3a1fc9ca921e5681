//! `drydock design validate`: is a design right, and if not, where not.

use std::path::PathBuf;

use clap::Args;
use drydock_core::design::{NoteLevel, Site};
use drydock_core::{Clock as _, SystemClock};

use super::report;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::site::{Resolved, SiteFiles};

/// Checks a site design, and tells everything that is wrong with it at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Each problem is told with its file, line and column, its document and field, and what to do.
With --format json the answer is the validation document of the v1.0 API.

Exit codes: 0 the design is valid, 1 it is not, 2 a file cannot be read.

Examples:
  drydock design validate site.yaml
  drydock design validate region.yaml networks.yaml nodes.yaml
  drydock design validate site.yaml --format json | jq .details.errorCount")]
pub(in crate::cli) struct Validate {
    /// The files of the site; together they are one design
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Validate {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let files = SiteFiles::read(&self.files)?;
        let resolved = files.resolve();
        match self.format {
            Format::Json => output::json(&report::status(&resolved, SystemClock.now()))?,
            Format::Table => output::line(&for_people(&files, &resolved))?,
        }
        Ok(if resolved.site.is_ok() { Exit::Done } else { Exit::Failed })
    }
}

/// A line for each problem and each note, and one that sums up.
fn for_people(files: &SiteFiles, resolved: &Resolved) -> String {
    let mut lines = Vec::new();
    for note in &resolved.notes {
        let level = match note.level {
            NoteLevel::Info => "note",
            NoteLevel::Warning => "warning",
        };
        lines.push(format!("{level}: {note}"));
    }
    match &resolved.site {
        Ok(site) => lines.push(format!("{}: valid: {}", files.names(), contents(site))),
        Err(problems) => {
            lines.extend(problems.iter().map(ToString::to_string));
            let count = problems.iter().count();
            lines.push(format!("{}: not valid: {}", files.names(), counted(count, "problem")));
        }
    }
    lines.join("\n")
}

fn contents(site: &Site) -> String {
    let design = site.design();
    let counts = [
        (site.nodes().len(), "node"),
        (design.racks.len(), "rack"),
        (design.networks.len(), "network"),
        (design.host_profiles.len(), "host profile"),
    ];
    counts.map(|(count, what)| counted(count, what)).join(", ")
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
