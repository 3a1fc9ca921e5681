//! Steps that keep others away: by locks that their task holds to its end, and by limits on how many are under way.

use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_workflow::testing::Random;
use drydock_workflow::{Outcome, StepBuilder, StepContext, Workflow, WorkflowBuilder, step_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dags::{Added, Sketch, retry};
use crate::manner::{Manner, act};

/// The locks that tasks want: few, so that they meet.
const LOCKS: [&str; 3] = ["n0", "n1", "n2"];

/// The limits that steps keep to: names, and places.
const LIMITS: [(&str, u32); 3] = [("one", 1), ("two", 2), ("three", 3)];

/// A step that asks for locks, and gives what it is fed with. A task has at most one such step: who asks for more while it holds some
/// may wait for ever.
pub(crate) fn locked(sketch: &mut Sketch, name: &str, random: &mut Random) -> Added {
    let (from, value) = sketch.pick(random);
    sketch.locks = true;
    let first = *random.pick(&LOCKS).unwrap();
    let second = *random.pick(&LOCKS).unwrap();
    let names = if random.chance(40) { vec![first, second] } else { vec![first] };
    // Some do not wait for ever, and go on without.
    let patience = random.chance(20).then(|| Duration::from_millis(random.between(500, 6_000)));
    let body = step_fn(move |ctx: StepContext, n: u64| {
        let names = names.clone();
        async move {
            let tired = patience.is_some_and(|patience| ctx.elapsed() >= patience);
            if ctx.has_locks() || tired {
                return Ok(Outcome::Done(n));
            }
            let wait = Outcome::locks(names, "somebody else works there");
            Ok(if let Some(patience) = patience { wait.or_after(patience) } else { wait })
        }
    });
    (sketch.builder.step(name, body).retry(retry()).run(&from), value)
}

/// The same step under a limit, perhaps.
pub(crate) fn limited<'a, In, Out, Takes, Gives>(
    step: StepBuilder<'a, In, Out, Takes, Gives>,
    random: &mut Random,
) -> StepBuilder<'a, In, Out, Takes, Gives>
where
    In: DeserializeOwned + Send + 'static,
    Out: Serialize,
{
    if !random.chance(25) {
        return step;
    }
    let (name, places) = *random.pick(&LIMITS).unwrap();
    let step = step.limit(name, places);
    if random.chance(30) { step.limit("all", 4) } else { step }
}

/// A workflow of children that want one of two locks, work under it in two steps, and fail if their number says so.
pub(crate) fn frail() -> Workflow<u64, u64> {
    let mut builder = WorkflowBuilder::<u64>::new("frail", 1);
    let input = builder.input();
    let lock = step_fn(|ctx: StepContext, n: u64| async move {
        Ok(if ctx.has_locks() || n.is_multiple_of(2) {
            Outcome::Done(n)
        } else {
            Outcome::locks([format!("child-{}", n % 4)], "another child works there")
        })
    });
    let locked = builder.step("lock", lock).run(&input);
    let body = |manner| step_fn(move |ctx, n: u64| act(ctx, manner, 1, n));
    let works = builder.step("works", body(Manner::Works(200))).limit("frail", 2).run(&locked);
    let ends = step_fn(|ctx: StepContext, n: u64| async move {
        // Its number is one more by now.
        act(ctx, if fails(n - 1) { Manner::Fails } else { Manner::Works(100) }, 1, n).await
    });
    let ends = builder.step("ends", ends).retry(RetryPolicy::attempts(1)).run(&works);
    builder.output(&ends).unwrap()
}

/// Whether the child with this input fails.
pub(crate) const fn fails(n: u64) -> bool {
    n.is_multiple_of(3)
}
