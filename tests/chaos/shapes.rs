//! Tasks that listen to the world outside, or keep others away.

use std::time::Duration;

use drydock::core::RetryPolicy;
use drydock::workflow::{
    BuildErrors, Outcome, StepContext, StepError, Undo, Workflow, WorkflowBuilder, step_fn,
};

use crate::ledger::Ledger;
use crate::workflows::works;

/// The signal for which tasks wait, how many of it each, and what it says.
pub(crate) const SIGNAL: &str = "number";
pub(crate) const SIGNALS: usize = 2;
pub(crate) const SIGNAL_SAYS: u64 = 10;

/// How effects under a lock are called: the lock's name follows.
pub(crate) const LOCK: &str = "lock:";

/// So many locks there are: few, so that tasks meet.
const LOCKS: u64 = 8;

/// Two steps that wait for a signal each, of one name.
pub(crate) fn signalled(ledger: &Ledger) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("signalled", 1);
    let input = builder.input();
    let waits = || {
        let ledger = ledger.clone();
        step_fn(move |ctx: StepContext, n: u64| {
            let ledger = ledger.clone();
            async move {
                let effect = ledger.begin(&ctx)?;
                let outcome = match ctx.signal() {
                    Some(signal) => {
                        ledger.took(&ctx, signal.id)?;
                        let says: u64 = signal
                            .payload
                            .decode()
                            .map_err(|error| StepError::permanent(error.to_string()))?;
                        Outcome::Done(n + says)
                    }
                    None => Outcome::signal(SIGNAL, "a number is to come"),
                };
                effect.end(&ledger)?;
                Ok(outcome)
            }
        })
    };
    let left = builder.step("left", waits()).run(&input);
    let right = builder.step("right", waits()).run(&input);
    let sum = step_fn(|_, (a, b): (u64, u64)| async move { Ok(Outcome::Done(a + b)) });
    let sum = builder.step("sum", sum).run((&left, &right));
    builder.output(&sum)
}

/// A step that is undone, children, a step that waits for long, and one that tidies up: time enough to be cancelled.
pub(crate) fn stoppable(
    ledger: &Ledger,
    leaf: &Workflow<u64, u64>,
) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("stoppable", 1);
    let input = builder.input();
    let undo = {
        let ledger = ledger.clone();
        step_fn(move |ctx: StepContext, _: Undo<u64, u64>| {
            let ledger = ledger.clone();
            async move {
                ledger.begin(&ctx)?.end(&ledger)?;
                Ok(Outcome::Done(()))
            }
        })
    };
    let first = builder.step("first", works(ledger, 40)).undo(undo).run(&input);
    let list = step_fn(|_, n: u64| async move { Ok(Outcome::Done(vec![n, n + 1])) });
    let list = builder.step("list", list).run(&first);
    let children = builder.children("children", leaf).run(&list);
    let slow = {
        let ledger = ledger.clone();
        step_fn(move |ctx: StepContext, n: u64| {
            let ledger = ledger.clone();
            async move {
                ledger.begin(&ctx)?.end(&ledger)?;
                if ctx.elapsed() < Duration::from_millis(1_500) {
                    return Ok(Outcome::wait(Duration::from_millis(300), "a while"));
                }
                Ok(Outcome::Done(n + 1))
            }
        })
    };
    let slow = builder.step("slow", slow).after(&children).run(&first);
    builder.finally("tidy", works(ledger, 10)).run(&input);
    builder.output(&slow)
}

/// A step that asks for a lock, and two that work under it.
pub(crate) fn locked(ledger: &Ledger) -> Result<Workflow<u64, u64>, BuildErrors> {
    let mut builder = WorkflowBuilder::<u64>::new("locked", 1);
    let input = builder.input();
    let lock = step_fn(|ctx: StepContext, n: u64| async move {
        Ok(if ctx.has_locks() {
            Outcome::Done(n)
        } else {
            Outcome::locks([format!("machine-{}", n % LOCKS)], "another task works there")
        })
    });
    let lock = builder.step("lock", lock).run(&input);
    let work = |millis: u64, after: u64| {
        let ledger = ledger.clone();
        step_fn(move |ctx: StepContext, n: u64| {
            let ledger = ledger.clone();
            async move {
                let effect = ledger.begin(&ctx)?;
                let under = ledger.begin_as(&ctx, &format!("{LOCK}machine-{}", (n - after) % LOCKS))?;
                tokio::time::sleep(Duration::from_millis(millis)).await;
                under.end(&ledger)?;
                effect.end(&ledger)?;
                Ok(Outcome::Done(n + 1))
            }
        })
    };
    let one = builder.step("one", work(30, 0)).retry(RetryPolicy::attempts(2)).run(&lock);
    let two = builder.step("two", work(60, 1)).limit("pool", 12).run(&one);
    builder.output(&two)
}
