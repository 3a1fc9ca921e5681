//! The picture for Mermaid. Steps have numbers there: their names might be words of its language.

use super::{Definition, StepDef, StepKind, Tie, kind, origin, ties};

pub(super) fn picture(definition: &Definition) -> String {
    let id = |name: &str| {
        let step = definition.steps.iter().position(|step| step.name.as_str() == name);
        step.map_or_else(|| name.to_owned(), |step| format!("s{step}"))
    };
    let mut lines = vec!["flowchart LR".to_owned(), "  input([input])".to_owned()];
    lines.extend(definition.steps.iter().enumerate().map(|(place, step)| node(place, step)));
    for (place, step) in definition.steps.iter().enumerate() {
        for (name, tie) in ties(step) {
            let arrow = match tie {
                Tie::Feeds => "-->",
                Tie::Maybe => "-.->|if there|",
                Tie::Gate => "-->|when|",
                Tie::Order => "-.->",
            };
            lines.push(format!("  {} {arrow} s{place}", id(name)));
        }
    }
    if let Some((name, _)) = definition.output.as_ref().and_then(|source| origin(source, Tie::Feeds)) {
        lines.push(format!("  {} --> output([output])", id(name)));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn node(place: usize, step: &StepDef) -> String {
    let (open, close) = match step.kind {
        StepKind::Run if step.finally => ("(", ")"),
        StepKind::Run => ("[", "]"),
        StepKind::Map { .. } => ("[[", "]]"),
        StepKind::Children(_) => ("[/", "/]"),
    };
    format!("  s{place}{open}\"{}<br/>{}\"{close}", step.name, kind(step))
}
