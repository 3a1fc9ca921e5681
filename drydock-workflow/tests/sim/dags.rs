//! Random workflows whose outputs are known beforehand: steps that work, wait, fail for a while or for good, and have children.

use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_store::MemoryStore;
use drydock_workflow::testing::Random;
use drydock_workflow::testing::sim::{Simulation, Workload};
use drydock_workflow::{
    ChildOutcome, ChildResult, Handle, Outcome, StepContext, StepError, StepResult, Workflow,
    WorkflowBuilder, step_fn,
};

/// Worlds with a few random tasks.
pub(crate) fn simulation() -> Simulation {
    Simulation::new(|| std::sync::Arc::new(MemoryStore::new()), workload)
}

pub(crate) fn workload(random: &mut Random) -> Workload {
    let mut workload = Workload::new();
    let leaf = leaf();
    workload.workflow(&leaf);
    for number in 0..random.between(1, 5) {
        let input = random.below(1_000);
        let (workflow, output) = dag(&format!("dag-{number}"), input, &leaf, random);
        workload.task(&workflow, input, Some(&output)).unwrap();
    }
    workload
}

/// What a step does before it gives its output.
#[derive(Clone, Copy)]
enum Manner {
    AtOnce,
    Works(u64),
    Waits { turns: u32, each: u64 },
    FailsFirst(u32),
    Fails,
}

impl Manner {
    fn random(random: &mut Random) -> Self {
        match random.below(20) {
            0..=6 => Self::AtOnce,
            7..=10 => Self::Works(random.between(1, 1_500)),
            // Longer than a lease.
            11 => Self::Works(random.between(3_000, 9_000)),
            12..=14 => {
                let turns = u32::try_from(random.between(1, 3)).unwrap();
                Self::Waits { turns, each: random.between(10, 2_000) }
            }
            15..=18 => Self::FailsFirst(u32::try_from(random.between(1, 2)).unwrap()),
            _ => Self::Fails,
        }
    }
}

/// Works in its manner, and gives the sum of its inputs and of `salt`.
async fn act(ctx: StepContext, manner: Manner, salt: u64, sum: u64) -> StepResult<u64> {
    match manner {
        Manner::Works(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
        Manner::Waits { turns, each } => {
            if ctx.elapsed() < Duration::from_millis(each) * turns {
                ctx.say("waits");
                return Ok(Outcome::wait(Duration::from_millis(each), "its time"));
            }
        }
        Manner::FailsFirst(times) => {
            if ctx.attempt() <= times {
                return Err(StepError::retryable("not yet"));
            }
        }
        Manner::Fails => return Err(StepError::permanent("never")),
        Manner::AtOnce => {}
    }
    Ok(Outcome::Done(salt + sum))
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
type Added = (Handle<u64>, u64);

fn dag(name: &str, input: u64, leaf: &Workflow<u64, u64>, random: &mut Random) -> (Workflow<u64, u64>, u64) {
    let mut builder = WorkflowBuilder::<u64>::new(name, 1);
    let mut added: Vec<Added> = vec![(builder.input(), input)];
    let steps = random.between(2, 12);
    for number in 0..steps {
        let name = format!("s{number}");
        let next = if random.chance(8) {
            fan_out(&mut builder, &name, leaf, &added, random)
        } else {
            step(&mut builder, &name, &added, random)
        };
        added.push(next);
    }
    let (output, value) = added.pop().unwrap();
    (builder.output(&output).unwrap(), value)
}

fn step(builder: &mut WorkflowBuilder<u64>, name: &str, added: &[Added], random: &mut Random) -> Added {
    let (manner, salt) = (Manner::random(random), random.below(100));
    let retry = RetryPolicy::attempts(3).delays(Duration::from_millis(50), Duration::from_secs(2));
    let [first, second, third, (after, _)] = [(); 4].map(|()| random.pick(added).unwrap().clone());
    match random.below(4) {
        0 => {
            let body = step_fn(move |ctx, (): ()| act(ctx, manner, salt, 0));
            (builder.step(name, body).retry(retry).after(&after).run(()), salt)
        }
        1 => {
            let body = step_fn(move |ctx, a: u64| act(ctx, manner, salt, a));
            (builder.step(name, body).retry(retry).after(&after).run(&first.0), salt + first.1)
        }
        2 => {
            let body = step_fn(move |ctx, (a, b): (u64, u64)| act(ctx, manner, salt, a + b));
            (builder.step(name, body).retry(retry).run((&first.0, &second.0)), salt + first.1 + second.1)
        }
        _ => {
            let body = step_fn(move |ctx, (a, b, c): (u64, u64, u64)| act(ctx, manner, salt, a + b + c));
            let handle = builder.step(name, body).retry(retry).run((&first.0, &second.0, &third.0));
            (handle, salt + first.1 + second.1 + third.1)
        }
    }
}

/// A list, a child for each of its items, and the sum of what they give.
fn fan_out(
    builder: &mut WorkflowBuilder<u64>,
    name: &str,
    leaf: &Workflow<u64, u64>,
    added: &[Added],
    random: &mut Random,
) -> Added {
    let (from, value) = random.pick(added).unwrap().clone();
    let count = random.below(4);
    let list =
        step_fn(move |_, n: u64| async move { Ok(Outcome::Done(vec![n; usize::try_from(count).unwrap()])) });
    let list = builder.step(&format!("{name}-list"), list).run(&from);
    let children = builder.children(&format!("{name}-children"), leaf).run(&list);
    let sum = step_fn(|_, ends: Vec<ChildResult<u64>>| async move {
        let mut sum = 0;
        for end in ends {
            match end.end {
                ChildOutcome::Completed(n) => sum += n,
                other => return Err(StepError::permanent(format!("child {} ended as {other:?}", end.index))),
            }
        }
        Ok(Outcome::Done(sum))
    });
    (builder.step(name, sum).run(&children), count * (value + 2))
}
