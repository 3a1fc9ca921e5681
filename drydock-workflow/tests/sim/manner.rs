//! What the bodies of steps do before they give their output.

use std::time::Duration;

use drydock_workflow::testing::Random;
use drydock_workflow::{Outcome, StepContext, StepError, StepResult};

/// What a step does before it gives its output.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    AtOnce,
    Works(u64),
    Waits {
        turns: u32,
        each: u64,
    },
    FailsFirst(u32),
    /// Fails for good, until an operator has it tried again.
    FailsUntilRetried,
    Fails,
}

impl Manner {
    pub(crate) fn random(random: &mut Random) -> Self {
        match random.below(40) {
            0..=13 => Self::AtOnce,
            14..=21 => Self::Works(random.between(1, 1_500)),
            // Longer than a lease.
            22 | 23 => Self::Works(random.between(3_000, 9_000)),
            24..=29 => {
                let turns = u32::try_from(random.between(1, 3)).unwrap();
                Self::Waits { turns, each: random.between(10, 2_000) }
            }
            30..=36 => Self::FailsFirst(u32::try_from(random.between(1, 2)).unwrap()),
            37 | 38 => Self::FailsUntilRetried,
            _ => Self::Fails,
        }
    }

    /// One that comes to its end in the end, if an operator helps.
    pub(crate) fn of_undoing(random: &mut Random) -> Self {
        match Self::random(random) {
            Self::Fails => Self::FailsUntilRetried,
            other => other,
        }
    }

    /// One that ends, and asks for nothing.
    pub(crate) fn of_irreversible(random: &mut Random) -> Self {
        match Self::random(random) {
            working @ (Self::AtOnce | Self::Works(_)) => working,
            _ => Self::Works(400),
        }
    }
}

/// Works in its manner, and gives the sum of its inputs and of `salt`.
pub(crate) async fn act(ctx: StepContext, manner: Manner, salt: u64, sum: u64) -> StepResult<u64> {
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
        Manner::FailsUntilRetried => {
            if ctx.attempt() == 1 {
                return Err(StepError::permanent("not without an operator"));
            }
        }
        Manner::Fails => return Err(StepError::permanent("never")),
        Manner::AtOnce => {}
    }
    Ok(Outcome::Done(salt + sum))
}
