//! Steps of special shapes, and what they give.

use drydock_workflow::testing::Random;
use drydock_workflow::{ChildOutcome, ChildResult, Gate, Outcome, StepContext, StepError, Workflow, step_fn};

use crate::dags::{Added, Sketch, retry, undone};
use crate::guards::limited;
use crate::manner::{Manner, act};

/// A list, a child for each of its items, and the sum of what they give.
pub(crate) fn fan_out(
    sketch: &mut Sketch,
    name: &str,
    leaf: &Workflow<u64, u64>,
    random: &mut Random,
) -> Added {
    let (from, value) = sketch.pick(random);
    let count = random.below(4);
    let list =
        step_fn(move |_, n: u64| async move { Ok(Outcome::Done(vec![n; usize::try_from(count).unwrap()])) });
    let list = sketch.builder.step(&format!("{name}-list"), list).run(&from);
    let children = sketch.builder.children(&format!("{name}-children"), leaf).run(&list);
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
    (sketch.builder.step(name, sum).run(&children), count * (value + 2))
}

/// A list, a step for each of its items, perhaps few at once, and the sum of what they give.
pub(crate) fn map(sketch: &mut Sketch, name: &str, random: &mut Random) -> Added {
    let (from, value) = sketch.pick(random);
    let (count, manner) = (random.below(5), Manner::random(random));
    let list =
        step_fn(move |_, n: u64| async move { Ok(Outcome::Done(vec![n; usize::try_from(count).unwrap()])) });
    let list = sketch.builder.step(&format!("{name}-list"), list).run(&from);
    let undoes = sketch.undoes;
    let body = step_fn(move |ctx, n: u64| act(ctx, manner, 3, n));
    let items = sketch.builder.map(&format!("{name}-items"), body).retry(retry());
    let items = if random.chance(50) { items.at_once(2) } else { items };
    let items = undone(limited(items, random), undoes, random).run(&list);
    let sum = step_fn(|_, all: Vec<u64>| async move { Ok(Outcome::Done(all.into_iter().sum())) });
    (sketch.builder.step(name, sum).run(&items), count * (value + 3))
}

/// A step that runs on a condition, and one that takes what came of it.
pub(crate) fn conditional(sketch: &mut Sketch, name: &str, random: &mut Random) -> Added {
    let (from, value) = sketch.pick(random);
    let (manner, opens, undoes) = (Manner::random(random), random.chance(50), sketch.undoes);
    let gate = step_fn(move |_, _: u64| async move {
        Ok(Outcome::Done(if opens { Gate::Open } else { Gate::closed("not this time") }))
    });
    let gate = sketch.builder.step(&format!("{name}-gate"), gate).run(&from);
    let body = step_fn(move |ctx, n: u64| act(ctx, manner, 5, n));
    let perhaps = sketch.builder.step(&format!("{name}-perhaps"), body).retry(retry());
    let perhaps = undone(perhaps, undoes, random).when(&gate).run(&from);
    let body = step_fn(|_, n: Option<u64>| async move { Ok(Outcome::Done(n.unwrap_or(1))) });
    (sketch.builder.step(name, body).run(&perhaps), if opens { value + 5 } else { 1 })
}

/// A step that waits for a signal, and gives the number that it brings.
pub(crate) fn signalled(sketch: &mut Sketch, name: &str, random: &mut Random) -> Added {
    let (from, value) = sketch.pick(random);
    let (brings, undoes) = (random.between(1, 50), sketch.undoes);
    // All wait for the same name, and each gets one: what they give together is known.
    let each = |signal: &'static str| {
        step_fn(move |ctx: StepContext, n: u64| async move {
            Ok(match ctx.signal() {
                Some(signal) => Outcome::Done(n + signal.payload.decode::<u64>().unwrap_or(0)),
                None => Outcome::signal(signal, "a number is to come"),
            })
        })
    };
    let left = sketch.builder.step(&format!("{name}-left"), each("number")).retry(retry());
    let left = undone(limited(left, random), undoes, random).run(&from);
    let right = sketch.builder.step(&format!("{name}-right"), each("number")).run(&from);
    // Every signal of a task brings the same number, so it is no matter who takes which.
    let brings = sketch.signals.first().map_or(brings, |(_, brings)| *brings);
    sketch.signals.extend([("number".to_owned(), brings), ("number".to_owned(), brings)]);
    let sum = step_fn(|_, (a, b): (u64, u64)| async move { Ok(Outcome::Done(a + b)) });
    (sketch.builder.step(name, sum).run((&left, &right)), 2 * (value + brings))
}

/// A step that must never run twice.
pub(crate) fn irreversible(sketch: &mut Sketch, name: &str, random: &mut Random) -> Added {
    let (from, value) = sketch.pick(random);
    let (manner, undoes) = (Manner::of_irreversible(random), sketch.undoes);
    let body = step_fn(move |ctx, n: u64| act(ctx, manner, 7, n));
    let step = sketch.builder.step(name, body).irreversible();
    (undone(limited(step, random), undoes, random).run(&from), value + 7)
}
