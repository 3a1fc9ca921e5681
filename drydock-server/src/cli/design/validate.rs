//! `drydock design validate`: is a design right, and if not, where not.

use std::path::PathBuf;

use clap::Args;
use drydock_core::design::{NoteLevel, Problems};
use drydock_core::{Clock as _, SystemClock};

use crate::api::document::ValidationDocument;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::site::{SiteFiles, Validated};

/// Checks a site design, and tells everything that is wrong with it at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Each problem is told with its file, line and column, its document and field, and what to do.
What a rule found is told with the rule's ID and the page in docs/rules that explains it.
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
        let validated = files.validate();
        match self.format {
            Format::Json => {
                let found = validated.as_ref().map(|validated| (&validated.report, &validated.notes[..]));
                output::json(&ValidationDocument::of(found, SystemClock.now()))?;
            }
            Format::Table => output::line(&for_people(&files, validated.as_ref()))?,
        }
        let valid = validated.is_ok_and(|validated| validated.report.is_valid());
        Ok(if valid { Exit::Done } else { Exit::Failed })
    }
}

/// A line for each problem and each note, and one that sums up.
fn for_people(files: &SiteFiles, validated: Result<&Validated, &Problems>) -> String {
    let (lines, verdict) = match validated {
        Ok(validated) => (told(validated), verdict(validated)),
        Err(problems) => {
            (problems.iter().map(ToString::to_string).collect(), not_valid(problems.iter().count()))
        }
    };
    let verdict = format!("{}: {verdict}", files.names());
    lines.into_iter().chain([verdict]).collect::<Vec<_>>().join("\n")
}

fn told(validated: &Validated) -> Vec<String> {
    let notes = validated.notes.iter().map(|note| {
        let level = match note.level {
            NoteLevel::Info => "note",
            NoteLevel::Warning => "warning",
        };
        format!("{level}: {note}")
    });
    let report = &validated.report;
    let warnings = report.warnings().map(|finding| format!("warning: {finding}"));
    let problems = report.problems.iter().map(ToString::to_string);
    notes.chain(warnings).chain(problems).chain(report.errors().map(ToString::to_string)).collect()
}

fn verdict(validated: &Validated) -> String {
    let report = &validated.report;
    if report.is_valid() {
        let contents = validated.counts.map(|(count, what)| counted(count, what)).join(", ");
        format!("valid: {contents}")
    } else {
        not_valid(report.problems.len() + report.errors().count())
    }
}

fn not_valid(problems: usize) -> String {
    format!("not valid: {}", counted(problems, "problem"))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
