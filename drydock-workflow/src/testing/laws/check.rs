//! All trials of all laws, and what their ends have to be.

use std::collections::BTreeSet;

use drydock_core::error_chain;
use drydock_core::journal::{Journal, TaskEndKind};
use drydock_core::{Payload, StepName, WorkflowName};
use serde::Serialize;

use super::trial::{Came, Ground, Plan};
use super::violation::{Law, Passed, Violation, Violations};
use crate::dag::{Definition, StepKind};

/// A workflow with more commits than this is tried only so far.
const MOST_CRASHES: usize = 10_000;

pub(super) async fn all<J: Journal, I: Serialize>(
    ground: &impl Fn() -> Ground<J>,
    input: &I,
) -> Result<Passed, Violations> {
    let mut court = Court { ground, found: Vec::new(), trials: 0 };
    court.sit(input).await;
    if court.found.is_empty() { Ok(Passed { trials: court.trials }) } else { Err(Violations(court.found)) }
}

struct Court<'a, G> {
    ground: &'a G,
    found: Vec<Violation>,
    trials: usize,
}

impl<J: Journal, G: Fn() -> Ground<J>> Court<'_, G> {
    async fn sit<I: Serialize>(&mut self, input: &I) {
        let input = match Payload::encode(input) {
            Ok(input) => input,
            Err(error) => return self.object(Law::Ends, "the input", format!("it is not JSON: {error}")),
        };
        let Some((usual, end)) = self.trial(Law::Ends, "no fault", Plan::Nothing, &input).await else {
            return;
        };
        for definition in usual.definitions.clone() {
            for step in &definition.steps {
                if !matches!(step.kind, StepKind::Children(_)) {
                    self.fail(&definition, &step.name, &input).await;
                }
                self.repeat(&definition.name, &step.name, &input, &end).await;
            }
        }
        for count in 1..=MOST_CRASHES {
            if !self.crash(count, &input, &usual, &end).await {
                break;
            }
        }
    }

    async fn fail(&mut self, definition: &Definition, step: &StepName, input: &Payload) {
        let at = format!("step {step} of {}", definition.name);
        let plan = Plan::Fail(definition.name.clone(), step.clone());
        let law = Law::FailEachStep;
        let Some((came, _)) = self.trial(law, &at, plan, input).await else { return };
        // A workflow that is not the root's, or a step that is not reached with this input: nothing to see.
        if !came.struck {
            return;
        }
        let after = dependents(definition, step);
        for (place, begun) in &came.seen.begun {
            let same = came.is_of(place, &definition.name);
            if same && !begun.is_undo() && after.contains(begun.name()) {
                self.object(law, &at, format!("step {begun} of {place} began, although it depends on it"));
            }
            if same && !begun.is_undo() && begun.name() == step {
                match came.seen.ends.get(place).map(|end| &end.kind) {
                    Some(TaskEndKind::Failed(_)) => {}
                    other => {
                        self.object(law, &at, format!("{place} did not end as failed, but so: {other:?}"));
                    }
                }
            }
        }
    }

    async fn repeat(&mut self, workflow: &WorkflowName, step: &StepName, input: &Payload, usual: &str) {
        let at = format!("step {step} of {workflow}");
        let plan = Plan::LoseEnd(workflow.clone(), step.clone());
        if let Some((_, end)) = self.trial(Law::RepeatEachStep, &at, plan, input).await {
            self.compare(Law::RepeatEachStep, &at, &end, usual);
        }
    }

    /// Whether there was such a commit.
    async fn crash(&mut self, count: usize, input: &Payload, usual: &Came, usual_end: &str) -> bool {
        let (law, at) = (Law::CrashAfterEachRecord, format!("commit {count}"));
        let Some((came, end)) = self.trial(law, &at, Plan::CrashAfter(count), input).await else {
            // It hangs, and may so after every later commit: one is enough.
            return false;
        };
        self.compare(law, &at, &end, usual_end);
        let keys: BTreeSet<_> = usual.seen.checkpoints.keys().chain(came.seen.checkpoints.keys()).collect();
        for key @ (place, step) in keys {
            let expected = usual.seen.checkpoints.get(key).copied().unwrap_or(0).min(1);
            let found = came.seen.checkpoints.get(key).copied().unwrap_or(0);
            if found != expected {
                let what = format!("step {step} of {place} has {found} checkpoints instead of {expected}");
                self.object(law, &at, what);
            }
        }
        came.struck
    }

    /// Runs a trial; nothing when it came to no end, which is a violation.
    async fn trial(&mut self, law: Law, at: &str, plan: Plan, input: &Payload) -> Option<(Came, String)> {
        self.trials += 1;
        match (self.ground)().run(plan, input.clone()).await {
            Ok(came) => {
                let end = came.end.as_ref().map(|end| came.seen.end(end));
                if end.is_none() {
                    self.object(law, at, "the task hangs".to_owned());
                }
                Some((came, end?))
            }
            Err(error) => {
                self.object(law, at, error_chain(&error));
                None
            }
        }
    }

    fn compare(&mut self, law: Law, at: &str, end: &str, usual: &str) {
        if end != usual {
            self.object(law, at, format!("the task {end}; without faults it {usual}"));
        }
    }

    fn object(&mut self, law: Law, at: &str, what: String) {
        self.found.push(Violation { law, at: at.to_owned(), what });
    }
}

/// The steps that cannot begin before `step` has done its work. Finally steps run however those before them ended.
fn dependents(definition: &Definition, step: &StepName) -> BTreeSet<StepName> {
    let mut found = BTreeSet::from([step.clone()]);
    loop {
        let before = found.len();
        for later in definition.steps.iter().filter(|later| !later.finally) {
            if later.dependencies().iter().any(|earlier| found.contains(*earlier)) {
                found.insert(later.name.clone());
            }
        }
        if found.len() == before {
            found.remove(step);
            return found;
        }
    }
}
