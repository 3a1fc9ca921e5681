//! The picture for terminals and logs.

use std::fmt::Write as _;

use super::{Definition, StepDef, Tie, kind, origin, ties, unwinds};

pub(super) fn picture(definition: &Definition) -> String {
    let kinds: Vec<String> = definition.steps.iter().map(kind).collect();
    let names = definition.steps.iter().map(|step| step.name.as_str().len()).max().unwrap_or(0);
    let width = kinds.iter().map(String::len).max().unwrap_or(0);
    let mut text = format!("{}, version {}", definition.name, definition.version);
    if let Some(when) = unwinds(definition) {
        text.push_str(", ");
        text.push_str(when);
    }
    text.push('\n');
    for (step, kind) in definition.steps.iter().zip(kinds) {
        let mut line = format!("  {:names$}  {kind:width$}", step.name.as_str());
        sources(step, &mut line);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if let Some((name, _)) = definition.output.as_ref().and_then(|source| origin(source, Tie::Feeds)) {
        // A text takes all that is written to it.
        let _ok = writeln!(text, "output <- {name}").is_ok();
    }
    text
}

/// `   <- a, b?, after c, when d`
fn sources(step: &StepDef, line: &mut String) {
    let words = ties(step).into_iter().map(|(name, tie)| match tie {
        Tie::Feeds => name.to_owned(),
        Tie::Maybe => format!("{name}?"),
        Tie::Gate => format!("when {name}"),
        Tie::Order => format!("after {name}"),
    });
    let words: Vec<String> = words.collect();
    if !words.is_empty() {
        line.push_str("   <- ");
        line.push_str(&words.join(", "));
    }
}
