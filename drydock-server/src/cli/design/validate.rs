//! `drydock design validate`: is a design right, and if not, where not.

use std::path::PathBuf;

use clap::Args;
use drydock_core::design::{Note, NoteLevel, Origin, Problem, Problems};
use drydock_core::rules::{Finding, Level};
use drydock_core::{Clock as _, SystemClock};

use super::excerpt::Excerpts;
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
            Format::Table => {
                let excerpts = output::is_terminal().then(|| Excerpts::new(&files, output::is_coloured()));
                output::line(&for_people(&files, validated.as_ref(), excerpts))?;
            }
        }
        let valid = validated.is_ok_and(|validated| validated.report.is_valid());
        Ok(if valid { Exit::Done } else { Exit::Failed })
    }
}

/// A line for each problem and each note, with what it is about where `excerpts` are wanted, and one that sums up.
fn for_people(
    files: &SiteFiles,
    validated: Result<&Validated, &Problems>,
    mut excerpts: Option<Excerpts<'_>>,
) -> String {
    let (told, verdict) = match validated {
        Ok(validated) => (all(validated), verdict(validated)),
        Err(problems) => (problems.iter().map(Told::problem).collect(), not_valid(problems.iter().count())),
    };
    let mut lines = Vec::new();
    for Told { line, level, origin, path } in told {
        lines.push(line);
        let place = excerpts.as_mut().zip(origin);
        lines.extend(place.and_then(|(excerpts, origin)| excerpts.of(level, origin, path)));
    }
    lines.push(format!("{}: {verdict}", files.names()));
    lines.join("\n")
}

/// One thing that is said.
struct Told<'v> {
    line: String,
    level: annotate_snippets::Level<'static>,
    origin: Option<&'v Origin>,
    /// The field; empty when a whole document is meant.
    path: &'v str,
}

impl<'v> Told<'v> {
    fn note(note: &'v Note) -> Self {
        let (level, word) = match note.level {
            NoteLevel::Info => (annotate_snippets::Level::NOTE, "note"),
            NoteLevel::Warning => (annotate_snippets::Level::WARNING, "warning"),
        };
        Self { line: format!("{word}: {note}"), level, origin: Some(&note.origin), path: &note.path }
    }

    fn problem(problem: &'v Problem) -> Self {
        let level = annotate_snippets::Level::ERROR;
        Self { line: problem.to_string(), level, origin: Some(&problem.origin), path: &problem.path }
    }

    fn finding(finding: &'v Finding) -> Self {
        let (level, line) = match finding.level {
            Level::Warning => (annotate_snippets::Level::WARNING, format!("warning: {finding}")),
            Level::Error => (annotate_snippets::Level::ERROR, finding.to_string()),
        };
        Self { line, level, origin: finding.origin.as_ref(), path: "" }
    }
}

/// What makes the design invalid comes last, next to the verdict.
fn all(validated: &Validated) -> Vec<Told<'_>> {
    let notes = validated.notes.iter().map(Told::note);
    let report = &validated.report;
    let problems = report.problems.iter().map(Told::problem);
    let findings = report.warnings().map(Told::finding);
    notes.chain(findings).chain(problems).chain(report.errors().map(Told::finding)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str, excerpts: bool) -> String {
        let files = SiteFiles::of("site.yaml", source);
        let validated = files.validate();
        for_people(&files, validated.as_ref(), excerpts.then(|| Excerpts::new(&files, false)))
    }

    #[test]
    fn each_finding_names_its_page_and_on_a_terminal_its_line() {
        let network = "schema: drydock/Network/v1\nmetadata: {name: a}\ndata:\n  cidr: 10.0.0.0/24\n  \
                       routes: [{gateway: 10.0.0.1}]\n";
        let line = "warning: site.yaml:5:12: Network/a: DD5013 Route Destinations: Route 1 of a has neither a subnet nor a \
                    routedomain. Write the subnet that it leads to, or the route domain. \
                    (docs/rules/DD5013-route-destination.md)";
        let text = shown(network, false);
        assert!(text.lines().any(|it| it == line) && !text.contains('^'), "{text}");
        let text = shown(network, true);
        let excerpt = format!("{line}\n  |\n5 |   routes: [{{gateway: 10.0.0.1}}]\n  |            ^\n");
        assert!(text.contains(&excerpt), "{text}");
    }

    #[test]
    fn a_problem_is_shown_at_its_value() {
        let text =
            shown("schema: drydock/Network/v1\nmetadata: {name: a}\ndata: {cidr: 10.0.0.0/33}\n", true);
        let excerpt = "  |\n3 | data: {cidr: 10.0.0.0/33}\n  |              ^^^^^^^^^^^\nsite.yaml: not valid: 1 problem";
        assert!(text.ends_with(excerpt), "{text}");
    }
}
