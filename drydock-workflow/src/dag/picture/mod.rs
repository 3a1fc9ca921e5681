//! Pictures of a workflow, for people: as lines of text, for Graphviz, for Mermaid. The same workflow always gives the same text.

mod dot;
mod mermaid;
#[cfg(test)]
mod tests;
mod text;

use super::{Dag, Definition, Source, StepDef, StepKind, UndoScope, Unwind};

impl Dag {
    /// One line per step: what it is, what feeds it, what it waits for.
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
    /// let mut workflow = WorkflowBuilder::<u32>::new("wipe", 1);
    /// let input = workflow.input();
    /// let disks = workflow.step("disks", step_fn(|_, n: u32| async move { Ok(Outcome::Done(vec![n])) })).run(&input);
    /// workflow.map("wipe", step_fn(|_, _: u32| async move { Ok(Outcome::Done(())) })).at_once(4).run(&disks);
    /// let picture = workflow.build().unwrap().dag().to_text();
    /// assert_eq!(picture, "wipe, version 1\n  disks  step             <- input\n  wipe   map, 4 at once   <- disks\n");
    /// ```
    pub fn to_text(&self) -> String {
        text::picture(&self.definition)
    }

    /// For Graphviz: `dot -Tsvg`.
    pub fn to_dot(&self) -> String {
        dot::picture(&self.definition)
    }

    /// For Mermaid, as Markdown renderers show it.
    pub fn to_mermaid(&self) -> String {
        mermaid::picture(&self.definition)
    }
}

/// How one step hangs on another, or on the task's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    /// It takes its output.
    Feeds,
    /// It takes its output, if there is one.
    Maybe,
    /// It runs only if that says so.
    Gate,
    /// It comes after it.
    Order,
}

/// What a step hangs on, by name; `input` is the task's input.
fn ties(step: &StepDef) -> Vec<(&str, Tie)> {
    let mut ties: Vec<(&str, Tie)> = Vec::new();
    let mut add = |name, tie| {
        if !ties.contains(&(name, tie)) {
            ties.push((name, tie));
        }
    };
    for source in step.input.sources() {
        if let Some((name, tie)) = origin(source, Tie::Feeds) {
            add(name, tie);
        }
    }
    if let Some((name, tie)) = step.when.as_ref().and_then(|source| origin(source, Tie::Gate)) {
        add(name, tie);
    }
    for name in &step.after {
        add(name.as_str(), Tie::Order);
    }
    ties
}

fn origin(source: &Source, tie: Tie) -> Option<(&str, Tie)> {
    match source {
        Source::TaskInput => Some(("input", tie)),
        Source::Step(name) => Some((name.as_str(), tie)),
        Source::Maybe(name) => Some((name.as_str(), Tie::Maybe)),
        Source::Null => None,
    }
}

/// What a step is, in words.
fn kind(step: &StepDef) -> String {
    let mut words = Vec::new();
    match &step.kind {
        StepKind::Run if step.finally => words.push("finally".to_owned()),
        StepKind::Run => words.push("step".to_owned()),
        StepKind::Map { at_once } => {
            words.push("map".to_owned());
            words.extend(at_once.map(|n| format!("{n} at once")));
        }
        StepKind::Children(workflow) => words.push(format!("children {workflow}")),
    }
    if let Some(executor) = &step.executor {
        words.push(format!("by {}", executor.name));
    }
    match step.undo {
        None => {}
        Some(UndoScope::Done) => words.push("undo".to_owned()),
        Some(UndoScope::Begun) => words.push("undo when begun".to_owned()),
    }
    words.join(", ")
}

/// When the workflow unwinds, in words; nothing when it has nothing to undo.
fn unwinds(definition: &Definition) -> Option<&'static str> {
    definition.steps.iter().any(|step| step.undo.is_some()).then_some(match definition.unwind {
        Unwind::Always => "unwinds after a failure or a cancellation",
        Unwind::OnFailure => "unwinds after a failure",
        Unwind::OnCancel => "unwinds after a cancellation",
        Unwind::Never => "never unwinds",
    })
}
