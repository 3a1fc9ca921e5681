//! All trials of all laws, and what their ends have to be.

use std::collections::BTreeSet;

use drydock_core::error_chain;
use drydock_core::journal::{Journal, TaskEndKind};
use drydock_core::{Payload, StepName};
use serde::Serialize;

use super::trial::{Came, Crash, Ground, Part, Plan};
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
        let Some((usual, end)) = self.trial(Law::Ends, "no fault", Plan::default(), &input).await else {
            return;
        };
        self.clean(Law::Ends, "no fault", &usual);
        for definition in usual.definitions.clone() {
            for step in &definition.steps {
                let part = Part { workflow: definition.name.clone(), step: step.name.clone(), undo: false };
                if !matches!(step.kind, StepKind::Children(_)) {
                    self.fail(&definition, &part, &input).await;
                }
                let at = format!("step {} of {}", step.name, definition.name);
                let plan = Plan { crash: Crash::LoseEnd(part), ..Plan::default() };
                if let Some((_, found)) = self.trial(Law::RepeatEachStep, &at, plan, &input).await {
                    self.compare(Law::RepeatEachStep, &at, &found, &end);
                }
            }
        }
        self.crash(&Plan::default(), "", &input, &usual, &end).await;
    }

    async fn fail(&mut self, definition: &Definition, part: &Part, input: &Payload) {
        let step = &part.step;
        let at = format!("step {step} of {}", definition.name);
        let plan = Plan { fail: vec![part.clone()], ..Plan::default() };
        let law = Law::FailEachStep;
        let Some((came, end)) = self.trial(law, &at, plan.clone(), input).await else { return };
        // A workflow that is not the root's, or a step that is not reached with this input: nothing to see.
        if !came.failed {
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
        self.clean(law, &at, &came);
        if definition.steps.iter().any(|step| step.undo.is_some() || step.finally) {
            self.unwind(definition, &plan, &at, input, &end).await;
            self.crash(&plan, &format!(" after the failure of {at}"), input, &came, &end).await;
        }
    }

    /// After this failure, with each undoing repeated, and each failed.
    async fn unwind(&mut self, definition: &Definition, plan: &Plan, at: &str, input: &Payload, usual: &str) {
        for step in definition.steps.iter().filter(|step| step.undo.is_some()) {
            let part = Part { workflow: definition.name.clone(), step: step.name.clone(), undo: true };
            let at = format!("the undoing of {} after the failure of {at}", step.name);
            let repeated = Plan { crash: Crash::LoseEnd(part.clone()), ..plan.clone() };
            if let Some((came, end)) = self.trial(Law::RepeatEachUndo, &at, repeated, input).await {
                self.compare(Law::RepeatEachUndo, &at, &end, usual);
                self.clean(Law::RepeatEachUndo, &at, &came);
                if !came.struck {
                    // It is not undone after this failure, so it cannot fail to be.
                    continue;
                }
                let mut failed = plan.clone();
                failed.fail.push(part);
                self.stick(&at, failed, input).await;
            }
        }
    }

    /// With an undoing that fails for good, the task is stuck.
    async fn stick(&mut self, at: &str, plan: Plan, input: &Payload) {
        let law = Law::FailEachUndo;
        self.trials += 1;
        match (self.ground)().run(plan, input.clone()).await {
            Ok(came) => {
                if came.stuck.is_empty() {
                    self.object(law, at, "the task is not stuck, although what it did stays".to_owned());
                }
                came.seen.wrong.iter().for_each(|wrong| self.object(law, at, wrong.clone()));
            }
            Err(error) => self.object(law, at, error_chain(&error)),
        }
    }

    /// Whether everything began in its turn, and the tasks that ended did so with nothing left to do.
    fn clean(&mut self, law: Law, at: &str, came: &Came) {
        came.seen.wrong.iter().for_each(|wrong| self.object(law, at, wrong.clone()));
        for (place, end) in &came.seen.ends {
            let completed = matches!(end.kind, TaskEndKind::Completed(_));
            let definition = came.definitions.iter().find(|definition| came.is_of(place, &definition.name));
            // Of a child that was cancelled with its parent, the records do not say so.
            let wrong = definition
                .filter(|_| !matches!(end.kind, TaskEndKind::Cancelled(_)))
                .and_then(|definition| came.seen.ends(place, definition).may_end(completed));
            if let Some((_, what)) = wrong {
                self.object(law, at, format!("{place} ends {what}"));
            }
        }
    }

    /// Killed after each commit of a trial with this plan, which usually comes to this.
    async fn crash(&mut self, plan: &Plan, after: &str, input: &Payload, usual: &Came, usual_end: &str) {
        for count in 1..=MOST_CRASHES {
            let (law, at) = (Law::CrashAfterEachRecord, format!("commit {count}{after}"));
            let plan = Plan { crash: Crash::After(count), ..plan.clone() };
            let Some((came, end)) = self.trial(law, &at, plan, input).await else {
                // It hangs, and may so after every later commit: one is enough.
                return;
            };
            self.compare(law, &at, &end, usual_end);
            self.clean(law, &at, &came);
            let keys: BTreeSet<_> =
                usual.seen.checkpoints.keys().chain(came.seen.checkpoints.keys()).collect();
            for key @ (place, step) in keys {
                let expected = usual.seen.checkpoints.get(key).copied().unwrap_or(0).min(1);
                let found = came.seen.checkpoints.get(key).copied().unwrap_or(0);
                if found != expected {
                    let what =
                        format!("step {step} of {place} has {found} checkpoints instead of {expected}");
                    self.object(law, &at, what);
                }
            }
            if !came.struck {
                return;
            }
        }
    }

    /// Runs a trial; nothing when it came to no end, which is a violation.
    async fn trial(&mut self, law: Law, at: &str, plan: Plan, input: &Payload) -> Option<(Came, String)> {
        self.trials += 1;
        match (self.ground)().run(plan, input.clone()).await {
            Ok(came) => {
                let end = came.end.as_ref().map(|end| came.seen.end(end));
                if end.is_none() {
                    let left: Vec<String> = came.stuck.iter().map(ToString::to_string).collect();
                    let what = if left.is_empty() {
                        "the task hangs".to_owned()
                    } else {
                        format!("the task is stuck with {} left to do", left.join(", "))
                    };
                    self.object(law, at, what);
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
