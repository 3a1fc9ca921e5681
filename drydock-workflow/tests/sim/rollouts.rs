//! Children that start by a rollout: in waves, few at once, within a budget of failures.

use drydock_workflow::testing::Random;
use drydock_workflow::{ChildOutcome, ChildResult, Join, Outcome, Wave, Workflow, step_fn};

use crate::dags::{Added, Sketch};
use crate::guards::fails;

/// A list, a child for each of its items, of which some fail, and the sum of what the others give.
pub(crate) fn rollout(
    sketch: &mut Sketch,
    name: &str,
    frail: &Workflow<u64, u64>,
    random: &mut Random,
) -> Added {
    let (from, value) = sketch.pick(random);
    let count = random.between(2, 6);
    let list = step_fn(move |_, n: u64| async move { Ok(Outcome::Done((n..n + count).collect::<Vec<_>>())) });
    let list = sketch.builder.step(&format!("{name}-list"), list).run(&from);
    let failing = (value..value + count).filter(|n| fails(*n)).count();
    let children = sketch.builder.children(&format!("{name}-children"), frail);
    let children = match random.below(3) {
        0 => children,
        1 => children.waves([Wave::Count(1), Wave::Percent(40), Wave::Rest]),
        _ => children.waves([Wave::Count(2)]),
    };
    let children = if random.chance(60) {
        children.at_once(u32::try_from(random.between(1, 2)).unwrap())
    } else {
        children
    };
    let failing = u32::try_from(failing).unwrap();
    // Often as many as will fail, sometimes fewer: then the step fails.
    let few = random.chance(40) && failing > 0;
    let budget = if few { u32::try_from(random.below(u64::from(failing))).unwrap() } else { failing };
    let children = if random.chance(20) { children.join(Join::All) } else { children };
    let children = children.budget(budget).run(&list);
    let sum = step_fn(|_, ends: Vec<ChildResult<u64>>| async move {
        let completed = ends.iter().map(|it| match &it.end {
            ChildOutcome::Completed(n) => *n,
            _ => 0,
        });
        Ok(Outcome::Done(completed.sum()))
    });
    let gives = (value..value + count).filter(|n| !fails(*n)).map(|n| n + 2).sum();
    (sketch.builder.step(name, sum).run(&children), gives)
}
