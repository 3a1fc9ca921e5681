//! Node filters in short, for the command line: criteria that a node must all meet, less what is taken away.
//!
//! Names of nodes and racks are patterns: `*` for any text, `?` for any character, `[2-9]` and `[01,07-12]` for numbers.
//! Of several names, tags or racks one is enough; labels must all be there, as in an intersection of the v1.0 API.

use super::pattern::{Pattern, split};
use super::{FieldProblem, NodeFilter};
use crate::NodeName;
use crate::design::{EffectiveNode, Site};

/// A filter in short. Without criteria it selects all nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShortFilter {
    wanted: Vec<Criterion>,
    unwanted: Vec<Criterion>,
}

/// What a filter says of one node, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The node.
    pub node: NodeName,
    /// Whether it is selected.
    pub selected: bool,
    /// Each criterion that it meets; if it is not selected, the one that decided.
    pub why: String,
}

/// Values of one kind, as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Criterion {
    kind: Kind,
    text: String,
    values: Vec<Wanted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nodes,
    Tags,
    Labels,
    Racks,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Name(Pattern),
    Tag(String),
    Label(String, String),
}

impl Kind {
    const ALL: [Self; 4] = [Self::Nodes, Self::Tags, Self::Labels, Self::Racks];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Tags => "tags",
            Self::Labels => "labels",
            Self::Racks => "racks",
        }
    }

    fn value(self, text: &str) -> Result<Wanted, String> {
        match self {
            Self::Nodes | Self::Racks => Pattern::parse(text).map(Wanted::Name),
            Self::Tags => Ok(Wanted::Tag(text.to_owned())),
            Self::Labels => match text.split_once('=') {
                Some((key, value)) if !key.is_empty() => Ok(Wanted::Label(key.to_owned(), value.to_owned())),
                _ => Err(format!("{text:?} is no label: write key=value")),
            },
        }
    }
}

impl ShortFilter {
    /// Adds what selected nodes must have. `kind` is `nodes`, `tags`, `labels` or `racks`; `text` has values with commas between them.
    pub fn want(&mut self, kind: &str, text: &str) -> Result<(), FieldProblem> {
        self.wanted.push(criterion(kind, text)?);
        Ok(())
    }

    /// Takes nodes away: `text` is as `racks=rack1` or `labels=role=control`.
    pub fn unwant(&mut self, text: &str) -> Result<(), FieldProblem> {
        let (kind, values) = text.split_once('=').ok_or_else(|| {
            FieldProblem::new(
                "not",
                format!("{text:?} says not of what: write nodes=, tags=, labels= or racks= before it"),
            )
        })?;
        self.unwanted.push(criterion(kind, values)?);
        Ok(())
    }

    /// What it says of every node of the site, in the order of names.
    pub fn explain(&self, site: &Site) -> Vec<Verdict> {
        site.nodes().values().map(|node| self.verdict(node)).collect()
    }

    /// The filter of the v1.0 API that selects the same nodes of the site, by their names.
    pub fn to_filter(&self, site: &Site) -> NodeFilter {
        let selected = self.explain(site).into_iter().filter(|verdict| verdict.selected);
        NodeFilter::names(&selected.map(|verdict| verdict.node).collect::<Vec<_>>())
    }

    fn verdict(&self, node: &EffectiveNode) -> Verdict {
        let of = |selected, why| Verdict { node: node.name.clone(), selected, why };
        let mut met = Vec::new();
        for criterion in &self.wanted {
            match criterion.met_by(node) {
                Some(how) => met.push(how),
                None => {
                    return of(
                        false,
                        format!("does not have {} {}", criterion.kind.as_str(), criterion.text),
                    );
                }
            }
        }
        for criterion in &self.unwanted {
            if let Some(how) = criterion.met_by(node) {
                return of(false, format!("taken away: {how}"));
            }
        }
        of(true, if met.is_empty() { "all nodes are meant".to_owned() } else { met.join(", ") })
    }
}

impl Criterion {
    /// How the node meets it.
    fn met_by(&self, node: &EffectiveNode) -> Option<String> {
        let label = |key: &String, value: &String| node.owner_data.get(key) == Some(value);
        if self.kind == Kind::Labels {
            let all = self
                .values
                .iter()
                .all(|wanted| matches!(wanted, Wanted::Label(key, value) if label(key, value)));
            return all.then(|| format!("labels {}", self.text));
        }
        self.values.iter().find_map(|wanted| match (self.kind, wanted) {
            (Kind::Nodes, Wanted::Name(pattern)) => {
                pattern.matches(node.name.as_str()).then(|| format!("name {pattern}"))
            }
            (Kind::Racks, Wanted::Name(pattern)) => {
                let rack = node.rack.as_ref().filter(|rack| pattern.matches(rack))?;
                Some(format!("rack {rack}"))
            }
            (_, Wanted::Tag(tag)) => node.tags.contains(tag).then(|| format!("tag {tag}")),
            (_, Wanted::Name(_) | Wanted::Label(..)) => None,
        })
    }
}

fn criterion(kind: &str, text: &str) -> Result<Criterion, FieldProblem> {
    let known = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
    let known = known.ok_or_else(|| {
        FieldProblem::new("not", format!("{kind:?} is none of nodes, tags, labels and racks"))
    })?;
    let problem = |text: String| FieldProblem::new(kind, text);
    let values = split(text).into_iter().map(str::trim);
    let values = values.map(|value| {
        if value.is_empty() { Err(format!("{text:?} has an empty value")) } else { known.value(value) }
    });
    let values = values.collect::<Result<Vec<_>, _>>().map_err(problem)?;
    Ok(Criterion { kind: known, text: text.to_owned(), values })
}
