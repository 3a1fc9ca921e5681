//! The picture for Graphviz. Names of steps and workflows have no character that would need care inside quotes.

use super::{Definition, StepDef, StepKind, Tie, kind, origin, ties, unwinds};

pub(super) fn picture(definition: &Definition) -> String {
    let mut lines = vec![
        format!("digraph \"{}\" {{", definition.name),
        "  rankdir=LR;".to_owned(),
        format!("  label=\"{}\";", title(definition)),
        "  node [shape=box];".to_owned(),
        "  \"input\" [shape=plaintext];".to_owned(),
    ];
    lines.extend(definition.steps.iter().map(node));
    for step in &definition.steps {
        for (name, tie) in ties(step) {
            lines.push(format!("  \"{name}\" -> \"{}\"{};", step.name, style(tie)));
        }
    }
    if let Some((name, _)) = definition.output.as_ref().and_then(|source| origin(source, Tie::Feeds)) {
        lines.push("  \"output\" [shape=plaintext];".to_owned());
        lines.push(format!("  \"{name}\" -> \"output\";"));
    }
    lines.push("}\n".to_owned());
    lines.join("\n")
}

fn title(definition: &Definition) -> String {
    let unwinds = unwinds(definition).map(|when| format!(", {when}")).unwrap_or_default();
    format!("{}, version {}{unwinds}", definition.name, definition.version)
}

fn node(step: &StepDef) -> String {
    let shape = match step.kind {
        StepKind::Run if step.finally => ", style=rounded",
        StepKind::Run => "",
        StepKind::Map { .. } => ", shape=box3d",
        StepKind::Children(_) => ", shape=folder",
    };
    format!("  \"{0}\" [label=\"{0}\\n{1}\"{shape}];", step.name, kind(step))
}

const fn style(tie: Tie) -> &'static str {
    match tie {
        Tie::Feeds => "",
        Tie::Maybe => " [style=dashed, label=\"if there\"]",
        Tie::Gate => " [arrowhead=odiamond, label=\"when\"]",
        Tie::Order => " [style=dotted]",
    }
}
