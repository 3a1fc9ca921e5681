//! The ledger of bodies: which run, on whose behalf, and whether they may.

use drydock_core::journal::{Decider, WaitKind, Write};
use drydock_core::{Epoch, Fence, StepKey, StepName, TaskId};

use super::{Body, Oracle, Rule};
use crate::class::Class;
use crate::context::StepContext;
use crate::dag::StepDef;
use crate::testing::probe::BodyEnd;

impl Oracle {
    /// A body is about to run on an instance.
    pub(in super::super) fn body_begins(&mut self, instance: u32, ctx: &StepContext) {
        let (id, fence) = ctx.fence();
        let step = ctx.key().clone();
        self.tally.bodies += 1;
        let label = self.label(id);
        self.note(|| format!("i{instance} begins {step} of {label}, attempt {}", ctx.attempt()));
        let Some(task) = self.tasks.get(&id) else {
            return self
                .breach(Rule::Acknowledged, format!("{step} of {label} begins before its task is there"));
        };
        let Some(epoch) = task.given.get(&fence).copied() else {
            let what = format!("{step} of {label} begins with fence {fence}, which no claim gave");
            return self.breach(Rule::FenceGrows, what);
        };
        let ends = self.ends_of(task);
        let own = ends.as_ref().and_then(|ends| ends.step(step.name()));
        let parents = own.filter(|_| !step.is_undo()).map(StepDef::dependencies).unwrap_or_default();
        let open = |parent: &StepName| {
            ends.as_ref().is_some_and(|ends| ends.step(parent).is_some_and(|parent| !ends.ended_well(parent)))
        };
        // A finally step runs however its like ended.
        let finally = own.is_some_and(|own| own.finally);
        let open: Vec<&str> =
            parents.into_iter().filter(|parent| !finally && open(parent)).map(StepName::as_str).collect();
        let open = open.join(", ");
        let running: Vec<&StepKey> =
            task.bodies.iter().filter(|body| body.epoch == epoch).map(|body| &body.step).collect();
        let wrong = ends.as_ref().and_then(|ends| ends.may_begin(&step, task.cancelled, &running));
        let held = task.held_by == Some(epoch);
        let stolen = ctx.signal().is_some_and(|signal| {
            task.signals.get(&signal.id).is_none_or(|taken| taken.as_ref() != Some(&step))
        });
        let (ended, again) = (task.end.is_some(), task.ends.contains_key(&step));
        let twice = task.bodies.iter().any(|body| body.step == step && body.epoch == epoch);
        if !open.is_empty() {
            let what = format!("{step} of {label} begins before the commit of {open}");
            self.breach(Rule::ParentsFirst, what);
        }
        if stolen {
            self.breach(Rule::SignalOnce, format!("{step} of {label} has a signal that it did not take"));
        }
        self.begins_under_locks(id, &step, ctx.has_locks());
        self.begins_under_limits(epoch, id, &step);
        if ctx.class() == Class::Irreversible {
            self.irreversible_begins(id, &step, ctx.is_in_doubt());
        }
        if twice {
            self.breach(Rule::OneOwner, format!("{step} of {label} runs twice at once in epoch {epoch}"));
        }
        // What was on its way when the process was stopped runs on for a moment when it goes on: nobody can keep it from that.
        if !self.thawing {
            if let Some((rule, what)) = wrong {
                self.breach(rule, format!("in {label}, {what}"));
            }
            if held {
                self.breach(Rule::Held, format!("{step} of {label} begins although the task is paused"));
            }
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

    /// The body of an irreversible step begins; in doubt, it only looks what became of an earlier one.
    fn irreversible_begins(&mut self, id: TaskId, step: &StepKey, in_doubt: bool) {
        if in_doubt {
            self.tally.doubts += 1;
            return;
        }
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let allowed = task.accepted.iter().filter(|write| match write {
            Write::AttemptFailed(_, it) => {
                it.step == *step && matches!(it.failure.decided_by, Decider::Operator(_))
            }
            Write::StepWaits(_, it) => it.step == *step && it.kind != WaitKind::Operator,
            _ => false,
        });
        let allowed = 1 + allowed.count();
        let begun = task.irreversible.entry(step.clone()).or_default();
        *begun += 1;
        if *begun > allowed {
            let what = format!("{step} of {} begins for the {begun}. time, {allowed} may be", task.label);
            self.breach(Rule::IrreversibleOnce, what);
        }
    }

    /// The owner that a claim, or the start of the task, gave this fence.
    fn given(&self, task: TaskId, fence: Fence) -> Option<Epoch> {
        self.tasks.get(&task).and_then(|task| task.given.get(&fence).copied())
    }

    /// A body has returned or was dropped.
    pub(in super::super) fn body_ends(&mut self, instance: u32, ctx: &StepContext, how: BodyEnd) {
        let (id, fence) = ctx.fence();
        let step = ctx.key().clone();
        let label = self.label(id);
        // One that nobody was given was told of when the body began.
        let Some(epoch) = self.given(id, fence) else { return };
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
