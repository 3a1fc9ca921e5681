//! The result, as a table or as JSON.

use serde::Serialize;

use crate::database::Kind;
use crate::figure::Figure;
use crate::scenario::Scenario;

/// What was measured of one store.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    store: Kind,
    /// The database, and how durable it is.
    about: String,
    scenarios: Vec<Section>,
    /// What makes no sense on this store.
    left_out: Vec<Scenario>,
}

/// What one scenario came to.
#[derive(Debug, Serialize)]
struct Section {
    scenario: Scenario,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(store: Kind, about: &str) -> Self {
        Self { store, about: about.to_owned(), scenarios: Vec::new(), left_out: Vec::new() }
    }

    pub(crate) fn add(&mut self, scenario: Scenario, figures: Vec<Figure>) {
        self.scenarios.push(Section { scenario, figures });
    }

    pub(crate) fn left_out(&mut self, scenario: Scenario) {
        self.left_out.push(scenario);
    }
}

const HEADS: [&str; 5] = ["", "engine", "counterpart", "ratio", "reach"];

/// The reports, one below the other. Values are medians, in parentheses the least and the greatest.
pub(crate) fn table(reports: &[Report]) -> String {
    let texts: Vec<String> = reports.iter().map(Report::table).collect();
    texts.join("\n\n")
}

impl Report {
    fn table(&self) -> String {
        let mut lines = vec![HEADS.map(str::to_owned)];
        for section in &self.scenarios {
            lines.push([
                format!("{}:", section.scenario),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ]);
            lines.extend(section.figures.iter().map(|figure| {
                let [what, engine, raw, ratio, reach] = figure.cells();
                [format!("  {what}"), engine, raw, ratio, reach]
            }));
        }
        let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
        let mut text = vec![format!("{}: {}", self.store, self.about), String::new()];
        text.extend(lines.iter().map(|line| {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        }));
        text.join("\n")
    }
}
