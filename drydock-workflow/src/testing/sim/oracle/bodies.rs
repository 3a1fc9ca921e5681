//! The ledger of bodies: which run, on whose behalf, and whether they may.

use std::collections::BTreeSet;

use drydock_core::journal::{StepEnd, Write};

use super::{Body, Oracle, Rule};
use crate::context::StepContext;
use crate::testing::probe::BodyEnd;

impl Oracle {
    /// A body is about to run on an instance.
    pub(in super::super) fn body_begins(&mut self, instance: u32, ctx: &StepContext) {
        let (id, epoch) = ctx.fence();
        let step = ctx.key().to_string();
        self.tally.bodies += 1;
        let label = self.label(id);
        self.note(|| format!("i{instance} begins {step} of {label}, attempt {}", ctx.attempt()));
        let Some(task) = self.tasks.get(&id) else {
            return self
                .breach(Rule::Acknowledged, format!("{step} of {label} begins before its task is there"));
        };
        let done: BTreeSet<String> = task
            .accepted
            .iter()
            .filter_map(|write| match write {
                Write::StepEnded(_, it) if matches!(it.end, StepEnd::Done(_)) => Some(it.step.to_string()),
                _ => None,
            })
            .collect();
        let definition = self.workflows.get(&task.workflow);
        let own = definition.and_then(|it| it.steps.iter().find(|known| known.name.to_string() == step));
        let parents = own.map(|own| own.dependencies()).unwrap_or_default();
        let open: Vec<String> =
            parents.iter().map(ToString::to_string).filter(|parent| !done.contains(parent)).collect();
        let (ended, again) = (task.end.is_some(), done.contains(&step));
        let twice = task.bodies.iter().any(|body| body.step == step && body.epoch == epoch);
        if !open.is_empty() {
            let what = format!("{step} of {label} begins before the commit of {}", open.join(", "));
            self.breach(Rule::ParentsFirst, what);
        }
        if twice {
            self.breach(Rule::OneOwner, format!("{step} of {label} runs twice at once in epoch {epoch}"));
        }
        // What was on its way when the process was stopped runs on for a moment when it goes on: nobody can keep it from that.
        if !self.thawing {
            if ended {
                self.breach(Rule::AfterTheEnd, format!("{step} of {label} begins after the task's end"));
            }
            if again {
                self.breach(Rule::OneCheckpoint, format!("{step} of {label} begins after its own end"));
            }
            if !self.is_alive(epoch) {
                let what = format!("{step} of {label} begins on i{instance}, whose epoch {epoch} is retired");
                self.breach(Rule::LateBody, what);
            }
        }
        if let Some(task) = self.tasks.get_mut(&id) {
            task.bodies.push(Body { step, epoch, instance });
        }
    }

    /// A body has returned or was dropped.
    pub(in super::super) fn body_ends(&mut self, instance: u32, ctx: &StepContext, how: BodyEnd) {
        let (id, epoch) = ctx.fence();
        let step = ctx.key().to_string();
        let label = self.label(id);
        if !self.dying {
            let verb = if how == BodyEnd::Returned { "ends" } else { "drops" };
            self.note(|| format!("i{instance} {verb} {step} of {label}"));
        }
        if how == BodyEnd::Returned && !self.thawing && !self.is_alive(epoch) {
            let what = format!(
                "{step} of {label} went on to its end on i{instance}, whose epoch {epoch} is retired"
            );
            self.breach(Rule::LateBody, what);
        }
        if let Some(task) = self.tasks.get_mut(&id) {
            let same = |body: &Body| body.step == step && body.epoch == epoch && body.instance == instance;
            if let Some(place) = task.bodies.iter().position(same) {
                task.bodies.swap_remove(place);
            }
        }
    }
}
