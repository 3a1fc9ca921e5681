//! What the tasks do: shapes, each with an output that follows from its input.

use std::time::Duration;

use drydock::core::RetryPolicy;
use drydock::workflow::{
    BuildErrors, ChildOutcome, ChildResult, EngineBuilder, Outcome, StepContext, StepError, StepResult,
    Workflow, WorkflowBuilder, step_fn,
};

use crate::ledger::Ledger;
use crate::shapes::{self, SIGNAL_SAYS};

/// A kind of task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Linear,
    FanOut,
    Waits,
    Retries,
    Family,
    Signalled,
    Stoppable,
    Locked,
}

impl Shape {
    pub(crate) const ALL: [Self; 8] = [
        Self::Linear,
        Self::FanOut,
        Self::Waits,
        Self::Retries,
        Self::Family,
        Self::Signalled,
        Self::Stoppable,
        Self::Locked,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::FanOut => "fan-out",
            Self::Waits => "waits",
            Self::Retries => "retries",
            Self::Family => "family",
            Self::Signalled => "signalled",
            Self::Stoppable => "stoppable",
            Self::Locked => "locked",
        }
    }

    /// The output for an input.
    pub(crate) const fn output(self, n: u64) -> u64 {
        match self {
            Self::Linear => n + 4,
            Self::FanOut => 4 * (n + 1) + 4,
            Self::Waits | Self::Retries | Self::Stoppable | Self::Locked => n + 2,
            Self::Family => (n + 2) + (n + 3) + (n + 4),
            Self::Signalled => 2 * (n + SIGNAL_SAYS),
        }
    }
}

/// All workflows of a worker.
pub(crate) struct Workflows {
    leaf: Workflow<u64, u64>,
    shapes: Vec<(Shape, Workflow<u64, u64>)>,
}

impl Workflows {
    pub(crate) fn new(ledger: &Ledger) -> Result<Self, BuildErrors> {
        let leaf = leaf(ledger)?;
        let shapes = Shape::ALL
            .into_iter()
            .map(|shape| {
                let workflow = match shape {
                    Shape::Linear => linear(ledger),
                    Shape::FanOut => fan_out(ledger),
                    Shape::Waits => waits(ledger),
                    Shape::Retries => retries(ledger),
                    Shape::Family => family(ledger, &leaf),
                    Shape::Signalled => shapes::signalled(ledger),
                    Shape::Stoppable => shapes::stoppable(ledger, &leaf),
                    Shape::Locked => shapes::locked(ledger),
                };
                Ok((shape, workflow?))
            })
            .collect::<Result<_, BuildErrors>>()?;
        Ok(Self { leaf, shapes })
    }

    pub(crate) fn offer(&self, builder: EngineBuilder) -> EngineBuilder {
        let builder = builder.workflow(&self.leaf);
        self.shapes.iter().fold(builder, |builder, (_, workflow)| builder.workflow(workflow))
    }

    pub(crate) fn get(&self, shape: Shape) -> Option<&Workflow<u64, u64>> {
        self.shapes.iter().find(|(known, _)| *known == shape).map(|(_, workflow)| workflow)
    }
}

/// A step that works for so many milliseconds, leaves its effect in the ledger, and adds one.
pub(crate) fn works(
    ledger: &Ledger,
    millis: u64,
) -> impl drydock::workflow::Step<Input = u64, Output = u64> + use<> {
    let ledger = ledger.clone();
    step_fn(move |ctx: StepContext, n: u64| {
        let ledger = ledger.clone();
        async move {
            let effect = ledger.begin(&ctx)?;
            tokio::time::sleep(Duration::from_millis(millis)).await;
            effect.end(&ledger)?;
            Ok(Outcome::Done(n + 1))
        }
    })
}

fn linear(ledger: &Ledger) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("linear", 1);
    let mut last = builder.input();
    for (name, millis) in [("first", 0), ("second", 40), ("third", 5), ("fourth", 150)] {
        last = builder.step(name, works(ledger, millis)).run(&last);
    }
    builder.output(&last)
}

fn fan_out(ledger: &Ledger) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("fan-out", 1);
    let input = builder.input();
    let top = builder.step("top", works(ledger, 10)).run(&input);
    let [a, b, c, d] = [("a", 0), ("b", 30), ("c", 90), ("d", 200)]
        .map(|(name, millis)| builder.step(name, works(ledger, millis)).run(&top));
    let join =
        step_fn(|_, (a, b, c, d): (u64, u64, u64, u64)| async move { Ok(Outcome::Done(a + b + c + d)) });
    let join = builder.step("join", join).run((&a, &b, &c, &d));
    builder.output(&join)
}

fn waits(ledger: &Ledger) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("waits", 1);
    let input = builder.input();
    let asks = {
        let ledger = ledger.clone();
        step_fn(move |ctx: StepContext, n: u64| {
            let ledger = ledger.clone();
            async move {
                ledger.begin(&ctx)?.end(&ledger)?;
                if ctx.elapsed() < Duration::from_secs(1) {
                    return Ok(Outcome::wait(Duration::from_millis(400), "a second"));
                }
                Ok(Outcome::Done(n + 1))
            }
        })
    };
    let asks = builder.step("asks", asks).run(&input);
    let after = builder.step("after", works(ledger, 20)).run(&asks);
    builder.output(&after)
}

fn retries(ledger: &Ledger) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("retries", 1);
    let input = builder.input();
    let flaky = {
        let ledger = ledger.clone();
        step_fn(move |ctx: StepContext, n: u64| {
            let ledger = ledger.clone();
            async move {
                ledger.begin(&ctx)?.end(&ledger)?;
                if ctx.attempt() < 3 {
                    return Err(StepError::retryable("not yet"));
                }
                Ok(Outcome::Done(n + 1))
            }
        })
    };
    let policy = RetryPolicy::attempts(3).delays(Duration::from_millis(100), Duration::from_millis(500));
    let flaky = builder.step("flaky", flaky).retry(policy).run(&input);
    let after = builder.step("after", works(ledger, 20)).run(&flaky);
    builder.output(&after)
}

fn leaf(ledger: &Ledger) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("leaf", 1);
    let input = builder.input();
    let first = builder.step("first", works(ledger, 60)).run(&input);
    let second = builder.step("second", works(ledger, 0)).run(&first);
    builder.output(&second)
}

fn family(ledger: &Ledger, leaf: &Workflow<u64, u64>) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("family", 1);
    let input = builder.input();
    let list = {
        let ledger = ledger.clone();
        step_fn(move |ctx: StepContext, n: u64| {
            let ledger = ledger.clone();
            async move {
                ledger.begin(&ctx)?.end(&ledger)?;
                Ok(Outcome::Done(vec![n, n + 1, n + 2]))
            }
        })
    };
    let list = builder.step("list", list).run(&input);
    let children = builder.children("children", leaf).run(&list);
    let sum = step_fn(|_, ends: Vec<ChildResult<u64>>| async move { sum_of(ends) });
    let sum = builder.step("sum", sum).run(&children);
    builder.output(&sum)
}

fn sum_of(ends: Vec<ChildResult<u64>>) -> StepResult<u64> {
    let mut sum = 0;
    for end in ends {
        match end.end {
            ChildOutcome::Completed(n) => sum += n,
            other => return Err(StepError::permanent(format!("child {} ended so: {other:?}", end.index))),
        }
    }
    Ok(Outcome::Done(sum))
}
