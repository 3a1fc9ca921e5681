//! What came of validating a design.

use std::fmt;

use super::context::Told;
use super::platform::{self, Platforms};
use super::{RULES, Rule};
use crate::design::{DocumentRef, Origin, Problem, Problems, Site};
use crate::ingest::Places;

/// How many findings [`Report::place`] moves.
pub const PLACED_MAX: usize = 1000;

/// How much a [`Finding`] should be minded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Probably not what was meant; the design can be used.
    Warning,
    /// The design is not valid.
    Error,
}

/// One thing that a rule found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How much to mind it.
    pub level: Level,
    /// What is wrong. Never holds a secret.
    pub text: String,
    /// What to do about it.
    pub advice: String,
    /// The documents that it is about, the one to change first; none when something is missing altogether.
    pub documents: Vec<DocumentRef>,
    /// The keys that lead to the field of the first of them that is meant, as [`Places::of`] takes them; none for all of it.
    pub keys: Vec<String>,
    /// Where the first of them stands, or after [`Report::place`] the field.
    pub origin: Option<Origin>,
}

impl fmt::Display for Finding {
    /// In one line: `site.yaml:7:1: BaremetalNode/n1: DD1001 Rational Boot Storage: … (docs/rules/…)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        if let Some(origin) = &self.origin {
            line = format!("{origin}: ");
        }
        if let Some(document) = self.documents.first() {
            line = format!("{line}{document}: ");
        }
        let Rule { id, title, .. } = self.rule;
        let end = if self.text.ends_with('.') { "" } else { "." };
        line = format!("{line}{id} {title}: {}{end} {} ({})", self.text, self.advice, self.rule.page());
        // Names come from the file; they must not break a log line or move a terminal's cursor.
        f.write_str(&line.replace(char::is_control, " "))
    }
}

/// All that is wrong with a design that can be read.
#[derive(Debug, Clone)]
pub struct Report {
    /// What cannot be resolved, and is no rule's matter: chains of profiles that break, references that lead nowhere.
    pub problems: Vec<Problem>,
    /// What the rules found, in their order.
    pub findings: Vec<Finding>,
}

impl Report {
    /// This report of a site, with what the rule about platforms says now that it is known what images and kernels there
    /// are.
    #[must_use = "the report is a new one"]
    pub fn with_platforms(&self, site: &Site, platforms: &Platforms) -> Self {
        let mut findings = Vec::new();
        for rule in &RULES {
            if rule.asks_for_platforms() {
                let mut told = Told::new(rule);
                platform::check_site(site, platforms, &mut told);
                findings.append(&mut told.findings);
            } else {
                findings.extend(self.findings.iter().filter(|it| std::ptr::eq(it.rule, rule)).cloned());
            }
        }
        Self { problems: self.problems.clone(), findings }
    }

    /// Moves each finding from the first line of its document to the field that it is about, as far as `places` has the
    /// files. A field that is inherited is not in the document; then it is what is around it there. Since documents are
    /// parsed once more for this, only the first [`PLACED_MAX`] findings are moved.
    pub fn place(&mut self, places: &mut Places<'_>) {
        for finding in self.findings.iter_mut().filter(|finding| !finding.keys.is_empty()).take(PLACED_MAX) {
            let keys: Vec<&str> = finding.keys.iter().map(String::as_str).collect();
            if let Some(origin) = &mut finding.origin {
                *origin = places.of(origin, &keys);
            }
        }
    }

    /// Whether the design can be used.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty() && self.errors().next().is_none()
    }

    /// The findings that make the design invalid.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.level == Level::Error)
    }

    /// The findings that do not.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.level == Level::Warning)
    }

    /// What is wrong, problems and errors alike; none if the design is valid.
    pub fn into_problems(self) -> Option<Problems> {
        let errors = self.findings.into_iter().filter(|finding| finding.level == Level::Error);
        let errors = errors.map(|finding| Problem {
            origin: finding.origin.unwrap_or_else(|| Origin::file("")),
            document: finding.documents.into_iter().next(),
            path: String::new(),
            text: format!("{} {}: {}", finding.rule.id, finding.rule.title, finding.text),
        });
        let problems: Vec<_> = self.problems.into_iter().chain(errors).collect();
        Problems::unless_none(problems, ()).err()
    }
}
