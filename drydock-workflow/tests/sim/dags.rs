//! Random workflows whose outputs are known beforehand, of steps of every shape.

use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_store::MemoryStore;
use drydock_workflow::testing::Random;
use drydock_workflow::testing::sim::{Simulation, Workload};
use drydock_workflow::{Handle, Outcome, StepBuilder, StepContext, Undo, Workflow, WorkflowBuilder, step_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::guards::{self, limited};
use crate::manner::{Manner, act};
use crate::{rollouts, shapes};

/// Worlds with a few random tasks.
pub(crate) fn simulation() -> Simulation {
    Simulation::new(|| std::sync::Arc::new(MemoryStore::new()), workload)
}

pub(crate) fn workload(random: &mut Random) -> Workload {
    let mut workload = Workload::new();
    let (leaf, frail) = (leaf(), guards::frail());
    workload.workflow(&leaf);
    workload.workflow(&frail);
    for number in 0..random.between(1, 5) {
        let input = random.below(1_000);
        let mut sketch = Sketch::new(&format!("dag-{number}"), input, random);
        sketch.fill((&leaf, &frail), random);
        let (workflow, output, signals) = sketch.finish(random);
        workload.task(&workflow, input, Some(&output)).unwrap();
        if random.chance(30) {
            workload.priority(i16::try_from(random.between(1, 3)).unwrap() - 2);
        }
        for (name, says) in signals {
            workload.signal(&name, &says).unwrap();
        }
    }
    workload
}

fn leaf() -> Workflow<u64, u64> {
    let mut builder = WorkflowBuilder::<u64>::new("leaf", 1);
    let input = builder.input();
    let body = |manner| step_fn(move |ctx, n: u64| act(ctx, manner, 1, n));
    let works = builder.step("works", body(Manner::Works(300))).run(&input);
    let waits = builder.step("waits", body(Manner::Waits { turns: 1, each: 700 })).run(&works);
    builder.output(&waits).unwrap()
}

/// A step that was added: its handle, and what it will give.
pub(crate) type Added = (Handle<u64>, u64);

/// A workflow on its way.
pub(crate) struct Sketch {
    pub(crate) builder: WorkflowBuilder<u64>,
    pub(crate) added: Vec<Added>,
    /// The signals for which it waits, and what they say.
    pub(crate) signals: Vec<(String, u64)>,
    /// Whether its steps are undone.
    pub(crate) undoes: bool,
    /// Whether a step asks for locks.
    pub(crate) locks: bool,
}

impl Sketch {
    fn new(name: &str, input: u64, random: &mut Random) -> Self {
        let builder = WorkflowBuilder::<u64>::new(name, 1);
        let added = vec![(builder.input(), input)];
        Self { builder, added, signals: Vec::new(), undoes: random.chance(40), locks: false }
    }

    fn fill(&mut self, (leaf, frail): (&Workflow<u64, u64>, &Workflow<u64, u64>), random: &mut Random) {
        for number in 0..random.between(2, 12) {
            let name = format!("s{number}");
            let next = match random.below(50) {
                0..=3 => shapes::fan_out(self, &name, leaf, random),
                4..=6 => shapes::map(self, &name, random),
                7..=9 => shapes::conditional(self, &name, random),
                10..=12 => shapes::signalled(self, &name, random),
                13..=15 => shapes::irreversible(self, &name, random),
                16..=18 => rollouts::rollout(self, &name, frail, random),
                19..=23 if !self.locks => guards::locked(self, &name, random),
                _ => self.step(&name, random),
            };
            self.added.push(next);
        }
    }

    /// One of the values that are there.
    pub(crate) fn pick(&self, random: &mut Random) -> Added {
        random.pick(&self.added).unwrap().clone()
    }

    fn step(&mut self, name: &str, random: &mut Random) -> Added {
        let (manner, salt) = (Manner::random(random), random.below(100));
        let [first, second, third, (after, _)] = [(); 4].map(|()| self.pick(random));
        let undoes = self.undoes;
        match random.below(4) {
            0 => {
                let body = step_fn(move |ctx, (): ()| act(ctx, manner, salt, 0));
                let step = self.builder.step(name, body).retry(retry()).after(&after);
                (undone(limited(step, random), undoes, random).run(()), salt)
            }
            1 => {
                let body = step_fn(move |ctx, a: u64| act(ctx, manner, salt, a));
                let step = self.builder.step(name, body).retry(retry()).after(&after);
                (undone(limited(step, random), undoes, random).run(&first.0), salt + first.1)
            }
            2 => {
                let body = step_fn(move |ctx, (a, b): (u64, u64)| act(ctx, manner, salt, a + b));
                let step = self.builder.step(name, body).retry(retry());
                let handle = undone(limited(step, random), undoes, random).run((&first.0, &second.0));
                (handle, salt + first.1 + second.1)
            }
            _ => {
                let body = step_fn(move |ctx, (a, b, c): (u64, u64, u64)| act(ctx, manner, salt, a + b + c));
                let step = self.builder.step(name, body).retry(retry());
                let handle =
                    undone(limited(step, random), undoes, random).run((&first.0, &second.0, &third.0));
                (handle, salt + first.1 + second.1 + third.1)
            }
        }
    }

    fn finish(mut self, random: &mut Random) -> (Workflow<u64, u64>, u64, Vec<(String, u64)>) {
        if random.chance(40) {
            let manner = Manner::random(random);
            let body = step_fn(move |ctx, n: Option<u64>| act(ctx, manner, 0, n.unwrap_or(0)));
            let (of, _) = self.pick(random);
            let last = self.builder.finally("finally", body).retry(retry()).run(&of.maybe());
            if random.chance(50) {
                let body = step_fn(|_, n: u64| async move { Ok(Outcome::Done(n)) });
                self.builder.finally("finally-too", body).run(&last);
            }
        }
        let (output, value) = self.added.pop().unwrap();
        (self.builder.output(&output).unwrap(), value, self.signals)
    }
}

pub(crate) fn retry() -> RetryPolicy {
    RetryPolicy::attempts(3).delays(Duration::from_millis(50), Duration::from_secs(2))
}

/// The same step with an undoing, perhaps.
pub(crate) fn undone<'a, In, Takes, Gives>(
    step: StepBuilder<'a, In, u64, Takes, Gives>,
    undoes: bool,
    random: &mut Random,
) -> StepBuilder<'a, In, u64, Takes, Gives>
where
    In: Serialize + DeserializeOwned + Send + 'static,
{
    let manner = Manner::of_undoing(random);
    let act = move |ctx: StepContext| async move {
        Ok(match act(ctx, manner, 0, 0).await? {
            Outcome::Done(_) => Outcome::Done(()),
            Outcome::Wait(wait) => Outcome::Wait(wait),
        })
    };
    match random.below(3) {
        0 if undoes => step.undo_begun(step_fn(move |ctx, _: Undo<In, Option<u64>>| act(ctx))),
        1 if undoes => step.undo(step_fn(move |ctx, _: Undo<In, u64>| act(ctx))),
        _ => step,
    }
}
